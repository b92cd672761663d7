//! What a connection, or one stream of it, goes on with once HTTP is done with it.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::app::{App, Takeover};
use crate::books::Connection;
use crate::stream::Outlet;
use crate::streaming::Streaming;
use crate::websocket::{ReaderLimits, Session};

/// What goes on with a stream that HTTP is done with. `early` is what came behind the request.
///
/// Whoever waits for it carries a pointer: a session must not carry the room that it was made in.
pub(crate) fn go_on(
    app: &Arc<App>,
    stream: impl Outlet + Send + 'static,
    connection: &Arc<Connection>,
    takeover: Takeover,
    early: Bytes,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let connection = Arc::clone(connection);
    match takeover {
        Takeover::WebSocket(agreed) => {
            let (upgrade, reader) = *agreed;
            let limits = ReaderLimits { message_bytes: app.rules.limits.frame_bytes as u64 };
            let books = Arc::clone(&app.books);
            let session = Session::new(stream, connection, books, upgrade, reader, limits);
            Box::pin(Box::new(session).run(early))
        }
        Takeover::Stream(begun) => {
            drop(early);
            let session = Streaming::new(stream, connection, *begun);
            Box::pin(Box::new(session).run())
        }
    }
}
