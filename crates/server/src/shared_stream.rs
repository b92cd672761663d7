//! A subscriber's stream, as its session and its topic's pass share it.
//!
//! The session reads, and writes what it has to say by itself; the pass writes messages. Whoever has
//! begun a piece has it written whole before anyone begins another.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::io::ReadBuf;

use crate::books::Connection;
use crate::exchange::Exchange;
use crate::heartbeat::Heartbeat;
use crate::hub::Run;
use crate::pass::{Port, Sent};
use crate::stream::Outlet;

/// A subscriber's stream.
#[derive(Debug)]
pub(crate) struct SharedStream<S> {
    inner: Mutex<Inner<S>>,
    connection: Arc<Connection>,
    exchange: Arc<Exchange>,
}

#[derive(Debug)]
struct Inner<S> {
    stream: S,
    /// What is left of the piece being written; pieces never mix.
    writing: Bytes,
    heartbeat: Option<Heartbeat>,
    /// Whether it is the session's turn to write.
    is_reserved: bool,
    /// Whether the pass waits for room.
    is_awaited: bool,
    /// Whether a write of the pass has failed.
    is_broken: bool,
}

/// Whether the stream takes a piece.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Turn {
    /// All that was to be written is.
    Free,
    /// The same, and the pass was turned away meanwhile.
    Awaited,
}

impl<S: Outlet> SharedStream<S> {
    /// A stream on which `writing` is to be written before anything else; `has_heartbeat` where the
    /// subscriber is given signs of life.
    pub(crate) fn new(
        stream: S,
        writing: Bytes,
        connection: &Arc<Connection>,
        exchange: &Arc<Exchange>,
        has_heartbeat: bool,
    ) -> Self {
        let heartbeat = has_heartbeat.then(|| Heartbeat::new(exchange.ticks()));
        let inner = Inner {
            stream,
            writing,
            heartbeat,
            is_reserved: false,
            is_awaited: false,
            is_broken: false,
        };
        let (connection, exchange) = (Arc::clone(connection), Arc::clone(exchange));
        Self { inner: Mutex::new(inner), connection, exchange }
    }

    /// Whether runs of pieces may be written on it by a pass, with the same bytes for all.
    pub(crate) fn takes_runs(&self) -> bool {
        self.lock().stream.takes_runs()
    }

    /// Asks the heartbeat, if the subscriber has one.
    pub(crate) fn heartbeat<T>(&self, ask: impl FnOnce(&mut Heartbeat) -> T) -> Option<T> {
        self.lock().heartbeat.as_mut().map(ask)
    }

    /// Reads what there is.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(cx, buffer)
    }

    /// Begins the session's turn to write: until it is over the pass writes nothing.
    pub(crate) fn reserve(&self) {
        self.lock().is_reserved = true;
    }

    /// Writes what is left of the piece being written; pending while the socket takes no more.
    pub(crate) fn poll_rest(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = &mut *self.lock();
        if inner.is_broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        while !inner.writing.is_empty() {
            ready!(inner.stream.poll_write_piece(cx, &mut inner.writing))?;
        }
        // An idle subscriber keeps no message alive.
        inner.writing = Bytes::new();
        Poll::Ready(Ok(()))
    }

    /// Gives the session's next piece, once nothing is left of the one before.
    pub(crate) fn give(&self, piece: Bytes) {
        let inner = &mut *self.lock();
        // The end of an answer is no piece on every stream.
        inner.writing = inner.stream.form(piece);
    }

    /// Ends the session's turn to write, once the stream holds nothing back.
    pub(crate) fn poll_release(&self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        let inner = &mut *self.lock();
        // TLS may hold what the socket did not take.
        ready!(Pin::new(&mut inner.stream).poll_flush(cx))?;
        inner.is_reserved = false;
        let is_awaited = std::mem::take(&mut inner.is_awaited);
        Poll::Ready(Ok(if is_awaited { Turn::Awaited } else { Turn::Free }))
    }

    /// Closes our side.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_shutdown(cx)
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.inner.lock().expect("no stream panics")
    }
}

impl<S: Outlet> Port for SharedStream<S> {
    fn send(&self, run: &Run) -> Sent {
        let inner = &mut *self.lock();
        if inner.is_reserved || !inner.writing.is_empty() || inner.is_broken {
            inner.is_awaited = true;
            return Sent { pieces: 0, has_room: false };
        }
        // Nobody is to be woken for room but the session, which is told below.
        let mut cx = Context::from_waker(Waker::noop());
        let (pieces, has_room) = match Pin::new(&mut inner.stream).poll_write(&mut cx, run.bytes())
        {
            Poll::Ready(Ok(written)) if written == run.bytes().len() => (run.pieces(), true),
            Poll::Ready(Ok(written)) if written > 0 => inner.keep(run, written),
            Poll::Pending => inner.keep(run, 0),
            Poll::Ready(Ok(_) | Err(_)) => {
                inner.is_broken = true;
                (1, false)
            }
        };
        if let Some(heartbeat) = &mut inner.heartbeat {
            heartbeat.look(self.exchange.ticks());
            // Each piece stands for a sign; more than two in a row change nothing.
            (0..pieces.min(2)).for_each(|_| heartbeat.spoke());
        }
        if !has_room {
            self.connection.wake();
        }
        Sent { pieces, has_room }
    }

    fn end(&self) {
        self.connection.wake();
    }
}

impl<S> Inner<S> {
    /// Keeps what is left of a piece of which the socket took no more.
    fn keep(&mut self, run: &Run, written: usize) -> (usize, bool) {
        let (pieces, rest) = run.cut(written);
        self.writing = rest;
        self.is_awaited = true;
        (pieces, false)
    }
}
