//! What carries an exchange.

use pushbench_wire::record::overhead_of;
use pushbench_wire::segments::SegmentHeaders;

use crate::handshake::Handshake;

/// What carries an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// Headers of each segment.
    pub headers: SegmentHeaders,
    /// `TCP_MAXSEG` of both sides.
    pub mss: u16,
    /// Absent in clear text.
    pub tls: Option<TlsLink>,
}

/// TLS 1.3 on a link: each write leaves in records of its own, as few as hold it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TlsLink {
    /// What a connection begins with; absent where a server that is not ours decides it.
    pub handshake: Option<Handshake>,
}

impl Link {
    /// What TLS adds to one write.
    pub(crate) const fn records(self, bytes: u64) -> u64 {
        match self.tls {
            None => 0,
            Some(_) => overhead_of(bytes),
        }
    }
}
