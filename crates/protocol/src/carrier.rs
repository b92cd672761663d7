//! Versions of HTTP, and the table of what each is as a carrier of transports.
//!
//! What holds of a version whatever it carries is said here and nowhere else: the scenario's checks,
//! the runner and the reports ask the table. A new version is a variant, a row of
//! [`HttpVersion::properties`], a folder in `load/src/carrier`, and its bytes in `model`.

use serde::{Deserialize, Serialize};

use crate::transport::labelled;

labelled! {
    /// Version of HTTP that carries a transport.
    HttpVersion {
        /// HTTP/1.1 (RFC 9112).
        Http11 = "1.1",
        /// HTTP/2 (RFC 9113); a WebSocket over it by RFC 8441.
        Http2 = "2",
    }
}

/// What a version of HTTP is, whatever it carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Carrier {
    /// Its name in a sentence.
    pub name: &'static str,
    /// What a TLS handshake agrees on it by (ALPN, RFC 7301).
    pub alpn: &'static str,
    /// Whether an exchange is a stream of a connection, which clients may share; otherwise a connection
    /// carries one exchange at a time.
    pub shares_connections: bool,
    /// Whether headers are compressed against those that a connection has carried before, so that they
    /// travel as lists of fields.
    pub compresses_headers: bool,
    /// What the server responds where a WebSocket begins.
    pub begins_websocket: &'static str,
}

impl Default for HttpVersion {
    /// What carries a transport that names no version: the first of them.
    fn default() -> Self {
        Self::ALL[0]
    }
}

impl HttpVersion {
    /// Every version, the newest first: in that order a server prefers them.
    pub fn newest_first() -> Vec<Self> {
        Self::ALL.iter().rev().copied().collect()
    }

    /// The row of the table.
    pub const fn properties(self) -> Carrier {
        match self {
            Self::Http11 => Carrier {
                name: "HTTP/1.1",
                alpn: "http/1.1",
                shares_connections: false,
                compresses_headers: false,
                begins_websocket: "101 Switching Protocols",
            },
            Self::Http2 => Carrier {
                name: "HTTP/2",
                alpn: "h2",
                shares_connections: true,
                compresses_headers: true,
                begins_websocket: "200 (RFC 8441)",
            },
        }
    }
}
