//! One connection in clear from accept to close.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pushbench_protocol::{Compression, ResponseProfile};
use pushbench_wire::CountingStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::asked::{Asker, Shared};
use super::http::{Http, Turn};
use super::responses::PollHeaders;
use crate::books::Opened;
use crate::deadline::{Order, Phase};
use crate::engine::axum::app::{App, Takeover};
use crate::engine::axum::connection::{Beginning, Serving as Other, refuse};
use crate::engine::axum::ending::linger;
use crate::engine::axum::taken_over::go_on;
use crate::stream::Stream;

/// What every connection of a server is served with.
#[derive(Clone, Debug)]
pub(crate) struct Serving(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// Serves what this engine does not: TLS and HTTP/2.
    other: Arc<Other>,
}

/// A connection being served.
struct Served<S> {
    serving: Serving,
    state: State<S>,
    /// Whether it is known whom to wake when there is an order.
    is_known: bool,
    /// Dropped last, so that the books close on the final counts.
    opened: Opened,
}

/// Does what takes time; gives the connection back if it speaks HTTP/1.1 again.
type Taken<S> = Pin<Box<dyn Future<Output = Option<Http<S>>> + Send>>;

enum State<S> {
    /// At rest, or responding at once.
    Http(Http<S>),
    /// What takes time, and what gives up the connection.
    Waiting(Taken<S>),
    /// Between the two.
    Moving,
}

impl Serving {
    /// Serves polls under the headers of this profile, compressed so if at all.
    pub(crate) fn new(
        app: Arc<App>,
        (profile, offered): (ResponseProfile, Compression),
        other: Arc<Other>,
    ) -> Self {
        let polls = PollHeaders::new(profile, offered);
        Self(Arc::new(Inner { shared: Arc::new(Shared { app, polls }), other }))
    }

    /// Serves one connection, as a task, until it is closed.
    pub(crate) fn spawn<S>(
        &self,
        tasks: &mut JoinSet<()>,
        stream: S,
        beginning: Beginning,
        opened: Opened,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if beginning.acceptor.is_some() {
            tasks.spawn(Arc::clone(&self.0.other).serve(stream, beginning, opened));
            return;
        }
        let connection = Arc::clone(&opened.connection);
        let is_refused = connection.is_refused();
        let socket = CountingStream::new(stream, Arc::clone(&connection.counters));
        let asker = Asker::new(Arc::clone(&self.0.shared), connection, beginning.listener);
        let http = Http::new(asker, socket);
        let state = match is_refused {
            true => State::Waiting(Box::pin(async move {
                let Http { asker, socket, .. } = http;
                refuse(socket, &asker.connection).await;
                None
            })),
            false => State::Http(http),
        };
        tasks.spawn(Served { serving: self.clone(), state, is_known: false, opened });
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Future for Served<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let served = &mut *self;
        let connection = &served.opened.connection;
        if !served.is_known {
            // A task keeps its waker for life.
            connection.wake_on_order(cx.waker());
            served.is_known = true;
        }
        if connection.order() == Order::End {
            return Poll::Ready(());
        }
        loop {
            match &mut served.state {
                State::Http(http) => {
                    let turn = ready!(http.poll_turn(cx));
                    let moving = std::mem::replace(&mut served.state, State::Moving);
                    if let State::Http(http) = moving {
                        let serving = served.serving.clone();
                        served.state = State::Waiting(serving.take_turn(http, turn));
                    }
                }
                State::Waiting(waiting) => match ready!(waiting.as_mut().poll(cx)) {
                    Some(http) => served.state = State::Http(http),
                    None => return Poll::Ready(()),
                },
                State::Moving => unreachable!("no state is left empty"),
            }
        }
    }
}

impl Serving {
    /// Takes a connection's turn. Each kind is a future of its own, so that a subscriber does not carry
    /// the room that a held poll needs.
    fn take_turn<S>(self, mut http: Http<S>, turn: Turn) -> Taken<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match turn {
            Turn::Over => Box::pin(close(http)),
            Turn::Wait(waiting) => Box::pin(async move {
                match http.wait(*waiting).await {
                    Ok(()) => Some(http),
                    Err(_) => Box::pin(close(http)).await,
                }
            }),
            Turn::Other => Box::pin(async move {
                let Http { asker, socket, input, .. } = http;
                let other = Arc::clone(&self.0.other);
                let first = Bytes::from(input);
                other.go_on(socket, first, &asker.connection, asker.listener).await;
                None
            }),
            Turn::Subscribe(takeover) => Box::pin(self.subscribe(http, takeover)),
        }
    }

    /// Goes on with a subscriber's session, once all before it is sent.
    async fn subscribe<S>(self, mut http: Http<S>, takeover: Takeover) -> Option<Http<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if http.all_sent().await.is_err() {
            return Box::pin(close(http)).await;
        }
        let Http { asker, socket, input, .. } = http;
        let (stream, early) = (Stream::Clear(socket), Bytes::from(input));
        go_on(&self.0.shared.app, stream, &asker.connection, takeover, early).await;
        None
    }
}

/// Closes a connection that has no more to say.
async fn close<S>(http: Http<S>) -> Option<Http<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    http.asker.connection.enter(Phase::Closing);
    linger(http.socket).await;
    None
}
