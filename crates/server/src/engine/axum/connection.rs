//! One connection from accept to close: TLS if it is, HTTP, and then a WebSocket or a stream if it
//! becomes one.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use pushbench_protocol::ConnectionClass;
use pushbench_tls::{Acceptor, Protocol};
use pushbench_wire::CountingStream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::answer::say_last;
use super::app::{App, HttpConnection, Takeover};
use super::content::Answer;
use super::ending::{linger, unless_ended};
use super::http2;
use super::prefixed::{Prefixed, Version, version};
use super::taken_over::go_on;
use crate::books::{Books, Connection, Opened};
use crate::deadline::{Order, Phase};
use crate::respond::admission::is_last;
use crate::stream::{Socket, Stream};

/// What every connection of a server is served with.
#[derive(Clone)]
pub(crate) struct Serving {
    app: Arc<App>,
    router: Router,
    http: http1::Builder,
}

/// What a connection begins with.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    /// Where it was accepted, if on a socket.
    pub(crate) listener: Option<IpAddr>,
    /// What its handshake is made with; `None` where it begins with the first request.
    pub(crate) acceptor: Option<Acceptor>,
}

/// A connection that HTTP is done with.
struct TakenOver<S> {
    stream: Stream<S>,
    /// What came right behind the last request's head.
    early: Bytes,
    takeover: Takeover,
}

impl Serving {
    pub(crate) fn new(app: Arc<App>, router: Router) -> Self {
        let mut http = http1::Builder::new();
        // The deadline for a head is kept by the sweep: the library's runs between requests too,
        // and would close a poller that waits longer for its next poll than a head may take.
        http.header_read_timeout(None)
            .title_case_headers(true)
            .keep_alive(true)
            .half_close(false)
            .max_header_size(app.rules.limits.head_bytes);
        Self { app, router, http }
    }

    /// Serves one connection until it is closed. `opened` is dropped last, so that the books close
    /// on the final counts.
    pub(crate) async fn serve<S>(self, stream: S, beginning: Beginning, opened: Opened)
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
                None => (Stream::Clear(socket), Protocol::Http11),
                Some(acceptor) => {
                    let begun = Box::pin(begin_tls(acceptor, socket, &connection, &app.books));
                    let Some(begun) = begun.await else { return };
                    begun
                }
            };
            if connection.is_refused() {
                match protocol {
                    Protocol::Http11 => return Box::pin(refuse(stream, &connection)).await,
                    // It is told by a frame of its own that it is to go.
                    Protocol::Http2 => connection.tell(Order::GoAway),
                }
            }
            let told = match protocol {
                Protocol::Http2 => Some((Version::Http2, Bytes::new())),
                // It may know that the server speaks HTTP/2 without having agreed on it.
                Protocol::Http11 => first_words(&mut stream, &connection).await,
            };
            let Some((version, first)) = told else {
                connection.enter(Phase::Closing);
                return Box::pin(linger(stream)).await;
            };
            let stream = Prefixed::new(first, stream);
            if version == Version::Http2 {
                return Box::pin(http2::serve(app, self.router, stream, &connection, listener))
                    .await;
            }
            let taken_over = Box::pin(self.serve_http(stream, &connection, listener)).await;
            let Some(TakenOver { stream, early, takeover }) = taken_over else { return };
            go_on(&app, stream, &connection, takeover, early).await;
        })
        .await;
    }

    async fn serve_http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: Prefixed<Stream<S>>,
        connection: &Arc<Connection>,
        listener: Option<IpAddr>,
    ) -> Option<TakenOver<S>> {
        let shared = Arc::new(HttpConnection::new(Arc::clone(connection), listener));
        let requests = Requests {
            router: TowerToHyperService::new(self.router),
            connection: Arc::clone(&shared),
        };
        let mut http = self.http.serve_connection(TokioIo::new(stream), requests);
        let ended = poll_fn(|cx| {
            if connection.order() == Order::GoAway {
                Pin::new(&mut http).graceful_shutdown();
            }
            let polled = http.poll_without_shutdown(cx);
            // The request for a stream is never answered by the library, which waits for nothing
            // else then. What it has answered before is written, unless the client pipelined and
            // does not read: such a client loses the rest of those answers.
            if polled.is_pending() && shared.is_streaming() {
                return Poll::Ready(Ok(()));
            }
            polled
        })
        .await;
        if let Err(error) = &ended {
            // The library has answered these by itself.
            if error.is_parse_too_large() {
                self.app.books.refuse(431);
            } else if error.is_parse() {
                self.app.books.refuse(400);
            }
        }
        let parts = http.into_parts();
        let (unread, stream) = parts.io.into_inner().into_parts();
        match shared.taken_over() {
            Some(takeover) if ended.is_ok() => {
                let early = match unread.is_empty() {
                    true => parts.read_buf,
                    false => [parts.read_buf, unread].concat().into(),
                };
                Some(TakenOver { stream, early, takeover })
            }
            _ => {
                connection.enter(Phase::Closing);
                linger(stream).await;
                None
            }
        }
    }
}

/// What a connection gets that is one too many.
const ONE_TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 47\r\nRetry-After: 1\r\n\
    Connection: close\r\n\r\nthe server has as many connections as it takes\n";

/// Tells a connection that it is one too many, without waiting for what it wants.
async fn refuse(mut stream: impl AsyncRead + AsyncWrite + Unpin, connection: &Connection) {
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
) -> Option<(Version, Bytes)> {
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
) -> Option<(Stream<S>, Protocol)> {
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

/// Hands requests to the router, with the connection they came on.
struct Requests {
    router: Routed,
    connection: Arc<HttpConnection>,
}

type Routed = TowerToHyperService<Router>;
type RoutedFuture = <Routed as Service<http::Request<Incoming>>>::Future;

/// A request being answered on HTTP/1.1.
struct Answering {
    answer: RoutedFuture,
    /// Whether the client expects no other answer on this connection.
    is_last: bool,
    connection: Arc<HttpConnection>,
}

impl Service<http::Request<Incoming>> for Requests {
    type Response = Answer;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, mut request: http::Request<Incoming>) -> Self::Future {
        self.connection.connection.understood();
        self.connection.connection.asks();
        let is_last = is_last(request.version(), request.headers());
        let connection = Arc::clone(&self.connection);
        request.extensions_mut().insert(Arc::clone(&self.connection));
        let answer = self.router.call(request);
        Answering { answer, is_last, connection }
    }
}

impl Future for Answering {
    type Output = Result<Answer, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = ready!(Pin::new(&mut self.answer).poll(cx))?;
        if self.is_last || self.connection.connection.order() >= Order::GoAway {
            say_last(&mut answer);
        }
        Poll::Ready(Ok(answer))
    }
}
