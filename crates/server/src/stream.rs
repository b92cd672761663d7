//! A client's connection, whatever carries it: HTTP and sessions read and write this and nothing
//! else.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use pushbench_tls::TlsStream;
use pushbench_wire::chunk::chunk_data;
use pushbench_wire::http2::ByteStream;
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A client's socket, counted below everything else.
pub(crate) type Socket = CountingStream<TcpStream>;

/// What a client's bytes come over.
#[derive(Debug)]
pub(crate) enum Stream {
    /// The socket as it is.
    Clear(Socket),
    /// TLS over it. Boxed, so that clear connections do not pay for its keys.
    Tls(Box<TlsStream<Socket>>),
    /// One stream of an HTTP/2 connection.
    Http2(Box<Http2>),
}

/// A stream of an HTTP/2 connection; what it carries is counted for its deadlines only.
#[derive(Debug)]
pub(crate) struct Http2 {
    stream: ByteStream,
    counters: Arc<SocketCounters>,
    /// Whether what is to be written comes in chunks, which HTTP/2 does not have.
    unwraps: bool,
}

impl Stream {
    /// One stream of a connection; `unwraps` where the data of chunks is to be written.
    pub(crate) fn of_http2(
        stream: ByteStream,
        counters: Arc<SocketCounters>,
        unwraps: bool,
    ) -> Self {
        Self::Http2(Box::new(Http2 { stream, counters, unwraps }))
    }

    /// A piece in the form in which this stream carries it; empty where it carries nothing for it.
    pub(crate) fn form(&self, piece: Bytes) -> Bytes {
        match self {
            Self::Http2(http2) if http2.unwraps => chunk_data(&piece),
            Self::Http2(_) | Self::Clear(_) | Self::Tls(_) => piece,
        }
    }

    /// Writes a part of `piece`, at least a byte, and takes it off.
    pub(crate) fn poll_write_piece(
        &mut self,
        cx: &mut Context<'_>,
        piece: &mut Bytes,
    ) -> Poll<io::Result<()>> {
        let written = match self {
            Self::Clear(socket) => ready!(Pin::new(socket).poll_write(cx, piece))?,
            Self::Tls(stream) => ready!(Pin::new(stream).poll_write(cx, piece))?,
            Self::Http2(http2) => {
                let written = ready!(http2.stream.poll_write_piece(cx, piece))?;
                http2.counters.written.fetch_add(written as u64, Ordering::Relaxed);
                return Poll::Ready(Ok(()));
            }
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        piece.advance(written);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Http2(http2) => {
                let before = buf.filled().len();
                let result = Pin::new(&mut http2.stream).poll_read(cx, buf);
                let read = buf.filled().len() - before;
                http2.counters.read.fetch_add(read as u64, Ordering::Relaxed);
                result
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Http2(http2) => Pin::new(&mut http2.stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Http2(http2) => Pin::new(&mut http2.stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Clear(socket) => socket.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Http2(http2) => http2.stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Http2(http2) => Pin::new(&mut http2.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Http2(http2) => Pin::new(&mut http2.stream).poll_shutdown(cx),
        }
    }
}
