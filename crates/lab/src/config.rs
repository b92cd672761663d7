//! What a lab is told before it starts, and why it may not.

use std::io;
use std::net::SocketAddr;

use pushbench_protocol::{AllowedHosts, ResponseProfile};
use pushbench_server::{ServerError, TlsConfig};
use pushbench_tls::AcceptorError;

/// Settings of a lab.
#[derive(Clone, Debug)]
pub struct LabConfig {
    /// Where browsers find it; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The same over TLS, on a listener of its own.
    pub tls: Option<TlsConfig>,
    /// Whether it may listen beyond loopback, where everyone who reaches it may use it.
    pub open_to_others: bool,
    /// Names that requests may be for, beside those that this host has for itself.
    pub hosts: AllowedHosts,
    /// Maximum segment size of browsers' connections in bytes; `None` leaves it to the kernel.
    pub mss: Option<u16>,
    /// The head of the push server's responses.
    pub response: ResponseProfile,
}

/// Why a lab did not start.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Everyone who can reach the address could use it.
    #[error(
        "{address} is not a loopback address, and everyone who reaches it could use the lab and \
         publish; give --open-to-others, or listen on loopback"
    )]
    OpenToOthers {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The system refused the socket.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] AcceptorError),
    /// The push server behind it did not start.
    #[error("the push server did not start: {0}")]
    Server(ServerError),
}

impl From<ServerError> for LabError {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}
