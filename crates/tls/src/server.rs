//! The server's side.

use std::io;
use std::sync::Arc;

use pushbench_protocol::HttpVersion;
use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::engine::Engine;
use crate::protocol::id;
use crate::settings::{TICKETS, VERSIONS, provider};
use crate::{Identity, TlsStream};

/// Why a server cannot offer TLS.
#[derive(Debug, thiserror::Error)]
#[error("this certificate and key cannot be used: {0}")]
pub struct AcceptorError(rustls::Error);

impl From<rustls::Error> for AcceptorError {
    fn from(error: rustls::Error) -> Self {
        Self(error)
    }
}

/// Makes TLS streams of the connections that a server accepts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
}

impl Acceptor {
    /// A server that shows this identity and speaks these protocols, the preferred first.
    ///
    /// Sessions are resumed by tickets that hold all there is to know (RFC 5077's way), so that the
    /// server remembers nothing of clients that have gone, and a million of them cost it no memory.
    ///
    /// # Errors
    ///
    /// If the key is not the certificate's.
    pub fn new(identity: &Identity, protocols: &[HttpVersion]) -> Result<Self, AcceptorError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)?
            .with_no_client_auth()
            .with_single_cert(identity.chain().to_vec(), identity.key().clone_key())?;
        config.alpn_protocols = protocols.iter().map(|protocol| id(*protocol).to_vec()).collect();
        config.max_fragment_size = None;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = Ticketer::new()?;
        config.send_tls13_tickets = TICKETS;
        config.max_early_data_size = 0;
        config.send_half_rtt_data = false;
        Ok(Self { config: Arc::new(config) })
    }

    /// Shakes hands with a client, its tickets included. Has no deadline of its own.
    ///
    /// # Errors
    ///
    /// If the client speaks no TLS 1.3, offers nothing that fits, or leaves. It has been told why,
    /// unless the socket took nothing.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: S,
    ) -> io::Result<TlsStream<S>> {
        let engine = UnbufferedServerConnection::new(Arc::clone(&self.config));
        let engine = Engine::Server(engine.map_err(io::Error::other)?);
        TlsStream::shake_hands(io, engine, None).await
    }
}
