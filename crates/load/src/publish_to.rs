//! Where a third-party server is published to, and what is new for each message.

use std::time::Duration;

use pushbench_protocol::Timestamp;
use pushbench_scenario::Trust;
use rand::RngExt;

/// Letters in a value of `${random}`: 26^16 of them, so that nobody has the same.
const LETTERS: usize = 16;

/// Where a third-party server is published to.
#[derive(Clone, Debug)]
pub struct PublishTo {
    /// The server's URL up to its path, as `https://example.org:8443`.
    pub origin: String,
    /// Whose certificate is trusted.
    pub trust: Trust,
    /// The calendar's time.
    pub calendar: Calendar,
}

/// The calendar's time, by the host's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    /// A moment.
    pub at: Timestamp,
    /// How long after the beginning of 1970 that was.
    pub since_1970: Duration,
}

impl Calendar {
    /// When it was so long after the beginning of 1970; the earliest that there is, if before that.
    pub(crate) fn moment(self, since_1970: Duration) -> Timestamp {
        match since_1970.checked_sub(self.since_1970) {
            Some(later) => self.at.plus(later),
            None => {
                let earlier = (self.since_1970 - since_1970).as_nanos();
                let earlier = u64::try_from(earlier).unwrap_or(u64::MAX);
                Timestamp::from_nanos(self.at.as_nanos().saturating_sub(earlier))
            }
        }
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(self, now: Timestamp) -> u64 {
        (self.since_1970 + now.since(self.at)).as_secs()
    }
}

/// What is new for each message.
pub(crate) fn of_now(calendar: Calendar, now: Timestamp) -> [(&'static str, String); 2] {
    let mut random = rand::rng();
    let letters = (0..LETTERS).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect();
    [("random", letters), ("now", calendar.seconds(now).to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_goes_on_with_the_clock_and_no_two_random_values_are_one() {
        let at = Timestamp::from_nanos(5_000_000_000);
        let calendar = Calendar { at, since_1970: Duration::from_millis(1_767_225_600_700) };
        for (later, seconds) in [(0, 1_767_225_600), (299, 1_767_225_600), (300, 1_767_225_601)] {
            let now = at.plus(Duration::from_millis(later));
            let [(_, one), (_, shown)] = of_now(calendar, now);
            assert_eq!(shown, seconds.to_string());
            assert_ne!(one, of_now(calendar, now)[0].1);
        }
        let since_1970 = calendar.since_1970;
        for (said, nanos) in [
            (since_1970, 5_000_000_000),
            (since_1970 + Duration::from_secs(2), 7_000_000_000),
            (since_1970 - Duration::from_secs(2), 3_000_000_000),
            (Duration::ZERO, 0),
        ] {
            assert_eq!(calendar.moment(said).as_nanos(), nanos, "{said:?}");
        }
    }
}
