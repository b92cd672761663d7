//! The server's own books, as `/stats` answers them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::transport::labelled;

labelled! {
    /// What a connection was first used for.
    ConnectionClass {
        /// Publishes messages over HTTP.
        Publish = "publish",
        /// Polls.
        ShortPoll = "short-poll",
        /// Polls, and lets its polls be held.
        LongPoll = "long-poll",
        /// Takes server-sent events.
        Sse = "sse",
        /// Takes a stream of lines.
        Stream = "stream",
        /// Was upgraded to a WebSocket.
        WebSocket = "websocket",
        /// `/stats`, `/metrics`, `/healthz`, `/`.
        Control = "control",
        /// Open, has shaken hands in TLS or told its settings in HTTP/2, and asked for nothing since. Once it asks or is closed, its
        /// bytes are those of another class.
        Silent = "silent",
        /// Is closed, and had shaken hands and asked for nothing: a client that came for a session
        /// to resume.
        HandshakeOnly = "handshake-only",
        /// Has asked for nothing known yet, or never did.
        Other = "other",
    }
}

impl ConnectionClass {
    /// Whether such a connection is a subscriber's: messages reach it, by polls or by push.
    pub const fn is_of_a_subscriber(self) -> bool {
        match self {
            Self::ShortPoll | Self::LongPoll | Self::Sse | Self::Stream | Self::WebSocket => true,
            Self::Publish | Self::Control | Self::Silent | Self::HandshakeOnly | Self::Other => {
                false
            }
        }
    }
}

/// Totals of one class since the server started, open connections included.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct ClassStats {
    /// Connections open now.
    pub open: u64,
    /// Connections ever accepted.
    pub accepted: u64,
    /// Bytes read from their sockets.
    pub received_bytes: u64,
    /// Bytes written to their sockets.
    pub sent_bytes: u64,
}

/// TLS handshakes since the server started.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct HandshakeStats {
    /// With a certificate.
    pub full: u64,
    /// Resuming an earlier session.
    pub resumed: u64,
    /// Not come to an end: no TLS 1.3, refused, too slow, or broken off.
    pub failed: u64,
}

/// What `/stats` answers.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct ServerStats {
    /// By class; the connection that asks is in `control`.
    pub connections: BTreeMap<ConnectionClass, ClassStats>,
    /// Messages taken from publishers.
    pub published: u64,
    /// Messages handed to subscribers' sockets or put in answers, repeats included.
    pub sent_messages: u64,
    /// Messages replaced by newer ones before they were pushed, where messages are conflated.
    #[serde(default)]
    pub superseded: u64,
    /// Messages dropped for slow subscribers, by policy.
    pub dropped: BTreeMap<crate::SlowPolicy, u64>,
    /// Subscribers ended by the `disconnect` policy.
    pub disconnected: u64,
    /// Requests refused or failed, by status code or close code.
    pub refused: BTreeMap<u16, u64>,
    /// TLS handshakes.
    #[serde(default)]
    pub handshakes: HandshakeStats,
}
