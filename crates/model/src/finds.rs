//! What polls find: by the law of rates, or counted on the schedule of a trial.

use std::collections::BTreeMap;

use super::{MessageCounts, arrivals};

/// How often a client polls, and how many messages its polls find.
#[derive(Clone, Debug, PartialEq)]
pub struct Finds {
    /// Polls of a client a second.
    per_second: f64,
    /// Numbers of messages found, and the share of the polls that find so many; the shares sum to 1.
    shares: Vec<(u64, f64)>,
    /// Mean number found.
    mean: f64,
}

impl Finds {
    /// What polls find that come every `interval` seconds, of messages with this `rate` a second,
    /// which know nothing of them.
    pub fn by_law(interval: f64, rate: f64, poisson: bool) -> Self {
        let counts = MessageCounts { mean: rate * interval, poisson };
        Self { per_second: 1.0 / interval, shares: counts.counts(), mean: counts.mean }
    }

    /// What polls find that are held for `hold` seconds, of messages with this `rate` a second.
    pub fn held_by_law(rate: f64, poisson: bool, hold: f64) -> Self {
        let empties = match rate {
            0.0 => 1.0 / hold,
            rate => rate * arrivals::holds_without_message(rate, poisson, hold),
        };
        Self::held(rate, empties)
    }

    /// What polls find that are held: one message each, `rate` of them a second, or nothing, as many
    /// as there are holds that end without a message.
    pub fn held(rate: f64, empties: f64) -> Self {
        let polls = rate + empties;
        if polls == 0.0 {
            return Self { per_second: 0.0, shares: Vec::new(), mean: 0.0 };
        }
        Self {
            per_second: polls,
            shares: vec![(0, empties / polls), (1, rate / polls)],
            mean: rate / polls,
        }
    }

    /// What polls found on a schedule: how many polls found how many messages, and over how many
    /// clients times seconds.
    pub fn counted(found: &BTreeMap<u64, u64>, client_seconds: f64) -> Self {
        let polls = found.values().sum::<u64>() as f64;
        if polls == 0.0 {
            return Self { per_second: 0.0, shares: Vec::new(), mean: 0.0 };
        }
        let share = |(&count, &times): (&u64, &u64)| (count, times as f64 / polls);
        let shares: Vec<_> = found.iter().map(share).collect();
        let mean = shares.iter().map(|(count, share)| *count as f64 * share).sum();
        Self { per_second: polls / client_seconds, shares, mean }
    }

    /// Polls of a client a second.
    pub fn per_second(&self) -> f64 {
        self.per_second
    }

    /// Numbers of messages found, and the share of the polls that find so many.
    pub fn shares(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.shares.iter().copied().filter(|(_, share)| *share > 0.0)
    }

    /// Share of the polls that find nothing, in [0, 1].
    pub fn empty(&self) -> f64 {
        // The sum of nothing is -0.0.
        self.shares().filter(|(count, _)| *count == 0).map(|(_, share)| share).sum::<f64>() + 0.0
    }

    /// Messages that a client is sent a second: all that are found, or the newest of them.
    pub fn deliveries(&self, newest_only: bool) -> f64 {
        let found = if newest_only {
            // Where messages are rare, 1 less nearly 1 would lose its digits.
            self.shares().filter(|(count, _)| *count > 0).map(|(_, share)| share).sum()
        } else {
            self.mean
        };
        self.per_second * found
    }

    /// Share of the messages that a client is sent, if it is sent the newest only; `None` if there
    /// were none.
    pub fn versions_seen(&self) -> Option<f64> {
        (self.mean > 0.0).then(|| self.deliveries(true) / (self.per_second * self.mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_what_the_law_says_gives_what_the_law_gives() {
        let law = Finds::by_law(2.0, 0.25, false);
        let counted = Finds::counted(&BTreeMap::from([(0, 30), (1, 30)]), 120.0);
        assert_eq!((law.per_second(), counted.per_second()), (0.5, 0.5));
        assert_eq!((law.empty(), counted.empty()), (0.5, 0.5));
        assert_eq!((law.deliveries(true), counted.deliveries(false)), (0.25, 0.25));
        assert_eq!((law.versions_seen(), counted.versions_seen()), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn where_nothing_is_polled_or_published_nothing_is_found() {
        assert_eq!(Finds::held(0.0, 0.0).deliveries(false), 0.0);
        assert_eq!(Finds::by_law(1.0, 0.0, true).versions_seen(), None);
        assert_eq!(Finds::by_law(1.0, 0.0, false).empty(), 1.0);
    }

    #[test]
    fn deliveries_of_messages_far_rarer_than_polls_keep_their_digits() {
        for poisson in [false, true] {
            let rare = Finds::by_law(0.001, 1e-12, poisson);
            assert!((rare.deliveries(true) / 1e-12 - 1.0).abs() < 1e-9, "{rare:?}");
        }
    }
}
