//! The client's side.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use pushbench_protocol::HttpVersion;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{
    ClientConfig, ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
    UnbufferedClientConnection, VerifierBuilderError, WebPkiServerVerifier,
};
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use rustls::{NamedGroup, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::engine::Engine;
use crate::failure::explained;
use crate::protocol::id;
use crate::settings::{VERSIONS, provider};
use crate::{Certificate, CertificateError, RecordTotals, TlsStream, Trusted};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// The server's name is no name.
    #[error("`{name}` is no name of a server: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: InvalidDnsNameError,
    },
    /// The certificate cannot be trusted.
    #[error("this certificate cannot be trusted: {0}")]
    Certificate(rustls::Error),
    /// What is to be trusted has no certificate that can be read.
    #[error(transparent)]
    Unreadable(#[from] CertificateError),
    /// The same, for another reason.
    #[error("this certificate cannot be trusted: {0}")]
    Verifier(VerifierBuilderError),
}

impl From<rustls::Error> for ConnectorError {
    fn from(error: rustls::Error) -> Self {
        Self::Certificate(error)
    }
}

impl From<VerifierBuilderError> for ConnectorError {
    fn from(error: VerifierBuilderError) -> Self {
        Self::Verifier(error)
    }
}

/// Makes TLS streams to one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    protocol: HttpVersion,
    /// Where the last ticket is kept, if sessions are to be resumed.
    memory: Option<Arc<LastTicket>>,
}

impl Connector {
    /// A client of the server called `name` (a DNS name or an address) that trusts exactly one
    /// certificate, speaks one protocol, and forgets every session.
    ///
    /// # Errors
    ///
    /// If the name is none, or the certificate cannot be read as one.
    pub fn new(
        trusted: &Certificate,
        name: &str,
        protocol: HttpVersion,
    ) -> Result<Self, ConnectorError> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.der().clone())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        Self::with(verifier.build()?, name, protocol)
    }

    /// The same client of a third-party server.
    ///
    /// # Errors
    ///
    /// As of [`Connector::new`].
    pub fn of_third_party(
        trusted: Trusted<'_>,
        name: &str,
        protocol: HttpVersion,
    ) -> Result<Self, ConnectorError> {
        Self::with(trusted.verifier(&provider())?, name, protocol)
    }

    fn with(
        verifier: Arc<dyn ServerCertVerifier>,
        name: &str,
        protocol: HttpVersion,
    ) -> Result<Self, ConnectorError> {
        let server = ServerName::try_from(name.to_owned())
            .map_err(|reason| ConnectorError::Name { name: name.to_owned(), reason })?;
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![id(protocol).to_vec()];
        config.resumption = Resumption::disabled();
        config.max_fragment_size = None;
        config.enable_sni = true;
        config.enable_early_data = false;
        Ok(Self { config: Arc::new(config), name: server, protocol, memory: None })
    }

    /// The same client with a memory of its own for one session: the next connection resumes the
    /// one before.
    pub fn with_memory(&self) -> Self {
        let memory = Arc::new(LastTicket::default());
        let mut config = (*self.config).clone();
        config.resumption = Resumption::store(Arc::clone(&memory) as Arc<dyn ClientSessionStore>);
        Self { config: Arc::new(config), memory: Some(memory), ..self.clone() }
    }

    /// Whether a ticket has come that the next connection can use.
    pub fn has_ticket(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.is_there())
    }

    /// Shakes hands with the server. `totals` is told of every record. Has no deadline of its own.
    ///
    /// # Errors
    ///
    /// If the server speaks no TLS 1.3, shows a certificate that is not trusted or one for another
    /// name, or leaves. The text says which, and what to do.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: S,
        totals: Option<Arc<RecordTotals>>,
    ) -> io::Result<TlsStream<S>> {
        let engine = UnbufferedClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let engine = Engine::Client(engine.map_err(io::Error::other)?);
        let stream = TlsStream::shake_hands(io, engine, totals).await;
        stream.map_err(|error| explained(error, self.protocol))
    }
}

/// The last ticket of one server; each is used once (RFC 8446, section C.4).
#[derive(Default)]
struct LastTicket(Mutex<Option<Tls13ClientSessionValue>>);

impl LastTicket {
    fn is_there(&self) -> bool {
        self.0.lock().expect("nothing panics while it holds a ticket").is_some()
    }
}

impl fmt::Debug for LastTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastTicket").field("is_there", &self.is_there()).finish()
    }
}

impl ClientSessionStore for LastTicket {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        *self.0.lock().expect("nothing panics while it holds a ticket") = Some(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.lock().expect("nothing panics while it holds a ticket").take()
    }
}
