//! The host's monotonic clock, read in one place.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A point in time: nanoseconds of the host's `CLOCK_MONOTONIC`.
///
/// Comparable between processes of one host since its boot, and no further.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The timestamp that lies `nanos` nanoseconds after the clock's origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment and `duration` more, at most the end of the clock.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Reads the host's monotonic clock.
pub fn now() -> Timestamp {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).expect("the monotonic clock starts at boot, at zero");
    let nanos = u64::try_from(time.tv_nsec).expect("the kernel keeps nanoseconds in 0..1e9");
    Timestamp(seconds * 1_000_000_000 + nanos)
}

/// What tells the time: the host's monotonic clock, or one that a test moves.
///
/// Whatever waits or measures takes it as an argument.
#[derive(Clone, Copy, Debug)]
pub struct Clock(fn() -> Timestamp);

impl Clock {
    /// The host's monotonic clock.
    pub const HOST: Self = Self(now);

    /// A clock that this function reads. What it gives must never go back.
    pub const fn read_by(read: fn() -> Timestamp) -> Self {
        Self(read)
    }

    /// Reads the clock.
    pub fn now(self) -> Timestamp {
        (self.0)()
    }
}

/// CPU time the calling thread has used, user and system, since it started.
pub fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).expect("CPU time is not negative"),
        u32::try_from(time.tv_nsec).expect("the kernel keeps nanoseconds in 0..1e9"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_moment_is_since_an_earlier_one_and_not_the_reverse() {
        let early = Timestamp::from_nanos(5);
        let late = early.plus(Duration::from_nanos(7));
        assert_eq!(late.since(early), Duration::from_nanos(7));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
