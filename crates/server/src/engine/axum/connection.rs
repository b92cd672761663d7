//! One connection from accept to close: TLS if it is, HTTP, and then a WebSocket or a stream if it
//! becomes one.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use pushbench_protocol::{ConnectionClass, HttpVersion};
use pushbench_tls::Acceptor;
use pushbench_wire::CountingStream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::app::App;
use super::ending::{linger, unless_ended};
use super::http1::{self, TakenOver};
use super::http2;
use super::prefixed::{Prefixed, version};
use super::taken_over::go_on;
use crate::books::{Books, Connection, Opened};
use crate::deadline::{Order, Phase};
use crate::stream::{Socket, Stream};

/// What every connection of a server is served with.
#[derive(Debug)]
pub(crate) struct Serving {
    app: Arc<App>,
    http1: hyper::server::conn::http1::Builder,
}

/// What a connection begins with.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    /// Where it was accepted, if on a socket.
    pub(crate) listener: Option<IpAddr>,
    /// What its handshake is made with; `None` where it begins with the first request.
    pub(crate) acceptor: Option<Acceptor>,
}

impl Serving {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let http1 = http1::builder(&app);
        Self { app, http1 }
    }

    /// Serves one connection until it is closed. `opened` is dropped last, so that the books close
    /// on the final counts.
    pub(crate) async fn serve<S>(self: Arc<Self>, stream: S, beginning: Beginning, opened: Opened)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = Arc::clone(&opened.connection);
        let socket = CountingStream::new(stream, Arc::clone(&connection.counters));
        let Beginning { listener, acceptor } = beginning;
        if acceptor.is_some() {
            connection.enter(Phase::Handshake);
        }
        unless_ended(&connection, async {
            // Boxed one after the other: a session must not carry the room that HTTP needed, nor
            // HTTP that of a handshake.
            let app = Arc::clone(&self.app);
            let (mut stream, protocol) = match acceptor {
                None => (Stream::Clear(socket), HttpVersion::default()),
                Some(acceptor) => {
                    let begun = Box::pin(begin_tls(acceptor, socket, &connection, &app.books));
                    let Some(begun) = begun.await else { return };
                    begun
                }
            };
            let has_streams = protocol.properties().shares_connections;
            if connection.is_refused() {
                if !has_streams {
                    return Box::pin(refuse(stream, &connection)).await;
                }
                // It is told by a frame of its own that it is to go.
                connection.tell(Order::GoAway);
            }
            let told = match has_streams {
                true => Some((protocol, Bytes::new())),
                // It may know that the server speaks HTTP/2 without having agreed on it.
                false => first_words(&mut stream, &connection).await,
            };
            let Some((version, first)) = told else {
                connection.enter(Phase::Closing);
                return Box::pin(linger(stream)).await;
            };
            if version == HttpVersion::Http2 {
                let stream = Prefixed::new(first, stream);
                return Box::pin(http2::serve(app, stream, &connection, listener)).await;
            }
            let http = http1::serve(&self.http1, &app, stream, first, &connection, listener);
            let Some(TakenOver { stream, early, takeover }) = http.await else { return };
            go_on(&app, stream, &connection, takeover, early).await;
        })
        .await;
    }

    /// Goes on with a connection in clear that began with HTTP/2's preface.
    pub(crate) async fn go_on<S>(
        &self,
        socket: Socket<S>,
        first: Bytes,
        connection: &Arc<Connection>,
        listener: Option<IpAddr>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Prefixed::new(first, Stream::Clear(socket));
        Box::pin(http2::serve(Arc::clone(&self.app), stream, connection, listener)).await;
    }
}

/// What a connection gets that is one too many.
const ONE_TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 47\r\nRetry-After: 1\r\n\
    Connection: close\r\n\r\nthe server has as many connections as it takes\n";

/// Tells a connection that it is one too many, without waiting for what it wants.
pub(crate) async fn refuse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: &Connection,
) {
    connection.enter(Phase::Closing);
    // Fails where the client has gone away.
    if stream.write_all(ONE_TOO_MANY).await.is_ok() {
        linger(stream).await;
    }
}

/// Which HTTP a connection speaks, and what it has said; `None` if it goes away before that.
async fn first_words(
    stream: &mut (impl AsyncRead + Unpin),
    connection: &Connection,
) -> Option<(HttpVersion, Bytes)> {
    let mut told = Box::pin(version(stream));
    poll_fn(|cx| match connection.order() {
        Order::None => told.as_mut().poll(cx).map(Result::ok),
        Order::GoAway | Order::End => Poll::Ready(None),
    })
    .await
}

/// Shakes hands; gives the stream above and what was agreed to be spoken on it.
async fn begin_tls<S: AsyncRead + AsyncWrite + Unpin>(
    acceptor: Acceptor,
    socket: Socket<S>,
    connection: &Connection,
    books: &Books,
) -> Option<(Stream<S>, HttpVersion)> {
    let mut handshakes = Handshake { books, is_resumed: None };
    let mut handshake = pin!(acceptor.accept(socket));
    let stream = poll_fn(|cx| {
        // Who is not yet a client has nothing to be told.
        if connection.order() == Order::GoAway {
            return Poll::Ready(None);
        }
        handshake.as_mut().poll(cx).map(Result::ok)
    })
    .await?;
    handshakes.is_resumed = Some(stream.is_resumed());
    drop(handshakes);
    connection.enter(Phase::Http);
    connection.understood();
    connection.classify(ConnectionClass::Silent);
    let protocol = stream.protocol();
    Some((Stream::Tls(Box::new(stream)), protocol))
}

/// Counts a handshake when it is over, however it ended.
struct Handshake<'a> {
    books: &'a Books,
    /// Absent until it has succeeded.
    is_resumed: Option<bool>,
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        self.books.handshake(self.is_resumed);
    }
}
