//! A connection that speaks HTTP/2: many requests at once, each a stream of its own.
//!
//! The `h2` crate is used as it is, and not through the HTTP library above it: a session that pushes
//! must know whether its client takes more, so that the policy for slow subscribers is kept, and
//! that is a stream's send window. Every stream is polled by the connection's one task, so a message
//! is written in the same turn in which it came.
//!
//! **Deadlines.** A connection that has streams open waits for what has deadlines of its own: holds,
//! and sessions, which the sweep judges each by itself. A frame or a field block that has begun must
//! be whole in the time that a head may take.

mod answer;
mod stream;
mod watch;

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;
use pushbench_protocol::ConnectionClass;
use tokio::io::{AsyncRead, AsyncWrite};

use super::app::App;
use super::ending::linger;
use crate::books::Connection;
use crate::deadline::{Order, Phase};
use answer::Answering;
use watch::Watched;

/// Streams that a client may have open at once on one connection.
const MAX_STREAMS: u32 = 1_024;
/// What may come unread on one stream and on all of a connection: who publishes more at once waits.
const STREAM_WINDOW: u32 = 65_535;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Largest frame taken: the least that every peer must take.
const MAX_FRAME: u32 = 16_384;
/// What one stream may have waiting behind the socket, so that a client that reads nothing costs no
/// more.
const SEND_BUFFER: usize = 64 * 1024;

/// A request being answered.
type Answered = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves a connection whose first bytes are HTTP/2's preface, until it is closed.
pub(crate) async fn serve<S>(
    app: Arc<App>,
    stream: S,
    connection: &Arc<Connection>,
    listener: Option<IpAddr>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    connection.carries_streams();
    // Settings pass before the first request says what the connection is for.
    connection.classify(ConnectionClass::Silent);
    let stream = Watched::new(stream, Arc::clone(connection));
    let handshake = builder(&app).handshake::<_, Bytes>(stream.handle());
    if let Ok(http) = handshake.await {
        let answering =
            Answering { app: Arc::clone(&app), connection: Arc::clone(connection), listener };
        let mut serving = Serving {
            http,
            answering: Arc::new(answering),
            answers: FuturesUnordered::new(),
            told: Arc::default(),
            is_going: false,
        };
        let ended = poll_fn(|cx| serving.poll(cx)).await;
        if ended.is_err_and(|error| error.is_library()) {
            // The client broke the protocol, and was told so.
            app.books.refuse(400);
        }
    } else {
        app.books.refuse(400);
    }
    connection.enter(Phase::Closing);
    linger(stream).await;
}

fn builder(app: &App) -> h2::server::Builder {
    let mut http = h2::server::Builder::new();
    // Settings that move the bytes are all set, also where they are the library's own. There are
    // no keep-alive pings, and windows do not adapt: the library has neither by itself.
    http.max_concurrent_streams(MAX_STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME)
        .max_header_list_size(u32::try_from(app.rules.limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER)
        .enable_connect_protocol();
    http
}

struct Serving<S> {
    http: h2::server::Connection<S, Bytes>,
    answering: Arc<Answering>,
    answers: FuturesUnordered<Answered>,
    told: Arc<Told>,
    is_going: bool,
}

/// Whether an answer has something to do, beside waking who drives them.
#[derive(Default)]
struct Told {
    driver: AtomicWaker,
    is_told: AtomicBool,
}

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.is_told.store(true, Ordering::Release);
        self.driver.wake();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Serving<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        if !self.is_going && self.answering.connection.order() == Order::GoAway {
            self.go_away();
        }
        loop {
            // Answers first: what they have to say is written by the connection's turn after them.
            self.poll_answers(cx);
            if self.is_going && self.answers.is_empty() {
                // From here on it is the client that has to close.
                self.answering.connection.enter(Phase::Closing);
            }
            match self.http.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    let answering = Arc::clone(&self.answering);
                    self.answers.push(Box::pin(answering.answer(request, respond)));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Polls all answers that have something to do, so that what one publish has them say leaves in
    /// one write. The set would give up its turn after two that wake themselves, which those do
    /// whose stream tells them of the room that they have just taken.
    fn poll_answers(&mut self, cx: &Context<'_>) {
        self.told.driver.register(cx.waker());
        let waker = Waker::from(Arc::clone(&self.told));
        let mut answers = Context::from_waker(&waker);
        for _ in 0..=self.answers.len() {
            self.told.is_told.store(false, Ordering::Release);
            while let Poll::Ready(Some(())) = self.answers.poll_next_unpin(&mut answers) {}
            if !self.told.is_told.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Takes no more requests, and has those who wait look at their orders.
    fn go_away(&mut self) {
        self.is_going = true;
        self.http.graceful_shutdown();
        // What is put in anew is polled once.
        self.answers = std::mem::take(&mut self.answers).into_iter().collect();
    }
}
