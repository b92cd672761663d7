//! What every byte is booked as: its phase, its direction and its kind.

use crate::transport::labelled;
use serde::{Deserialize, Serialize};

labelled! {
    /// Part of a trial. Only messages due in [`Phase::Measure`] count for latency and loss.
    Phase {
        /// Connections are opened, ramped, and upgraded.
        Connect = "connect",
        /// The work runs, unmeasured.
        WarmUp = "warm-up",
        /// The work runs, measured.
        Measure = "measure",
        /// Nothing is published any more; what was due in the measure phase still arrives.
        Drain = "drain",
        /// Connections are closed.
        Close = "close",
    }
}

labelled! {
    /// Which way a byte went, seen from the client.
    Direction {
        /// Client to server.
        Up = "up",
        /// Server to client.
        Down = "down",
    }
}

labelled! {
    /// What a byte was for.
    ByteKind {
        /// Payload of a message new to this client.
        Payload = "payload",
        /// Payload that the client had already.
        Repeat = "repeat",
        /// HTTP headers as sent: start line, fields, empty line.
        Header = "header",
        /// What marks messages off: frame headers, masking keys, chunk sizes, field names of events,
        /// line ends between messages.
        Framing = "framing",
        /// What a server's own protocol puts around the payload inside a message: JSON, channel names,
        /// ids. Ours has none.
        Wrapping = "wrapping",
        /// Ping, pong, close, comments, notices; heartbeats and acknowledgements of a server's own
        /// protocol.
        Control = "control",
        /// The WebSocket upgrade, both heads, and what a server's own protocol says before the first
        /// message can come.
        Handshake = "handshake",
        /// What no rule of a third-party server's adapter explains.
        Unexplained = "unexplained",
        /// TLS records and handshake: bytes below TLS minus bytes above it.
        Tls = "tls",
        /// IP and TCP headers of every segment, acknowledgements and retransmitted bytes included.
        TcpIp = "tcp_ip",
    }
}

labelled! {
    /// A sum of kinds, named for the layer at which it is counted.
    Layer {
        /// Everything above TLS.
        Stream = "stream",
        /// Stream and TLS: what the socket carries.
        Socket = "socket",
        /// Socket and TCP/IP headers and retransmissions: layer 3.
        Wire = "wire",
    }
}

impl ByteKind {
    /// Whether only a third-party server can have it; of our own it is always 0, and not shown.
    pub const fn is_third_party(self) -> bool {
        match self {
            Self::Wrapping | Self::Unexplained => true,
            Self::Payload
            | Self::Repeat
            | Self::Header
            | Self::Framing
            | Self::Control
            | Self::Handshake
            | Self::Tls
            | Self::TcpIp => false,
        }
    }

    /// Whether a layer's sum includes this kind.
    pub const fn is_in(self, layer: Layer) -> bool {
        match self {
            Self::Payload
            | Self::Repeat
            | Self::Header
            | Self::Framing
            | Self::Wrapping
            | Self::Control
            | Self::Handshake
            | Self::Unexplained => true,
            Self::Tls => matches!(layer, Layer::Socket | Layer::Wire),
            Self::TcpIp => matches!(layer, Layer::Wire),
        }
    }
}
