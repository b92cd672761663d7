//! What one direction of a link does to each packet. Pure.

use std::time::Duration;

use pushbench_protocol::{PathShape, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It arrives at this moment.
    Due(Timestamp),
    /// It is lost at random.
    Lost,
    /// It finds the queue full.
    QueueFull,
}

/// One direction of a link.
#[derive(Debug)]
pub struct Path {
    shape: PathShape,
    draws: Pcg64,
    /// When the last of what waits for the rate will have been sent.
    free_at: Timestamp,
    /// When the packet before this one arrives.
    last_due: Timestamp,
}

impl Path {
    /// A path of this shape, on which nothing is under way. The same seed draws the same losses and
    /// the same jitter for packets in the same order.
    pub fn new(shape: PathShape, seed: u64) -> Self {
        Self {
            shape,
            draws: Pcg64::seed_from_u64(seed),
            free_at: Timestamp::default(),
            last_due: Timestamp::default(),
        }
    }

    /// What becomes of a packet of `len` bytes that comes at `at`, which is not before any earlier one.
    ///
    /// It waits until those before it have been sent at the rate, is sent, and takes the delay and its
    /// jitter; packets never overtake each other.
    pub fn offer(&mut self, at: Timestamp, len: u64) -> Fate {
        // Both are drawn for every packet, so that neither setting moves what the other draws.
        let loss: u32 = self.draws.random_range(0..1_000_000);
        let jitter: f64 = self.draws.random();
        if loss < self.shape.loss_ppm {
            return Fate::Lost;
        }
        let sent_at = match self.shape.rate {
            None => at,
            Some(rate) => {
                let begins_at = self.free_at.max(at);
                if bytes_sent_in(rate, begins_at.since(at)) + len > self.shape.queue {
                    return Fate::QueueFull;
                }
                self.free_at = begins_at.plus(time_to_send(rate, len));
                self.free_at
            }
        };
        let due = sent_at.plus(self.shape.delay + self.shape.jitter.mul_f64(jitter));
        self.last_due = self.last_due.max(due);
        Fate::Due(self.last_due)
    }
}

/// How long so many bytes take at so many bits per second.
fn time_to_send(rate: u64, bytes: u64) -> Duration {
    let nanos = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How many bytes are sent in a time at so many bits per second, rounded up.
fn bytes_sent_in(rate: u64, time: Duration) -> u64 {
    let bytes = (time.as_nanos() * u128::from(rate)).div_ceil(8_000_000_000);
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_nanos(micros * 1_000)
    }

    fn plain(delay: Duration) -> PathShape {
        PathShape { delay, ..PathShape::default() }
    }

    #[test]
    fn a_packet_takes_the_delay_and_nothing_else() {
        let mut path = Path::new(plain(20 * MS), 7);
        assert_eq!(path.offer(at(5), 1_500), Fate::Due(at(20_005)));
        assert_eq!(path.offer(at(5), 1_500), Fate::Due(at(20_005)), "without a rate none waits");
    }

    #[test]
    fn at_a_rate_packets_leave_one_after_the_other() {
        // 12,000 bits at 10 Mb/s take 1.2 ms.
        let shape = PathShape { rate: Some(10_000_000), queue: 15_000, ..plain(20 * MS) };
        let mut path = Path::new(shape, 7);
        assert_eq!(path.offer(at(0), 1_500), Fate::Due(at(21_200)));
        assert_eq!(path.offer(at(0), 1_500), Fate::Due(at(22_400)));
        assert_eq!(path.offer(at(10_000), 1_500), Fate::Due(at(31_200)), "the queue has run empty");
    }

    #[test]
    fn a_queue_holds_its_bytes_and_no_more() {
        let shape = PathShape { rate: Some(1_000_000), queue: 4_500, ..PathShape::default() };
        let mut path = Path::new(shape, 7);
        let fates: Vec<_> = (0..5).map(|_| path.offer(at(0), 1_500)).collect();
        let due = |packets: u64| Fate::Due(at(packets * 12_000));
        assert_eq!(fates, [due(1), due(2), due(3), Fate::QueueFull, Fate::QueueFull]);
        assert_eq!(path.offer(at(12_000), 1_500), due(4), "room for one after one has been sent");
    }

    #[test]
    fn so_many_are_lost_as_the_shape_says() {
        for (ppm, sigma) in [(10_000_u32, 31.5), (50_000, 68.9)] {
            let shape = PathShape { loss_ppm: ppm, ..PathShape::default() };
            let mut path = Path::new(shape, 42);
            let lost = (0..100_000).filter(|n| path.offer(at(*n), 100) == Fate::Lost).count();
            let expected = f64::from(ppm) / 10.0;
            assert!((lost as f64 - expected).abs() < 3.0 * sigma, "{lost} of {expected}");
        }
    }

    #[test]
    fn jitter_does_not_move_what_is_lost() {
        let lost = |jitter| {
            let shape = PathShape { jitter, loss_ppm: 100_000, ..PathShape::default() };
            let mut path = Path::new(shape, 3);
            (0..1_000).filter(|n| path.offer(at(*n), 100) == Fate::Lost).collect::<Vec<_>>()
        };
        assert_eq!(lost(Duration::ZERO), lost(5 * MS));
    }

    proptest! {
        #[test]
        fn packets_keep_their_order_and_none_is_early_or_faster_than_the_rate(
            seed: u64,
            delay in 0_u64..50_000,
            jitter in 0_u64..50_000,
            rate in prop::option::of(32_000_u64..1_000_000_000),
            queue in 1_500_u64..100_000,
            loss_ppm in 0_u32..500_000,
            packets in prop::collection::vec((0_u64..20_000, 20_u64..1_501), 1..200),
        ) {
            let shape = PathShape {
                delay: Duration::from_micros(delay),
                jitter: Duration::from_micros(jitter),
                rate, queue, loss_ppm,
            };
            let mut path = Path::new(shape, seed);
            let (mut now, mut last) = (at(1), at(0));
            // Bytes that have come through, and when the first of them could begin.
            let (mut passed, mut began) = (0, None);
            for (gap, len) in packets {
                now = now.plus(Duration::from_micros(gap));
                let Fate::Due(due) = path.offer(now, len) else { continue };
                prop_assert!(due >= last, "overtaken");
                prop_assert!(due >= now.plus(shape.delay), "early");
                let longest = rate.map_or(Duration::ZERO, |rate| time_to_send(rate, queue));
                // Rounding is of a nanosecond a packet.
                let bound = shape.delay + shape.jitter + longest + Duration::from_micros(1);
                prop_assert!(due <= now.plus(bound).max(last), "late");
                if let Some(rate) = rate {
                    let began = *began.get_or_insert(now);
                    passed += len;
                    let least = time_to_send(rate, passed).saturating_sub(Duration::from_micros(1));
                    prop_assert!(due >= began.plus(least), "faster than the rate");
                }
                last = due;
            }
        }
    }
}
