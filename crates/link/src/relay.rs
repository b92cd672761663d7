//! The packets of both directions, from the device that they come from to the one that they go to:
//! when each leaves, and what is counted. Pure.

use pushbench_protocol::{Direction, LinkShape, Phase, Timestamp};

use crate::counts::PathCounts;
use crate::flows::{Flows, Standing};
use crate::packet::Packet;
use crate::shape::{Fate, Path};
use crate::waiting::Waiting;

/// A device did not take a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal;

/// Both directions of a link.
#[derive(Debug)]
pub struct Relay {
    /// In each direction, like the counts.
    paths: [Path; 2],
    mtu: u64,
    waiting: Waiting,
    flows: Flows,
    counts: [PathCounts; 2],
}

impl Relay {
    /// A link of this shape that nothing has passed yet.
    pub fn new(shape: &LinkShape, seed: u64) -> Self {
        Self {
            // Each direction draws by itself.
            paths: [
                Path::new(shape.up, seed.wrapping_mul(2)),
                Path::new(shape.down, seed.wrapping_mul(2).wrapping_add(1)),
            ],
            mtu: u64::from(shape.mtu),
            waiting: Waiting::default(),
            flows: Flows::default(),
            counts: <[PathCounts; 2]>::default(),
        }
    }

    /// A packet has come from the device at which this direction begins.
    pub fn enter(&mut self, direction: Direction, bytes: &[u8], at: Timestamp, phase: Phase) {
        let len = bytes.len() as u64;
        let packet = Packet::of(bytes);
        let standing = packet.map(|packet| self.flows.take(direction, &packet));
        let Standing { is_after_end, is_syn_again } = standing.unwrap_or_default();
        let counts = &mut self.counts[direction as usize];
        counts.over_mtu += u64::from(len > self.mtu);
        match &packet {
            Some(packet) => {
                counts.entered.add(len);
                counts.by_phase.entry(phase).or_default().add(len);
                // The first SYN has options that every connection has.
                if !packet.is_syn || is_syn_again {
                    counts.extra_options += packet.extra_options;
                }
                counts.data += packet.data;
                if is_after_end {
                    counts.after_end_entered.add(len);
                }
            }
            None => counts.other.add(len),
        }
        let is_tcp = packet.is_some();
        match self.paths[direction as usize].offer(at, len) {
            Fate::Due(due) => self.waiting.push(due, |slot| {
                slot.direction = direction;
                slot.bytes.clear();
                slot.bytes.extend_from_slice(bytes);
                (slot.is_tcp, slot.is_after_end) = (is_tcp, is_after_end);
            }),
            // What is not TCP is not on the books of loss.
            Fate::Lost if is_tcp => counts.lost.add(len),
            Fate::QueueFull if is_tcp => counts.queue_full.add(len),
            Fate::Lost | Fate::QueueFull => {}
        }
    }

    /// When the next packet leaves; `None` if none is on its way.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting.next_due()
    }

    /// Hands the next packet that is due by `now` to the device at which its direction ends, which says
    /// when it has taken it; false if none is due.
    pub fn leave(
        &mut self,
        now: Timestamp,
        phase: Phase,
        write: impl FnOnce(Direction, &[u8]) -> Result<Timestamp, Refusal>,
    ) -> bool {
        let counts = &mut self.counts;
        let left = self.waiting.pop(now, |due, slot| {
            let counts = &mut counts[slot.direction as usize];
            match write(slot.direction, &slot.bytes) {
                Ok(at) if slot.is_tcp => {
                    let len = slot.bytes.len() as u64;
                    counts.left.add(len);
                    if slot.is_after_end {
                        counts.after_end.add(len);
                    }
                    counts.lateness.entry(phase).or_default().record(at.since(due));
                }
                Ok(_) => {}
                Err(Refusal) => counts.refused += 1,
            }
        });
        left.is_some()
    }

    /// Packets on their way.
    pub fn under_way(&self) -> usize {
        self.waiting.len()
    }

    /// Connections that have passed, each pair of ports once.
    pub fn connections(&self) -> u64 {
        self.flows.count()
    }

    /// What has passed in a direction so far.
    pub fn counts(&self, direction: Direction) -> &PathCounts {
        &self.counts[direction as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use pushbench_protocol::PathShape;

    use super::*;
    use crate::packet::tests::segment;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_nanos(micros * 1_000)
    }

    fn shape(up: PathShape, down: PathShape) -> LinkShape {
        LinkShape { up, down, mtu: LinkShape::ETHERNET_MTU }
    }

    #[test]
    fn a_packet_leaves_when_it_is_due_and_how_late_is_known() {
        let far = PathShape { delay: Duration::from_millis(20), ..PathShape::default() };
        let mut relay = Relay::new(&shape(far, PathShape::default()), 1);
        let packet = segment((40_000, 80), 0x10, 12, 100);
        relay.enter(Direction::Up, &packet, at(0), Phase::Measure);
        relay.enter(Direction::Down, &segment((80, 40_000), 0x10, 12, 0), at(5), Phase::Measure);
        assert!(!relay.leave(at(4), Phase::Measure, |_, _| unreachable!("none is due")));
        let mut ways = Vec::new();
        while relay.leave(at(20_003), Phase::Measure, |way, bytes| {
            ways.push((way, bytes.len()));
            Ok(at(20_005))
        }) {}
        assert_eq!(ways, [(Direction::Down, 52), (Direction::Up, 152)]);
        let up = relay.counts(Direction::Up);
        assert_eq!((up.entered, up.left), (up.left, up.entered));
        assert_eq!(up.lateness[&Phase::Measure].max(), Some(Duration::from_micros(5)));
    }

    #[test]
    fn what_a_device_does_not_take_has_not_left() {
        let mut relay = Relay::new(&shape(PathShape::default(), PathShape::default()), 1);
        relay.enter(Direction::Up, &segment((1, 2), 0x10, 12, 0), at(0), Phase::Measure);
        assert!(relay.leave(at(0), Phase::Measure, |_, _| Err(Refusal)));
        let up = relay.counts(Direction::Up);
        assert_eq!((up.refused, up.left.packets, up.entered.packets), (1, 0, 1));
    }

    #[test]
    fn what_is_no_tcp_passes_and_is_counted_apart() {
        let mut relay = Relay::new(&shape(PathShape::default(), PathShape::default()), 1);
        let mut udp = segment((1, 2), 0, 0, 8);
        udp[9] = 17;
        relay.enter(Direction::Up, &udp, at(0), Phase::Measure);
        assert!(relay.leave(at(0), Phase::Measure, |_, _| Ok(at(0))));
        let up = relay.counts(Direction::Up);
        assert_eq!((up.other.packets, up.entered.packets, up.left.packets), (1, 0, 0));
    }

    #[test]
    fn options_of_a_syn_are_counted_where_it_comes_again() {
        let mut relay = Relay::new(&shape(PathShape::default(), PathShape::default()), 1);
        for expected in [0, 8, 16] {
            relay.enter(Direction::Up, &segment((1, 2), 0x02, 20, 0), at(0), Phase::Connect);
            assert_eq!(relay.counts(Direction::Up).extra_options, expected);
        }
    }

    #[test]
    fn a_packet_over_the_mtu_is_told() {
        let mut relay = Relay::new(&shape(PathShape::default(), PathShape::default()), 1);
        relay.enter(Direction::Up, &segment((1, 2), 0x10, 12, 1_448), at(0), Phase::Measure);
        relay.enter(Direction::Up, &segment((1, 2), 0x10, 12, 1_449), at(0), Phase::Measure);
        assert_eq!(relay.counts(Direction::Up).over_mtu, 1);
    }

    proptest! {
        #[test]
        fn every_packet_that_entered_has_left_or_was_dropped(
            seed: u64,
            loss_ppm in 0_u32..300_000,
            queue in 1_500_u64..20_000,
            packets in prop::collection::vec((any::<bool>(), 0_u64..3_000, 0_usize..1_449), 1..200),
        ) {
            let path = PathShape {
                delay: Duration::from_millis(3),
                rate: Some(5_000_000),
                queue,
                loss_ppm,
                ..PathShape::default()
            };
            let mut relay = Relay::new(&shape(path, path), seed);
            let mut now = at(0);
            for (is_up, gap, data) in packets {
                now = now.plus(Duration::from_micros(gap));
                let way = if is_up { Direction::Up } else { Direction::Down };
                relay.enter(way, &segment((1, 2), 0x10, 12, data), now, Phase::Measure);
                while relay.leave(now, Phase::Measure, |_, _| Ok(now)) {}
            }
            let end = now.plus(Duration::from_secs(60));
            while relay.leave(end, Phase::Drain, |_, _| Ok(end)) {}
            prop_assert_eq!(relay.under_way(), 0);
            for way in [Direction::Up, Direction::Down] {
                let of = relay.counts(way);
                let parts = [of.left, of.lost, of.queue_full];
                let packets: u64 = parts.iter().map(|part| part.packets).sum();
                let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
                prop_assert_eq!((packets, bytes), (of.entered.packets, of.entered.bytes));
            }
        }
    }
}
