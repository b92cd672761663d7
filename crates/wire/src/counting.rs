//! A stream that counts what passes through it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that a socket carried, counted below TLS where a read or a write returns.
#[derive(Debug, Default)]
pub struct SocketCounters {
    /// Bytes read.
    pub read: AtomicU64,
    /// Bytes written.
    pub written: AtomicU64,
    /// Whether the last write found no room.
    is_blocked: AtomicBool,
}

impl SocketCounters {
    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes written so far.
    pub fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether something waits to be written that the socket does not take now.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Relaxed)
    }
}

/// Forwards every method of a stream and counts the bytes that each read or write reports.
///
/// `is_write_vectored` and `poll_write_vectored` are forwarded too: HTTP libraries choose how they
/// write from the former, so a wrapper that drops it changes what it measures.
#[derive(Debug)]
pub struct CountingStream<S> {
    inner: S,
    counters: Arc<SocketCounters>,
}

impl<S> CountingStream<S> {
    /// Counts what passes through `inner` into `counters`.
    pub fn new(inner: S, counters: Arc<SocketCounters>) -> Self {
        Self { inner, counters }
    }

    /// What is counted, to be asked without reading.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The same, to be changed. Bytes that are read or written on it are not counted.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        // Most requests are followed by a read that finds nothing.
        if read > 0 {
            self.counters.read.fetch_add(read as u64, Ordering::Relaxed);
        }
        result
    }
}

impl<S> CountingStream<S> {
    fn count_written(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(written)) = result {
            self.counters.written.fetch_add(*written as u64, Ordering::Relaxed);
        }
        // Nearly always it is what it was, and a load costs less than a store that others see.
        if self.counters.is_blocked() != result.is_pending() {
            self.counters.is_blocked.store(result.is_pending(), Ordering::Relaxed);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountingStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.count_written(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.count_written(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
