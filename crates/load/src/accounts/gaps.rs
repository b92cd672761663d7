//! Time between one token and the next at each client. Pure: every time is an argument.
//!
//! It is what clients of language models measure, since they know of no other times. It says nothing of
//! how old a token is: of many that come at once all gaps but one are nothing.

use pushbench_protocol::Timestamp;
use pushbench_stats::Histogram;

/// Gaps over the clients of one worker.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// When each client got its newest token, if it has one.
    newest_at: Vec<Option<Timestamp>>,
    samples: Histogram,
}

impl Gaps {
    /// A client, by its place, has a token that is newer than all that it had; the gap before it counts
    /// if the token is one of the measured.
    pub(crate) fn take(&mut self, subscriber_id: usize, at: Timestamp, is_measured: bool) {
        if self.newest_at.len() <= subscriber_id {
            self.newest_at.resize(subscriber_id + 1, None);
        }
        let before = self.newest_at[subscriber_id].replace(at);
        if let Some(before) = before.filter(|_| is_measured) {
            self.samples.record(at.since(before));
        }
    }

    /// All of them.
    pub(crate) fn finish(self) -> Histogram {
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_batch_has_gaps_of_nothing_but_for_its_first_token() {
        let mut gaps = Gaps::default();
        let at = |ms: u64| Timestamp::from_nanos(ms * 1_000_000);
        // One before the measured part, then two batches of three a second apart; another client has its
        // first token, before which there is no gap.
        gaps.take(0, at(0), false);
        for ms in [1_000, 1_000, 1_000, 2_000, 2_000, 2_000] {
            gaps.take(0, at(ms), true);
        }
        gaps.take(3, at(2_000), true);
        let samples = gaps.finish();
        assert_eq!(samples.count(), 6);
        assert_eq!(samples.quantile(0.5), Some(Duration::ZERO));
        assert_eq!(samples.max(), Some(Duration::from_secs(1)));
    }
}
