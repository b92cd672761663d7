//! One stream of a connection, as a session reads and writes it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pushbench_wire::SocketCounters;
use pushbench_wire::chunk::chunk_data;
use pushbench_wire::http2::ByteStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Outlet;

/// A stream of an HTTP/2 connection; what it carries is counted for its deadlines only.
#[derive(Debug)]
pub(super) struct Http2Stream {
    stream: ByteStream,
    counters: Arc<SocketCounters>,
    /// Whether what is to be written comes in chunks, which HTTP/2 does not have.
    unwraps: bool,
}

impl Http2Stream {
    /// One stream of a connection; `unwraps` where the data of chunks is to be written.
    pub(super) fn new(stream: ByteStream, counters: Arc<SocketCounters>, unwraps: bool) -> Self {
        Self { stream, counters, unwraps }
    }
}

impl Outlet for Http2Stream {
    fn form(&self, piece: Bytes) -> Bytes {
        if self.unwraps { chunk_data(&piece) } else { piece }
    }

    /// A write is a frame of HTTP/2, and room is the stream's window.
    fn takes_runs(&self) -> bool {
        false
    }

    fn poll_write_piece(
        &mut self,
        cx: &mut Context<'_>,
        piece: &mut Bytes,
    ) -> Poll<io::Result<()>> {
        let written = ready!(self.stream.poll_write_piece(cx, piece))?;
        self.counters.written.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        self.counters.read.fetch_add(read as u64, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
