//! The connections that pass the link, as far as their ends are concerned. Pure.

use std::collections::HashMap;

use pushbench_protocol::Direction;

use crate::packet::Packet;

/// Connections by the ports of client and server.
#[derive(Debug, Default)]
pub(crate) struct Flows(HashMap<(u16, u16), Ends>);

/// Which ends of a connection have said their last byte.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    client: bool,
    server: bool,
}

impl Flows {
    /// Takes note of a packet; says whether it came after both ends had said their last byte.
    pub(crate) fn is_after_end(&mut self, direction: Direction, packet: &Packet) -> bool {
        let key = match direction {
            Direction::Up => (packet.source, packet.destination),
            Direction::Down => (packet.destination, packet.source),
        };
        let ends = self.0.entry(key).or_default();
        if packet.is_syn && direction == Direction::Up {
            // The port is used anew.
            *ends = Ends::default();
        }
        let is_after = ends.client && ends.server;
        let has_ended = packet.is_fin || packet.is_reset;
        match direction {
            Direction::Up => ends.client |= has_ended,
            Direction::Down => ends.server |= has_ended,
        }
        is_after
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
        .map(|(way, fin, syn)| flows.is_after_end(way, &packet(way, fin, syn)))
        .collect();
        assert_eq!(after, [false, false, false, false, false, false, true, false, false]);
        assert_eq!(flows.count(), 1);
    }
}
