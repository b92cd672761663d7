//! Bytes of one exchange, by kind.

mod connecting;
mod polls;
mod pushes;
#[cfg(test)]
mod tests;

use pushbench_protocol::{ByteKind, Direction};
use pushbench_wire::Kinds;
use pushbench_wire::segments::segments_for;

use crate::link::Link;

/// Bytes of one exchange by direction and kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Exchange {
    /// Client to server.
    pub up: Kinds,
    /// Server to client.
    pub down: Kinds,
}

impl Exchange {
    /// Bytes of one direction.
    pub fn kinds(&self, direction: Direction) -> &Kinds {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// Books what is below the stream for one write each way: records, and headers of segments.
    pub(crate) fn carry(&mut self, link: Link, up: u64, down: u64) {
        let (tls_up, tls_down) = (link.records(up), link.records(down));
        self.up[ByteKind::Tls] += tls_up;
        self.down[ByteKind::Tls] += tls_down;
        self.carry_segments(link, up + tls_up, down + tls_down);
    }

    /// Books bytes of TLS's own, one write each way.
    pub(crate) fn carry_tls(&mut self, link: Link, up: u64, down: u64) {
        self.up[ByteKind::Tls] += up;
        self.down[ByteKind::Tls] += down;
        self.carry_segments(link, up, down);
    }

    /// Books the headers of the segments that carry these bytes.
    fn carry_segments(&mut self, link: Link, up: u64, down: u64) {
        let data = link.headers.data_per_segment(link.mss);
        self.up[ByteKind::TcpIp] += segments_for(up, data) * link.headers.len();
        self.down[ByteKind::TcpIp] += segments_for(down, data) * link.headers.len();
    }
}

impl std::ops::AddAssign for Exchange {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.down += other.down;
    }
}
