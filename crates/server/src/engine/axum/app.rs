//! What the connections of a server share, and what a connection goes on with.

use std::sync::Arc;

use pushbench_protocol::ServerStats;
use pushbench_protocol::clock::Clock;

use super::headers::Headers;
use crate::books::Books;
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

/// What a connection goes on with once HTTP is done with it.
#[derive(Debug)]
pub(crate) enum Takeover {
    /// A WebSocket, once the HTTP library has written its 101.
    WebSocket(Box<(Upgrade, Reader)>),
    /// A chunked answer that does not end, its head not yet written: where HTTP/1.1 carries it, the
    /// session writes it.
    Stream(Box<Begun>),
}
