//! Packets on their way. Pure.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use pushbench_protocol::{Direction, Timestamp};

/// Packets on their way, the earliest first, and those of one moment in the order in which they came.
/// Buffers are used again.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    heap: BinaryHeap<Reverse<(Timestamp, u64, usize)>>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    sequence: u64,
}

/// A packet on its way.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) direction: Direction,
    pub(crate) bytes: Vec<u8>,
    /// Whether it is TCP.
    pub(crate) is_tcp: bool,
    /// Whether it came after both ends of its connection had said their last byte.
    pub(crate) is_after_end: bool,
}

impl Waiting {
    /// Adds a packet that is due at a moment; `fill` writes it over what the buffer held before.
    pub(crate) fn push(&mut self, due: Timestamp, fill: impl FnOnce(&mut Slot)) {
        let place = self.free.pop().unwrap_or_else(|| {
            let (direction, bytes) = (Direction::Up, Vec::new());
            self.slots.push(Slot { direction, bytes, is_tcp: false, is_after_end: false });
            self.slots.len() - 1
        });
        fill(&mut self.slots[place]);
        self.heap.push(Reverse((due, self.sequence, place)));
        self.sequence += 1;
    }

    /// When the earliest is due; `None` without any.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((due, ..))| *due)
    }

    /// Hands the earliest on, if it is due by `now`; `None` if none is.
    pub(crate) fn pop<T>(
        &mut self,
        now: Timestamp,
        hand_on: impl FnOnce(Timestamp, &Slot) -> T,
    ) -> Option<T> {
        let Reverse((due, _, place)) =
            *self.heap.peek().filter(|Reverse((due, ..))| *due <= now)?;
        self.heap.pop();
        let handed = hand_on(due, &self.slots[place]);
        self.free.push(place);
        Some(handed)
    }

    /// Packets on their way.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_is_first_and_of_one_moment_the_first_that_came() {
        let at = Timestamp::from_nanos;
        let mut waiting = Waiting::default();
        for (due, byte) in [(20, 1), (10, 2), (20, 3), (10, 4)] {
            waiting.push(at(due), |slot| slot.bytes = vec![byte]);
        }
        assert_eq!(waiting.next_due(), Some(at(10)));
        assert!(waiting.pop(at(9), |_, _| ()).is_none(), "not due yet");
        let order: Vec<_> =
            std::iter::from_fn(|| waiting.pop(at(20), |_, slot| slot.bytes[0])).collect();
        assert_eq!(order, [2, 4, 1, 3]);
        assert_eq!(waiting.len(), 0);
    }
}
