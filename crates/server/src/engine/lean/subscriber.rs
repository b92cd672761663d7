//! What a connection goes on with once it has subscribed.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::books::Connection;
use crate::engine::axum::app::App;
use crate::exchange::Reader;
use crate::respond::Upgrade;
use crate::stream::{Socket, Stream};
use crate::streaming::{Begun, Streaming};
use crate::websocket::{ReaderLimits, Session};

/// A subscriber that HTTP is done with.
#[derive(Debug)]
pub(super) enum Subscriber {
    /// A WebSocket that has been told 101.
    WebSocket(Upgrade, Reader),
    /// A response that does not end, its headers not yet sent.
    Stream(Begun),
}

/// Delivers to a subscriber until its connection is closed. All that was written before is sent;
/// `early` is what came right behind the request.
pub(super) async fn go_on<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    app: &App,
    socket: Socket<S>,
    connection: Arc<Connection>,
    subscriber: Subscriber,
    early: Bytes,
) {
    let stream = Stream::Clear(socket);
    match subscriber {
        Subscriber::WebSocket(upgrade, reader) => {
            let limits = ReaderLimits { message_bytes: app.rules.limits.frame_bytes as u64 };
            let books = Arc::clone(&app.books);
            let session = Session::new(stream, connection, books, upgrade, reader, limits);
            Box::pin(session.run(early)).await;
        }
        Subscriber::Stream(begun) => {
            // What a client says after its request is not listened to.
            drop(early);
            Box::pin(Streaming::new(stream, connection, begun).run()).await;
        }
    }
}
