//! What a connection, or one stream of it, goes on with once HTTP is done with it.

use std::sync::Arc;

use bytes::Bytes;

use super::app::{App, Takeover};
use crate::books::Connection;
use crate::stream::Outlet;
use crate::streaming::Streaming;
use crate::websocket::{ReaderLimits, Session};

/// Goes on with a stream that HTTP is done with. `early` is what came behind the request.
pub(crate) async fn go_on(
    app: &Arc<App>,
    stream: impl Outlet + Send + 'static,
    connection: &Arc<Connection>,
    takeover: Takeover,
    early: Bytes,
) {
    let connection = Arc::clone(connection);
    match takeover {
        Takeover::WebSocket(agreed) => {
            let (upgrade, reader) = *agreed;
            let limits = ReaderLimits { message_bytes: app.rules.limits.frame_bytes as u64 };
            let books = Arc::clone(&app.books);
            let session = Session::new(stream, connection, books, upgrade, reader, limits);
            Box::pin(session.run(early)).await;
        }
        Takeover::Stream(begun) => {
            drop(early);
            let session = Streaming::new(stream, connection, *begun);
            Box::pin(session.run()).await;
        }
    }
}
