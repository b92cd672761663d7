//! How fast a run goes: messages per second now, and how long it will take from here.

use std::time::Duration;

use pushbench_protocol::{Phase, Timestamp};

/// Time over which messages per second are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// Watches the trials of a run go by. Pure: every moment is told.
#[derive(Debug)]
pub struct Pace {
    trial_began: Timestamp,
    /// What the trials that are over were planned to take, and took.
    planned: Duration,
    took: Duration,
    /// Where the window began: moment and messages until then.
    window: Option<(Timestamp, u64)>,
    rate: Option<f64>,
}

impl Pace {
    /// Nothing has been played yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            trial_began: now,
            planned: Duration::ZERO,
            took: Duration::ZERO,
            window: None,
            rate: None,
        }
    }

    /// A trial begins.
    pub fn begin(&mut self, now: Timestamp) {
        self.trial_began = now;
        self.window = None;
        self.rate = None;
    }

    /// A trial that was planned to take so long is over.
    pub fn end(&mut self, now: Timestamp, planned: Duration) {
        self.planned += planned;
        self.took += now.since(self.trial_began);
    }

    /// Messages per second at this moment; `None` unless a window of the measure phase is over.
    pub fn rate(&mut self, now: Timestamp, phase: Phase, delivered: u64) -> Option<f64> {
        if phase != Phase::Measure {
            self.window = None;
            self.rate = None;
            return None;
        }
        let (from, before) = *self.window.get_or_insert((now, delivered));
        let passed = now.since(from);
        if passed >= WINDOW {
            self.rate = Some(delivered.saturating_sub(before) as f64 / passed.as_secs_f64());
            self.window = Some((now, delivered));
        }
        self.rate
    }

    /// How long it will take until all is over, from what this trial and those after it are
    /// planned to take and from how much longer than planned the others took.
    pub fn left(&self, now: Timestamp, planned: Duration, after: Duration) -> Duration {
        let slower = match self.planned.is_zero() {
            true => 1.0,
            false => self.took.as_secs_f64() / self.planned.as_secs_f64(),
        };
        let this = (planned.as_secs_f64() * slower) - now.since(self.trial_began).as_secs_f64();
        Duration::from_secs_f64(this.max(0.0) + after.as_secs_f64() * slower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_trial_takes_what_is_planned() {
        let mut pace = Pace::new(at(0));
        pace.begin(at(1_000));
        assert_eq!(pace.left(at(3_000), seconds(10), seconds(30)), seconds(38));
        assert_eq!(pace.left(at(99_000), seconds(10), seconds(30)), seconds(30), "never less");
    }

    #[test]
    fn later_trials_take_as_much_longer_as_those_before_did() {
        let mut pace = Pace::new(at(0));
        pace.end(at(12_000), seconds(10));
        pace.begin(at(12_000));
        assert_eq!(pace.left(at(12_000), seconds(10), seconds(20)), seconds(36));
    }

    #[test]
    fn messages_a_second_are_those_of_the_last_whole_window() {
        let mut pace = Pace::new(at(0));
        let mut rate = |millis, delivered| pace.rate(at(millis), Phase::Measure, delivered);
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(500, 400), None, "half a window");
        assert_eq!(rate(1_000, 1_000), Some(1_000.0));
        assert_eq!(rate(1_500, 9_000), Some(1_000.0), "stays until the next is over");
        assert_eq!(rate(3_000, 2_000), Some(500.0));
    }

    #[test]
    fn there_is_no_rate_outside_of_the_measure_phase() {
        let mut pace = Pace::new(at(0));
        pace.rate(at(0), Phase::Measure, 0);
        assert!(pace.rate(at(2_000), Phase::Measure, 10).is_some());
        assert_eq!(pace.rate(at(2_100), Phase::Drain, 10), None);
        assert_eq!(pace.rate(at(2_200), Phase::Measure, 10), None);
    }
}
