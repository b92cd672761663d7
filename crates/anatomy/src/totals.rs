//! Bytes by kind, both directions.

use pushbench_protocol::{ByteKind, Direction};
use pushbench_wire::Kinds;
use serde::Serialize;

use crate::part::Passage;
use crate::segment::Segments;

/// Bytes of one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct KindTotal {
    /// What they were for.
    pub kind: ByteKind,
    /// Client to server.
    pub up: u64,
    /// Server to client.
    pub down: u64,
}

impl KindTotal {
    /// Both directions.
    pub fn both(self) -> u64 {
        self.up + self.down
    }
}

pub(crate) fn of(totals: &[KindTotal], kind: ByteKind) -> u64 {
    totals.iter().find(|total| total.kind == kind).map_or(0, |total| total.both())
}

/// Bytes of both directions by kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Both {
    pub(crate) up: Kinds,
    pub(crate) down: Kinds,
}

impl Both {
    pub(crate) fn add_exchange(&mut self, passages: &[Passage], segments: Segments) {
        self.add_passages(passages);
        self.up[ByteKind::TcpIp] += segments.header_bytes_up;
        self.down[ByteKind::TcpIp] += segments.header_bytes_down;
    }

    pub(crate) fn add_passages(&mut self, passages: &[Passage]) {
        for passage in passages {
            let kinds = match passage.direction {
                Direction::Up => &mut self.up,
                Direction::Down => &mut self.down,
            };
            for part in &passage.parts {
                kinds[part.kind] += part.len();
            }
        }
    }

    pub(crate) fn totals(&self) -> Vec<KindTotal> {
        let total = |kind| KindTotal { kind, up: self.up[kind], down: self.down[kind] };
        let all = ByteKind::ALL.iter().map(|&kind| total(kind));
        all.filter(|total| total.both() > 0).collect()
    }
}
