//! A part of a trial's clients. Pure.
//!
//! Client numbers are of the whole trial in every part, so whatever follows from a client's number (its
//! topic, the phase of its polls, its source address) is the same however the clients are shared out.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::Workload;

/// Most shards of a trial.
pub const MOST_SHARDS: u32 = 64;

/// One of the parts that the clients of a trial are shared out to: every `of`-th group of clients from
/// `index` on. Clients that share a connection are a group; otherwise each is one.
///
/// Written as people count: `2/5` is the second of five.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Shard {
    index: u32,
    of: NonZeroU32,
}

/// Why a shard cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{found} is no shard, expected K/N with K from 1 to N and N up to {MOST_SHARDS}, as in 2/5"
)]
pub struct ShardError {
    found: String,
}

impl Shard {
    /// All clients.
    pub const WHOLE: Self = Self { index: 0, of: NonZeroU32::MIN };

    /// The part at `index`, from 0; `None` if there are not as many.
    pub fn new(index: u32, of: NonZeroU32) -> Option<Self> {
        (index < of.get()).then_some(Self { index, of })
    }

    /// All parts of so many.
    pub fn all(of: NonZeroU32) -> impl Iterator<Item = Self> {
        (0..of.get()).map(move |index| Self { index, of })
    }

    /// Its place among the parts, from 0.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many parts there are.
    pub const fn of(self) -> u32 {
        self.of.get()
    }

    /// Whether it is all there is.
    pub const fn is_whole(self) -> bool {
        self.of.get() == 1
    }

    /// Whether it is the part whose count stands for what all parts do alike: each message is due once
    /// in a trial, however many servers it is published to.
    pub const fn counts_messages(self) -> bool {
        self.index == 0
    }

    /// The part of it that one of its workers plays: a shard of a finer division.
    ///
    /// # Panics
    ///
    /// If there are not as many workers, or parts and workers come to more than 2^32.
    pub fn worker(self, worker: u32, workers: NonZeroU32) -> Self {
        let of = self.of.checked_mul(workers).expect("at most 64 shards of 256 workers");
        Self::new(self.index + self.of() * worker, of).expect("one of its workers")
    }

    /// Its groups among so many.
    pub const fn groups(self, groups: u32) -> u32 {
        groups.saturating_sub(self.index).div_ceil(self.of.get())
    }

    /// Numbers of its clients, where so many share a connection.
    pub fn clients(self, workload: &Workload, shared_by: NonZeroU32) -> impl Iterator<Item = u32> {
        let (clients, shared_by) = (workload.clients.get(), shared_by.get());
        let groups = (self.index..clients.div_ceil(shared_by)).step_by(self.of() as usize);
        groups.flat_map(move |group| group * shared_by..((group + 1) * shared_by).min(clients))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let refused = || ShardError { found: format!("`{text}`") };
        let (number, of) = text.split_once('/').ok_or_else(refused)?;
        let number: NonZeroU32 = number.parse().map_err(|_| refused())?;
        let of: NonZeroU32 = of.parse().map_err(|_| refused())?;
        if of.get() > MOST_SHARDS {
            return Err(refused());
        }
        Self::new(number.get() - 1, of).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::{Source, read};

    fn workload(clients: u32) -> Workload {
        let text = format!(
            "question = \"Who plays whom?\"\n[workload]\nclients = {clients}\n\
             publish = {{ every = \"1s\" }}\npayload = {{ bytes = 20 }}\n\
             [[transport]]\nkind = \"websocket\"\n"
        );
        let no_file = |_: &Path| Err(std::io::Error::other("no file"));
        let (path, read_file) = (Path::new("split.toml"), &no_file);
        read(&Source { path, text: &text, overrides: &[], only: &[], read_file })
            .unwrap_or_else(|refused| panic!("{refused}"))
            .workload
    }

    proptest! {
        #[test]
        fn shards_and_their_workers_are_the_whole(
            clients in 1_u32..2_000,
            of in 1_u32..=MOST_SHARDS,
            workers in 1_u32..=5,
            shared_by in 1_u32..=7,
        ) {
            let workload = workload(clients);
            let [of, workers, shared_by] =
                [of, workers, shared_by].map(|count| NonZeroU32::new(count).expect("from 1 on"));
            let mut all = Vec::new();
            for shard in Shard::all(of) {
                let mut own: Vec<_> = shard.clients(&workload, shared_by).collect();
                let by_workers = (0..workers.get())
                    .flat_map(|worker| shard.worker(worker, workers).clients(&workload, shared_by));
                let mut by_workers: Vec<_> = by_workers.collect();
                let groups: std::collections::BTreeSet<_> =
                    own.iter().map(|client| *client / shared_by).collect();
                prop_assert_eq!(
                    groups.len() as u32,
                    shard.groups(clients.div_ceil(shared_by.get()))
                );
                own.sort_unstable();
                by_workers.sort_unstable();
                prop_assert_eq!(&own, &by_workers);
                all.extend(own);
            }
            all.sort_unstable();
            prop_assert_eq!(all, (0..clients).collect::<Vec<_>>());
            prop_assert_eq!(Shard::all(of).filter(|shard| shard.counts_messages()).count(), 1);
        }
    }

    #[test]
    fn a_shard_is_written_as_people_count() {
        for shard in Shard::all(NonZeroU32::new(5).expect("five")) {
            assert_eq!(shard.to_string().parse(), Ok(shard));
        }
        assert_eq!("2/5".parse::<Shard>().map(|shard| (shard.index(), shard.of())), Ok((1, 5)));
        for refused in ["", "2", "0/5", "6/5", "1/0", "1/65", "2/5/1", "-1/5", "two/5"] {
            assert!(refused.parse::<Shard>().is_err(), "{refused}");
        }
    }
}
