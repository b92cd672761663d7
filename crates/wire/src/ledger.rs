//! The codec's set of books: what each byte was for, by phase and direction.

use std::ops::{AddAssign, Index, IndexMut};

use pushbench_protocol::{ByteKind, Direction, Layer, Phase};

/// Bytes by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Kinds([u64; ByteKind::ALL.len()]);

impl Kinds {
    /// Sum of the kinds that a layer includes.
    pub fn layer(&self, layer: Layer) -> u64 {
        ByteKind::ALL.iter().filter(|kind| kind.is_in(layer)).map(|&kind| self[kind]).sum()
    }
}

impl Index<ByteKind> for Kinds {
    type Output = u64;

    fn index(&self, kind: ByteKind) -> &u64 {
        &self.0[kind as usize]
    }
}

impl IndexMut<ByteKind> for Kinds {
    fn index_mut(&mut self, kind: ByteKind) -> &mut u64 {
        &mut self.0[kind as usize]
    }
}

impl AddAssign for Kinds {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

/// Bytes by phase, direction and kind.
///
/// One for each worker, not for each connection: booking is an addition to memory that one thread
/// owns.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ledger([[Kinds; Direction::ALL.len()]; Phase::ALL.len()]);

impl Ledger {
    /// Books `bytes` of one kind.
    pub fn book(&mut self, phase: Phase, direction: Direction, kind: ByteKind, bytes: u64) {
        self.0[phase as usize][direction as usize][kind] += bytes;
    }

    /// Moves bytes from one kind to another, where what they were for is known only later; at most
    /// those that were booked under `from`.
    pub fn rebook(
        &mut self,
        phase: Phase,
        direction: Direction,
        from: ByteKind,
        to: ByteKind,
        bytes: u64,
    ) {
        let kinds = &mut self.0[phase as usize][direction as usize];
        let moved = bytes.min(kinds[from]);
        kinds[from] -= moved;
        kinds[to] += moved;
    }

    /// Bytes above TLS of one direction, all phases.
    pub fn stream_bytes(&self, direction: Direction) -> u64 {
        self.0.iter().map(|phase| phase[direction as usize].layer(Layer::Stream)).sum()
    }

    /// Moves bytes from one phase to another, where it is known only later to which they belong; at
    /// most those that were booked in the first.
    pub fn postpone(
        &mut self,
        (from, to): (Phase, Phase),
        direction: Direction,
        kind: ByteKind,
        bytes: u64,
    ) {
        let booked = &mut self.0[from as usize][direction as usize][kind];
        let moved = bytes.min(*booked);
        *booked -= moved;
        self.0[to as usize][direction as usize][kind] += moved;
    }

    /// Bytes of one phase and direction.
    pub fn kinds(&self, phase: Phase, direction: Direction) -> &Kinds {
        &self.0[phase as usize][direction as usize]
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        for (phase, more) in self.0.iter_mut().zip(other.0) {
            for (kinds, more) in phase.iter_mut().zip(more) {
                *kinds += more;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_holds_the_kinds_below_it_and_no_more() {
        let mut kinds = Kinds::default();
        for (place, &kind) in ByteKind::ALL.iter().enumerate() {
            kinds[kind] = 1 << place;
        }
        assert_eq!(kinds.layer(Layer::Stream), 0b00_1111_1111);
        assert_eq!(kinds.layer(Layer::Socket), 0b01_1111_1111);
        assert_eq!(kinds.layer(Layer::Wire), 0b11_1111_1111);
    }

    #[test]
    fn rebooking_keeps_the_sum() {
        let mut ledger = Ledger::default();
        ledger.book(Phase::Measure, Direction::Down, ByteKind::Payload, 30);
        ledger.rebook(Phase::Measure, Direction::Down, ByteKind::Payload, ByteKind::Repeat, 10);
        let kinds = ledger.kinds(Phase::Measure, Direction::Down);
        assert_eq!((kinds[ByteKind::Payload], kinds[ByteKind::Repeat]), (20, 10));
        assert_eq!(kinds.layer(Layer::Stream), 30);
    }
}
