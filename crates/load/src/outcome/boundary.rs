//! The moments at which the books are compared, and what was found at them.

use pushbench_protocol::Phase;

use crate::witness::counted::Tally;

/// A quiet moment at which the books are compared.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Boundary {
    /// All clients are connected and nothing moves.
    Connected,
    /// The warm-up is over and nothing moves.
    WarmedUp,
    /// Each connection's last exchange of the measure phase is over. Every connection has its own
    /// moment: just before its first exchange of the drain.
    Measured,
    /// Everything due has arrived and nothing moves.
    Drained,
    /// All connections are closed.
    Closed,
}

impl Boundary {
    /// Every boundary, earliest first.
    pub const ALL: [Self; 5] =
        [Self::Connected, Self::WarmedUp, Self::Measured, Self::Drained, Self::Closed];

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::WarmedUp => "warmed up",
            Self::Measured => "measured",
            Self::Drained => "drained",
            Self::Closed => "closed",
        }
    }

    /// The phase that ends here.
    pub const fn closes(self) -> Phase {
        match self {
            Self::Connected => Phase::Connect,
            Self::WarmedUp => Phase::WarmUp,
            Self::Measured => Phase::Measure,
            Self::Drained => Phase::Drain,
            Self::Closed => Phase::Close,
        }
    }

    /// The phase that begins here.
    pub(crate) const fn opens(self) -> Phase {
        match self {
            Self::Connected => Phase::WarmUp,
            Self::WarmedUp => Phase::Measure,
            Self::Measured => Phase::Drain,
            Self::Drained | Self::Closed => Phase::Close,
        }
    }
}

/// What the server's sockets have carried for the clients of a trial.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServerSums {
    /// Bytes read.
    pub received: u64,
    /// Bytes written.
    pub sent: u64,
}

impl From<ServerSums> for Tally {
    fn from(sums: ServerSums) -> Self {
        Self::of_bytes(sums.received, sums.sent)
    }
}

/// What did not come to agree at a boundary, so that it is no end of a span of comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InFlight {
    /// Codec, sockets and kernel of the clients.
    Clients,
    /// The server's sockets with the clients'.
    Server,
}
