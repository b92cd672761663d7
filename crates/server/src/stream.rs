//! A client's connection, whatever carries it: HTTP and sessions read and write this and nothing
//! else.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use pushbench_tls::TlsStream;
use pushbench_wire::CountingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A client's socket, or what stands in its place, counted below everything else.
pub(crate) type Socket<S> = CountingStream<S>;

/// What a session's pieces leave over.
pub(crate) trait Outlet: AsyncRead + AsyncWrite + Unpin {
    /// A piece in the form in which this stream carries it; empty where it carries nothing for it.
    fn form(&self, piece: Bytes) -> Bytes;

    /// Whether a write of several pieces at once leaves the same bytes as one of each.
    fn takes_runs(&self) -> bool;

    /// Writes a part of `piece`, at least a byte, and takes it off.
    fn poll_write_piece(&mut self, cx: &mut Context<'_>, piece: &mut Bytes)
    -> Poll<io::Result<()>>;
}

/// What a client's bytes come over.
#[derive(Debug)]
pub(crate) enum Stream<S> {
    /// The socket as it is.
    Clear(Socket<S>),
    /// TLS over it. Boxed, so that clear connections do not pay for its keys.
    Tls(Box<TlsStream<Socket<S>>>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Outlet for Stream<S> {
    fn form(&self, piece: Bytes) -> Bytes {
        piece
    }

    fn takes_runs(&self) -> bool {
        match self {
            Self::Clear(_) => true,
            // A write is a record.
            Self::Tls(_) => false,
        }
    }

    fn poll_write_piece(
        &mut self,
        cx: &mut Context<'_>,
        piece: &mut Bytes,
    ) -> Poll<io::Result<()>> {
        let written = ready!(Pin::new(self).poll_write(cx, piece))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        piece.advance(written);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
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
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Clear(socket) => socket.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
