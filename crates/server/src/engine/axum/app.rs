//! What the connections of a server share, and what each request knows of its connection.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use http::HeaderMap;
use pushbench_protocol::ServerStats;
use pushbench_protocol::clock::Clock;

use super::headers::Headers;
use crate::books::{Books, Connection};
use crate::exchange::{Exchange, Reader};
use crate::respond::{Rules, Upgrade};
use crate::streaming::Begun;

/// What the connections of a server share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) rules: Rules,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) books: Arc<Books>,
    pub(crate) headers: Headers,
    pub(crate) clock: Clock,
}

impl App {
    /// The server's books as they stand.
    pub(crate) fn stats(&self) -> ServerStats {
        let counts = self.exchange.counts();
        ServerStats {
            connections: self.books.stats(),
            published: counts.published,
            sent_messages: counts.sent_messages,
            superseded: counts.superseded,
            dropped: counts.dropped,
            disconnected: counts.disconnected,
            refused: self.books.refused(),
            handshakes: self.books.handshakes(),
        }
    }
}

/// A connection while it speaks HTTP; each of its requests carries it as an extension.
#[derive(Debug)]
pub(super) struct HttpConnection {
    pub(super) connection: Arc<Connection>,
    /// Where it was accepted, if on a socket.
    pub(super) listener: Option<IpAddr>,
    /// Set by the request that ended HTTP on this connection.
    takeover: Mutex<Option<Takeover>>,
}

/// What a connection goes on with once HTTP is done with it.
#[derive(Debug)]
pub(super) enum Takeover {
    /// A WebSocket, once the HTTP library has written its 101.
    WebSocket(Upgrade, Reader),
    /// A chunked answer that does not end, its head not yet written: where HTTP/1.1 carries it, the
    /// session writes it, and on HTTP/2 it is these fields.
    Stream(Begun, HeaderMap),
}

impl Takeover {
    /// The fields of an answer that a session gives itself, on a stream where it cannot write them.
    pub(super) fn take_fields(&mut self) -> HeaderMap {
        match self {
            Self::WebSocket(..) => HeaderMap::new(),
            Self::Stream(_, fields) => std::mem::take(fields),
        }
    }
}

impl HttpConnection {
    pub(super) fn new(connection: Arc<Connection>, listener: Option<IpAddr>) -> Self {
        Self { connection, listener, takeover: Mutex::new(None) }
    }

    /// Says what becomes of the connection.
    pub(super) fn take_over(&self, takeover: Takeover) {
        *self.locked() = Some(takeover);
    }

    /// Whether a session is to answer in place of the HTTP library.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(*self.locked(), Some(Takeover::Stream(..)))
    }

    /// What becomes of the connection, if it is not closed.
    pub(super) fn taken_over(&self) -> Option<Takeover> {
        self.locked().take()
    }

    fn locked(&self) -> MutexGuard<'_, Option<Takeover>> {
        self.takeover.lock().expect("nothing panics while it holds this")
    }
}
