//! A connection's bytes, watched for frames that have begun and are not whole.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use pushbench_wire::http2::FrameCounter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::books::Connection;

/// A stream with handles: the HTTP/2 library keeps one and does not give it back, and the stream is
/// needed after it, to be closed in order.
///
/// One task has all handles, so nobody ever waits for the lock.
#[derive(Debug)]
pub(super) struct Watched<S>(Arc<Mutex<Inner<S>>>);

#[derive(Debug)]
struct Inner<S> {
    stream: S,
    connection: Arc<Connection>,
    frames: FrameCounter,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        let frames = FrameCounter::of_client();
        Self(Arc::new(Mutex::new(Inner { stream, connection, frames })))
    }

    /// Another handle of the same stream.
    pub(super) fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.0.lock().expect("nothing panics while it holds the stream")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = &mut *self.lock();
        let before = buf.filled().len();
        let result = Pin::new(&mut inner.stream).poll_read(cx, buf);
        inner.frames.observe(&buf.filled()[before..]);
        inner.connection.is_in_frame(!inner.frames.is_at_rest());
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.lock().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.lock().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.lock().stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_shutdown(cx)
    }
}
