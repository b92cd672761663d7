//! The line a server prints when it is ready.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::ServerDocument;

/// One JSON line on stdout, printed when the listener accepts connections and not before.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// Always `ready`.
    pub event: String,
    /// Where it listens; the port is the one the system chose if 0 was asked for.
    pub address: SocketAddr,
    /// Where it listens for TLS, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_address: Option<SocketAddr>,
    /// The certificate that it shows there, PEM: what a client has to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Process number, to sample its work.
    pub pid: u32,
    /// Version of the server.
    pub version: String,
    /// Everything that it was configured with, defaults included; a token is hidden.
    pub config: ServerDocument,
}
