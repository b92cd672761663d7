//! When a client that lost its connection comes back. Pure: drawn from the seed, for each client by
//! itself.

use std::fmt;
use std::time::Duration;

use pushbench_protocol::format_duration;

use crate::random::{GOLDEN, Purpose, Random, fraction_of};

/// How long clients wait before they open another connection in place of one that was lost: a time
/// drawn evenly between two bounds, which are the same where there is no jitter.
///
/// Every wait is drawn anew, so that clients which failed together do not try again together. The
/// bounds do not grow from one attempt to the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reconnect {
    /// The shortest wait.
    pub least: Duration,
    /// The longest wait; at least `least`.
    pub most: Duration,
}

impl Reconnect {
    /// How long a client, counted from 0, waits before its `attempt`-th attempt of a trial with this
    /// seed, counted from 0: from `least` to `most`.
    pub fn wait(self, seed: u64, client: u32, attempt: u32) -> Duration {
        let span = self.most.saturating_sub(self.least).as_nanos();
        let seed = seed.wrapping_add(u64::from(attempt).wrapping_mul(GOLDEN));
        let mut random = Random::new(seed, Purpose::Reconnect, client);
        self.least + Duration::from_nanos(fraction_of(random.bits(), span + 1))
    }
}

/// As a scenario may write `after`: `1s`, or `0s..5s`.
impl fmt::Display for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.least))?;
        match self.least == self.most {
            true => Ok(()),
            false => write!(f, "..{}", format_duration(self.most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waits(reconnect: Reconnect, seed: u64, attempt: u32) -> Vec<Duration> {
        (0..1_000).map(|client| reconnect.wait(seed, client, attempt)).collect()
    }

    #[test]
    fn without_jitter_all_clients_come_back_together() {
        let fixed = Reconnect { least: SECOND, most: SECOND };
        assert!(waits(fixed, 1, 0).iter().all(|wait| *wait == SECOND));
        assert_eq!(fixed.to_string(), "1s");
    }

    #[test]
    fn with_jitter_each_tenth_of_the_range_has_about_a_tenth_of_the_clients() {
        let full = Reconnect { least: SECOND, most: 6 * SECOND };
        assert_eq!(full.to_string(), "1s..6s");
        let waits = waits(full, 7, 0);
        assert!(waits.iter().all(|wait| (full.least..=full.most).contains(wait)));
        for tenth in 0..10_u32 {
            let from = full.least + SECOND * tenth / 2;
            let count =
                waits.iter().filter(|wait| (from..from + SECOND / 2).contains(wait)).count();
            assert!((60..=140).contains(&count), "{tenth}: {count}");
        }
    }

    #[test]
    fn a_wait_is_of_its_seed_its_client_and_its_attempt() {
        let full = Reconnect { least: Duration::ZERO, most: 5 * SECOND };
        assert_eq!(waits(full, 7, 0), waits(full, 7, 0));
        assert_ne!(waits(full, 7, 0), waits(full, 8, 0));
        assert_ne!(waits(full, 7, 0), waits(full, 7, 1));
    }
}
