//! When something is due. Pure: the time is an argument.

use std::time::Duration;

use pushbench_protocol::Timestamp;

/// Time between two ticks of the grid on which requests leave, as in the load generator.
const TICK: Duration = Duration::from_millis(1);

/// Events that are evenly spread, from their number alone: rounding never adds up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    start: Timestamp,
    /// Time of one turn.
    every: Duration,
    /// Events in a turn.
    of: u64,
}

impl Schedule {
    /// `of` events in each `every`, the first at `start`.
    pub(crate) const fn new(start: Timestamp, every: Duration, of: u32) -> Self {
        Self { start, every, of: of as u64 }
    }

    /// When event `n`, from 0, is due, rounded down to a nanosecond.
    pub(crate) fn due(&self, n: u64) -> Timestamp {
        let nanos = u128::from(n) * self.every.as_nanos() / u128::from(self.of);
        self.start.plus(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    /// Whose turn event `n` is, of `of`.
    pub(crate) const fn whose(&self, n: u64) -> usize {
        (n % self.of) as usize
    }
}

/// The ticks on which what has become due since the last one is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    start: Timestamp,
    next: Timestamp,
}

impl Grid {
    /// A grid whose first tick is `start`.
    pub(crate) const fn new(start: Timestamp) -> Self {
        Self { start, next: start }
    }

    /// The tick that is now, if there was none since the last; what was due until then is to be done.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Option<Timestamp> {
        if now < self.next {
            return None;
        }
        let ticks = now.since(self.start).as_nanos() / TICK.as_nanos();
        let at = |ticks: u128| {
            let nanos = ticks * TICK.as_nanos();
            self.start.plus(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
        };
        let (this, next) = (at(ticks), at(ticks + 1));
        self.next = next;
        Some(this)
    }

    /// The first tick that comes, and is not before `due`.
    pub(crate) fn at_or_after(&self, due: Timestamp) -> Timestamp {
        let ticks = due.since(self.start).as_nanos().div_ceil(TICK.as_nanos());
        let nanos = u64::try_from(ticks * TICK.as_nanos()).unwrap_or(u64::MAX);
        self.start.plus(Duration::from_nanos(nanos)).max(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_nanos(micros * 1_000)
    }

    #[test]
    fn turns_follow_one_another_without_drift() {
        let schedule = Schedule::new(at(7), Duration::from_secs(1), 3);
        assert_eq!(schedule.due(0), at(7));
        assert_eq!(schedule.due(3), at(1_000_007));
        assert_eq!(schedule.due(3_000_000), at(1_000_000_000_007));
        assert_eq!([0, 1, 2, 3].map(|n| schedule.whose(n)), [0, 1, 2, 0]);
    }

    #[test]
    fn a_tick_comes_once_and_those_that_were_missed_are_one() {
        let mut grid = Grid::new(at(500));
        assert_eq!(grid.tick(at(499)), None);
        assert_eq!(grid.tick(at(600)), Some(at(500)));
        assert_eq!(grid.tick(at(1_499)), None);
        assert_eq!(grid.tick(at(4_700)), Some(at(4_500)));
        assert_eq!(grid.at_or_after(at(4_600)), at(5_500));
        assert_eq!(grid.at_or_after(at(7_501)), at(8_500));
    }
}
