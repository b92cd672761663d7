//! Whether a thread of the load generator stood still: a steady tick on the thread that measures, and
//! the longest gap between two of them.
//!
//! A thread that is stopped for a moment (by the scheduler, the host, a signal) receives and sends
//! late, and no percentile of its lateness need show it. What it was kept from, it cannot see; that
//! it was kept, its clock shows. Pure: the time is an argument.

use std::time::Duration;

use pushbench_protocol::Timestamp;

/// Period of the tick.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The ticks of one thread, from the beginning of the measure phase on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hiccups {
    last: Timestamp,
    longest: Duration,
}

impl Hiccups {
    /// A tick that counts from `begin` on: a gap before it is none, and one across it is as long as
    /// the part behind it.
    pub(crate) fn since(begin: Timestamp) -> Self {
        Self { last: begin, longest: Duration::ZERO }
    }

    /// Takes a tick. One that comes sooner than a period after the last is welcome.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        let gap = now.since(self.last);
        self.longest = self.longest.max(gap.saturating_sub(TICK));
        self.last = self.last.max(now);
    }

    /// The longest gap between two ticks beyond their period.
    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(ticks: &[u64]) -> u64 {
        let millis = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
        let mut hiccups = Hiccups::since(millis(1_000));
        ticks.iter().for_each(|&tick| hiccups.tick(millis(tick)));
        hiccups.longest().as_millis() as u64
    }

    #[test]
    fn the_longest_gap_is_what_a_tick_was_late() {
        assert_eq!(longest(&[1_010, 1_020, 1_031, 1_040]), 1);
        assert_eq!(longest(&[1_010, 1_720, 1_730]), 700);
        assert_eq!(longest(&[1_010, 1_011, 1_012]), 0);
    }

    #[test]
    fn a_gap_before_the_beginning_is_none_and_one_across_it_is_cut() {
        assert_eq!(longest(&[100, 900, 1_005]), 0);
        assert_eq!(longest(&[100, 1_210]), 200);
    }
}
