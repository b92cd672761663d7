//! The shard of a run that one machine plays by itself, at a time that all its machines were told.

use std::time::Duration;

use jiff::Timestamp as Moment;
use pushbench_protocol::{Timestamp, clock, format_duration};
use pushbench_scenario::{Shard, ShardError};
use pushbench_store::{TrialV2, wall_clock};

/// Longest wait for the beginning.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// The shard of a run that this machine plays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Which of how many.
    pub shard: Shard,
    /// When the clients of the first trial begin to connect, as it was written.
    pub begin_at: String,
    /// The same by this host's clock.
    pub begin: Timestamp,
}

/// Why there is no such part.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// Not a shard.
    #[error("--shard: {0}")]
    Shard(#[from] ShardError),
    /// Not a moment.
    #[error(
        "--begin-at is `{0}`, expected a time of day with its zone, as in 2026-11-22T14:30:00Z"
    )]
    NoMoment(String),
    /// A moment that is over, or too far.
    #[error("--begin-at is {0}, which is {1}: expected a moment within the next 24 hours")]
    Away(String, String),
}

impl Part {
    /// Reads both; the time of day is turned into this host's clock once.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or the moment is over.
    pub fn read(shard: &str, begin_at: &str) -> Result<Self, PartError> {
        let shard = shard.parse()?;
        let moment: Moment =
            begin_at.parse().map_err(|_| PartError::NoMoment(begin_at.to_owned()))?;
        let now = clock::now();
        let left = i128::from(moment.as_second()) * 1_000_000_000
            + i128::from(moment.subsec_nanosecond())
            - wall_clock::since_epoch().as_nanos() as i128;
        let left = match u64::try_from(left).map(Duration::from_nanos) {
            Ok(left) if left <= LONGEST => left,
            Ok(left) => {
                let away = format!("in {} hours", left.as_secs() / 3_600);
                return Err(PartError::Away(begin_at.to_owned(), away));
            }
            Err(_) => return Err(PartError::Away(begin_at.to_owned(), "over".to_owned())),
        };
        Ok(Self { shard, begin_at: moment.to_string(), begin: now.plus(left) })
    }

    /// What whoever waits for it has to know.
    pub fn announced(&self) -> String {
        let Self { shard, begin_at, begin } = self;
        let left = begin.since(clock::now()).as_secs();
        format!(
            "shard {shard} waits until its clients connect at {begin_at}, with those of all other \
             shards: in {}",
            format_duration(Duration::from_secs(left))
        )
    }

    /// Says in the record of a trial which part it is of what.
    pub(crate) fn put_on_record(&self, mut trial: TrialV2) -> TrialV2 {
        if let Some(shard) = &mut trial.shard {
            shard.begin_at = Some(self.begin_at.clone());
        }
        trial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_shard_no_moment_or_over_is_refused() {
        for (shard, begin_at, expected) in [
            ("3/2", "2999-01-01T00:00:00Z", "no shard"),
            ("1/2", "soon", "expected a time of day"),
            ("1/2", "2026-11-22T14:30:00", "expected a time of day"),
            ("1/2", "2001-01-01T00:00:00Z", "which is over"),
            ("1/2", "2999-01-01T00:00:00Z", "within the next 24 hours"),
        ] {
            let error = Part::read(shard, begin_at).expect_err(begin_at).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_moment_is_as_far_by_both_clocks() {
        let in_a_minute = wall_clock::since_epoch().as_secs() as i64 + 60;
        let moment = Moment::from_second(in_a_minute).expect("this century").to_string();
        let part = Part::read("2/5", &moment).expect("a shard and a moment");
        let left = part.begin.since(clock::now());
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50), "{left:?}");
    }
}
