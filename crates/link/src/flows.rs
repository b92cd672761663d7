//! The connections that pass the link, as far as their first and last packets are concerned. Pure.

use std::collections::HashMap;

use pushbench_protocol::Direction;

use crate::packet::Packet;

/// Connections by the ports of client and server.
#[derive(Debug, Default)]
pub(crate) struct Flows(HashMap<(u16, u16), [End; 2]>);

/// One direction of a connection.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// Whether its SYN has passed.
    has_begun: bool,
    /// Whether it has said its last byte.
    has_ended: bool,
}

/// What a packet is in its connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Standing {
    /// Whether it came after both ends had said their last byte.
    pub(crate) is_after_end: bool,
    /// Whether it is a SYN that was sent before: over a link whose round trip is longer than the first
    /// timeout, one second (RFC 6298, section 2), each is.
    pub(crate) is_syn_again: bool,
}

impl Flows {
    /// Takes note of a packet; says what it is in its connection.
    pub(crate) fn take(&mut self, direction: Direction, packet: &Packet) -> Standing {
        let key = match direction {
            Direction::Up => (packet.source, packet.destination),
            Direction::Down => (packet.destination, packet.source),
        };
        let ends = self.0.entry(key).or_default();
        let is_open = ends.iter().all(|end| !end.has_ended);
        let is_syn_again = packet.is_syn && ends[direction as usize].has_begun && is_open;
        if packet.is_syn && direction == Direction::Up && !is_syn_again {
            // The port is used anew.
            *ends = <[End; 2]>::default();
        }
        let is_after_end = ends.iter().all(|end| end.has_ended);
        let own = &mut ends[direction as usize];
        own.has_begun |= packet.is_syn;
        own.has_ended |= packet.is_fin || packet.is_reset;
        Standing { is_after_end, is_syn_again }
    }

    /// Connections seen, each pair of ports once.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(direction: Direction, is_fin: bool, is_syn: bool) -> Packet {
        let (source, destination) = match direction {
            Direction::Up => (40_000, 80),
            Direction::Down => (80, 40_000),
        };
        Packet { source, destination, data: 0, extra_options: 0, is_fin, is_syn, is_reset: false }
    }

    #[test]
    fn the_last_acknowledgement_is_after_the_end_and_a_new_connection_is_not() {
        use Direction::{Down, Up};
        let mut flows = Flows::default();
        let after: Vec<_> = [
            (Up, false, true),
            (Down, false, true),
            (Up, false, false),
            // The server ends, the client acknowledges and ends, the server acknowledges.
            (Down, true, false),
            (Up, false, false),
            (Up, true, false),
            (Down, false, false),
            (Up, false, true),
            (Down, false, true),
        ]
        .into_iter()
        .map(|(way, fin, syn)| flows.take(way, &packet(way, fin, syn)).is_after_end)
        .collect();
        assert_eq!(after, [false, false, false, false, false, false, true, false, false]);
        assert_eq!(flows.count(), 1);
    }

    #[test]
    fn a_syn_that_comes_again_is_told_from_that_of_a_new_connection() {
        use Direction::{Down, Up};
        let mut flows = Flows::default();
        let again: Vec<_> = [
            (Up, false, true),
            (Down, false, true),
            // Each end has waited for a second.
            (Up, false, true),
            (Down, false, true),
            (Up, true, false),
            (Down, true, false),
            (Up, false, true),
            (Down, false, true),
        ]
        .into_iter()
        .map(|(way, fin, syn)| flows.take(way, &packet(way, fin, syn)).is_syn_again)
        .collect();
        assert_eq!(again, [false, false, true, true, false, false, false, false]);
    }
}
