//! What the measure phase has brought so far, for whoever watches a trial.

use std::ops::{Add, AddAssign};
use std::time::Duration;

use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_wire::Ledger;

/// Sums of the measure phase until now; they add up over workers and shards.
///
/// For people who watch: what came and is not yet booked is not in it, nor what no socket says
/// before its end (TLS, TCP and IP).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SoFar {
    /// The latencies of all deliveries together.
    pub latency_sum: Duration,
    /// How many deliveries have one.
    pub latency_count: u64,
    /// Bytes of both directions, in the order of [`ByteKind::ALL`].
    pub bytes: [u64; ByteKind::ALL.len()],
}

impl SoFar {
    /// What has brought nothing.
    pub const NOTHING: Self =
        Self { latency_sum: Duration::ZERO, latency_count: 0, bytes: [0; ByteKind::ALL.len()] };

    /// The mean latency; `None` before the first delivery.
    pub fn latency_mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.latency_count.max(1)).unwrap_or(u32::MAX);
        (self.latency_count > 0).then(|| self.latency_sum / count)
    }

    /// Bytes of a kind, both directions.
    pub fn bytes_of(&self, kind: ByteKind) -> u64 {
        self.bytes[kind as usize]
    }

    pub(crate) fn of(ledger: &Ledger, latency_sum: Duration, latency_count: u64) -> Self {
        let mut bytes = [0; ByteKind::ALL.len()];
        for direction in Direction::ALL {
            let kinds = ledger.kinds(Phase::Measure, *direction);
            for kind in ByteKind::ALL {
                bytes[*kind as usize] += kinds[*kind];
            }
        }
        Self { latency_sum, latency_count, bytes }
    }
}

impl AddAssign for SoFar {
    fn add_assign(&mut self, other: Self) {
        self.latency_sum = self.latency_sum.saturating_add(other.latency_sum);
        self.latency_count += other.latency_count;
        for (sum, more) in self.bytes.iter_mut().zip(other.bytes) {
            *sum += more;
        }
    }
}

impl Add for SoFar {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_workers_add_up_and_only_those_of_the_measure_phase_count() {
        let mut ledger = Ledger::default();
        ledger.book(Phase::Measure, Direction::Up, ByteKind::Header, 300);
        ledger.book(Phase::Measure, Direction::Down, ByteKind::Header, 40);
        ledger.book(Phase::Measure, Direction::Down, ByteKind::Payload, 20);
        ledger.book(Phase::WarmUp, Direction::Down, ByteKind::Payload, 7_000);
        let mut sum = SoFar::of(&ledger, Duration::from_millis(30), 2);
        sum += SoFar::of(&Ledger::default(), Duration::from_millis(60), 1);
        assert_eq!(sum.latency_mean(), Some(Duration::from_millis(30)));
        assert_eq!(sum.bytes_of(ByteKind::Header), 340);
        assert_eq!(sum.bytes.iter().sum::<u64>(), 360);
        assert_eq!(SoFar::default().latency_mean(), None, "unknown is not 0");
    }
}
