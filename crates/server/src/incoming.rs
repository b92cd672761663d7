//! Where connections come from: the host's listening sockets, or whoever hands them in.

use std::future::pending;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::UnboundedReceiver;

/// A source of connections. What carries their bytes is its own affair.
pub trait Incoming: Send {
    /// A connection's bytes, both ways.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. Dropping the future loses none.
    fn next(&mut self) -> impl Future<Output = Arrival<Self::Stream>> + Send;
}

/// A connection that has just come.
#[derive(Debug)]
pub struct Arrival<S> {
    /// Its bytes.
    pub stream: S,
    /// Address of the listening socket that took it; absent where none did.
    pub listener: Option<IpAddr>,
    /// Whether it begins with a handshake of TLS.
    pub is_tls: bool,
}

/// Connections that are handed in, pipes in memory for one. Once nobody is left to hand one in, none
/// comes any more.
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Incoming
    for UnboundedReceiver<Arrival<S>>
{
    type Stream = S;

    async fn next(&mut self) -> Arrival<S> {
        match self.recv().await {
            Some(arrival) => arrival,
            None => pending().await,
        }
    }
}
