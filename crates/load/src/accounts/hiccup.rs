//! Whether a thread of the load generator stood still: a steady tick on the thread that measures, and
//! the longest gap between two of them.
//!
//! A thread that is stopped for a moment (by the scheduler, the host, a signal) receives and sends
//! late, and no percentile of its lateness need show it. What it was kept from, it cannot see; that
//! it was kept, its clock shows. Pure: the time is an argument.

use std::time::Duration;

use pushbench_protocol::Timestamp;

/// Period of a worker's tick, and with it how exactly its stalls are known: a stall shows as what of it
/// lies behind the tick that it kept, so as long as it was, or up to a period shorter.
///
/// Each tick is a wake-up that takes about 35 us of CPU time. With 25 ms a stall of more than 45 ms is
/// always over the 20 ms from which a trial is doubted, wherever it begins.
pub const TICK: Duration = Duration::from_millis(25);

/// Period of the publisher's tick while nothing is due. Its thread has nothing to do in between, and
/// when it wakes for a message it knows exactly how late that is.
pub(crate) const PUBLISHER_TICK: Duration = Duration::from_millis(100);

/// The ticks of one thread, from the beginning of the measure phase on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hiccups {
    period: Duration,
    last: Timestamp,
    longest: Duration,
}

impl Hiccups {
    /// A tick that counts from `begin` on: a gap before it is none, and one across it is as long as
    /// the part behind it.
    pub(crate) fn since(begin: Timestamp, period: Duration) -> Self {
        Self { period, last: begin, longest: Duration::ZERO }
    }

    /// Takes a tick. One that comes sooner than a period after the last is welcome.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        let gap = now.since(self.last);
        self.longest = self.longest.max(gap.saturating_sub(self.period));
        self.last = self.last.max(now);
    }

    /// Takes a wake-up that was to be at `wanted`: how late it is, is known exactly.
    pub(crate) fn wake(&mut self, wanted: Timestamp, now: Timestamp) {
        self.longest = self.longest.max(now.since(wanted.max(self.last)));
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
        let mut hiccups = Hiccups::since(millis(1_000), Duration::from_millis(10));
        ticks.iter().for_each(|&tick| hiccups.tick(millis(tick)));
        hiccups.longest().as_millis() as u64
    }

    #[test]
    fn the_longest_gap_is_what_a_tick_was_late() {
        assert_eq!(longest(&[1_010, 1_020, 1_031, 1_040]), 1);
        assert_eq!(longest(&[1_010, 1_720, 1_730]), 700);
        assert_eq!(longest(&[1_010, 1_011, 1_012]), 0);
    }

    /// What a steady tick makes of one stall that begins at `begin`, in milliseconds.
    fn of_stall(period: Duration, begin: u64, stall: u64) -> Duration {
        let period_ms = period.as_millis() as u64;
        let millis = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
        let mut hiccups = Hiccups::since(millis(0), period);
        let mut now = 0;
        while now < 5_000 {
            let due = now + period_ms;
            now = if (begin..begin + stall).contains(&due) { begin + stall } else { due };
            hiccups.tick(millis(now));
        }
        hiccups.longest()
    }

    #[test]
    fn a_stall_is_known_to_within_a_period_wherever_it_begins() {
        for period in [TICK, PUBLISHER_TICK] {
            for stall in [0, 10, 30, 46, 110, 150, 700, 2_000] {
                let whole = Duration::from_millis(stall);
                for begin in 1_000..1_200 {
                    let found = of_stall(period, begin, stall);
                    assert!(found <= whole, "{stall} ms from {begin} ms on: {found:?}");
                    assert!(found + period >= whole, "{stall} ms from {begin} ms on: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_late_wake_up_is_known_exactly_from_the_beginning_on() {
        let millis = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
        let mut hiccups = Hiccups::since(millis(1_000), PUBLISHER_TICK);
        for (wanted, now, expected) in [
            (900, 950, 0),
            (990, 1_010, 10),
            (1_050, 1_050, 10),
            (1_060, 1_045, 10),
            (1_090, 1_120, 30),
        ] {
            hiccups.wake(millis(wanted), millis(now));
            assert_eq!(hiccups.longest(), Duration::from_millis(expected), "{wanted} {now}");
        }
    }

    #[test]
    fn a_gap_before_the_beginning_is_none_and_one_across_it_is_cut() {
        assert_eq!(longest(&[100, 900, 1_005]), 0);
        assert_eq!(longest(&[100, 1_210]), 200);
    }
}
