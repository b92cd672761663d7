//! A connection that speaks HTTP/1.1, one turn after the other: from the first bytes of a request
//! until the connection is at rest again.
//!
//! The HTTP library has a buffer to read to and one to write from, of 8 KiB each, for as long as it
//! has a connection. A client that polls once a second would keep both for the 999 ms in which it
//! says nothing, and they would be most of what it costs. So the library is given back its connection
//! with the first bytes of a request, and lets go of it when the response has left.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::answer::say_last;
use super::app::{App, Takeover};
use super::content::Answer;
use super::ending::linger;
use super::flushed::Flushed;
use super::obey::{Made, Obeyed, obey};
use super::prefixed::{Prefixed, poll_words};
use super::turn::{Stage, Turn};
use crate::books::Connection;
use crate::deadline::{Order, Phase};
use crate::respond::admission::is_last;
use crate::stream::Stream;

/// How the library is set.
pub(super) fn builder(app: &App) -> http1::Builder {
    let mut http = http1::Builder::new();
    // The deadline for a head is kept by the sweep: the library's runs between requests too, and
    // would close a poller that waits longer for its next poll than a head may take.
    http.header_read_timeout(None)
        .title_case_headers(true)
        .keep_alive(true)
        .half_close(false)
        .max_header_size(app.rules.limits.head_bytes);
    http
}

/// A connection that HTTP is done with.
pub(super) struct TakenOver<S> {
    pub(super) stream: Stream<S>,
    /// What came right behind the last request's head.
    pub(super) early: Bytes,
    pub(super) takeover: Takeover,
}

/// How a turn has ended.
enum Ended<S> {
    /// The response has left. The client may have gone on already.
    AtRest(Stream<S>, Bytes),
    TakenOver(TakenOver<S>),
    /// Nothing more is said on it.
    Over(Stream<S>),
}

/// Serves a connection that begins with `first`, until it is closed or something else takes it over.
pub(super) async fn serve<S>(
    http: &http1::Builder,
    app: &Arc<App>,
    mut stream: Stream<S>,
    mut first: Bytes,
    connection: &Arc<Connection>,
    listener: Option<IpAddr>,
) -> Option<TakenOver<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let turn = Arc::new(Turn::new(Arc::clone(app), Arc::clone(connection), listener));
    // What a client says that has closed its side is nothing.
    while !first.is_empty() {
        // Boxed, so that a connection at rest does not carry the room that the library needs.
        (stream, first) = match Box::pin(take_turn(http, stream, first, &turn)).await {
            Ended::AtRest(stream, first) => (stream, first),
            Ended::TakenOver(taken_over) => return Some(taken_over),
            Ended::Over(ended) => {
                stream = ended;
                break;
            }
        };
        if first.is_empty() {
            first = next_words(&mut stream, connection).await;
        }
    }
    connection.enter(Phase::Closing);
    Box::pin(linger(stream)).await;
    None
}

/// What the client says next; nothing where it, or the server, says no more.
async fn next_words(stream: &mut (impl AsyncRead + Unpin), connection: &Connection) -> Bytes {
    poll_fn(|cx| match connection.order() {
        Order::None => poll_words(stream, cx).map(Result::unwrap_or_default),
        Order::GoAway | Order::End => Poll::Ready(Bytes::new()),
    })
    .await
}

async fn take_turn<S>(
    http: &http1::Builder,
    stream: Stream<S>,
    first: Bytes,
    turn: &Arc<Turn>,
) -> Ended<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    turn.enter(Stage::Making);
    let stream = Flushed::new(Prefixed::new(first, stream), Arc::clone(turn));
    let mut http = http.serve_connection(TokioIo::new(stream), Requests(Arc::clone(turn)));
    let ended = poll_fn(|cx| {
        if turn.connection.order() == Order::GoAway {
            Pin::new(&mut http).graceful_shutdown();
        }
        let polled = http.poll_without_shutdown(cx);
        // The request for a stream is never answered by the library, which waits for nothing else
        // then. What it has answered before is written, unless the client pipelined and does not
        // read: such a client loses the rest of those answers.
        if polled.is_pending() && (turn.is_in(Stage::Sent) || turn.is_streaming()) {
            return Poll::Ready(Ok(true));
        }
        polled.map_ok(|()| false)
    })
    .await;
    if let Err(error) = &ended {
        // The library has answered these by itself.
        if error.is_parse_too_large() {
            turn.app.books.refuse(431);
        } else if error.is_parse() {
            turn.app.books.refuse(400);
        }
    }
    let parts = http.into_parts();
    let (unread, stream) = parts.io.into_inner().into_inner().into_parts();
    let early = match (parts.read_buf.is_empty(), unread.is_empty()) {
        // An empty part of a buffer would keep all of it.
        (true, true) => Bytes::new(),
        (false, true) => parts.read_buf,
        (_, false) => [parts.read_buf, unread].concat().into(),
    };
    match (turn.takeover().take(), ended) {
        (Some(takeover), Ok(_)) => Ended::TakenOver(TakenOver { stream, early, takeover }),
        (None, Ok(true)) => Ended::AtRest(stream, early),
        (_, Ok(false) | Err(_)) => Ended::Over(stream),
    }
}

/// Takes requests from the library.
struct Requests(Arc<Turn>);

/// A request being answered.
struct Answering {
    making: Making,
    /// Whether the client expects no other answer on this connection.
    is_last: bool,
    /// Whether the request has a body, which the library reads or gives up.
    has_body: bool,
    turn: Arc<Turn>,
}

enum Making {
    Asked(Option<Request<Incoming>>),
    Made(Option<Made>),
    Later(Pin<Box<dyn Future<Output = Made> + Send>>),
    /// A session answers.
    Never,
}

impl Making {
    fn of(request: Request<Incoming>, turn: &Turn) -> Self {
        match obey(&turn.app, &turn.connection, turn.listener, request) {
            Obeyed::Made(made) => Self::Made(Some(made)),
            Obeyed::Later(made) => Self::Later(made),
            Obeyed::Upgrade(answer, agreed) => {
                *turn.takeover() = Some(Takeover::WebSocket(agreed));
                Self::Made(Some(Made { answer, is_whole: false }))
            }
            Obeyed::Stream(begun, _) => {
                *turn.takeover() = Some(Takeover::Stream(begun));
                Self::Never
            }
        }
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Answer;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let turn = Arc::clone(&self.0);
        turn.connection.understood();
        turn.connection.asks();
        turn.enter(Stage::Making);
        let is_last = is_last(request.version(), request.headers());
        let has_body = !request.body().is_end_stream();
        let making = if has_body {
            // The library closes a connection where a body is dropped before it has looked for it.
            Making::Asked(Some(request))
        } else {
            // The fields lie in the buffer that the library reads to: while they are there it needs
            // another one to see whether the client goes away.
            Making::of(request, &turn)
        };
        Answering { making, is_last, has_body, turn }
    }
}

impl Future for Answering {
    type Output = Result<Answer, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        const POLLED: &str = "a future is not polled after its end";
        let Self { making, turn, .. } = &mut *self;
        if let Making::Asked(request) = making {
            *making = Making::of(request.take().expect(POLLED), turn);
        }
        let Made { mut answer, is_whole } = match making {
            Making::Made(made) => made.take().expect(POLLED),
            Making::Later(made) => ready!(made.as_mut().poll(cx)),
            Making::Asked(_) | Making::Never => return Poll::Pending,
        };
        if self.is_last || self.turn.connection.order() >= Order::GoAway {
            say_last(&mut answer);
        }
        if is_whole && !self.has_body {
            self.turn.enter(Stage::Given);
        }
        Poll::Ready(Ok(answer))
    }
}
