//! What the server says of itself: `/stats` and `/healthz`.

use std::sync::Arc;

use axum::extract::{Request, State};
use pushbench_protocol::{ConnectionClass, ServerStats};

use super::answer::{Answer, ok};
use super::{App, connection};

pub(super) async fn stats(State(app): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Control);
    let stats = serde_json::to_vec(&app.stats()).expect("the books are plain data");
    ok("application/json", stats)
}

pub(super) async fn healthz(State(_): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Control);
    ok("text/plain; charset=utf-8", "ok\n")
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
