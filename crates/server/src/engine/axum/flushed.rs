//! A connection's bytes, with a word when some are written and when none are left.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::turn::Turn;

/// Bytes that are joined before they are written: a head and a short content. The kernel takes one
/// piece at less cost than it takes two, and the copy costs less than that; where the content is long,
/// the copy would cost more.
const JOINED: usize = 2_048;

/// A stream whose writes and flushes are told.
#[derive(Debug)]
pub(super) struct Flushed<S> {
    inner: S,
    turn: Arc<Turn>,
}

impl<S> Flushed<S> {
    pub(super) fn new(inner: S, turn: Arc<Turn>) -> Self {
        Self { inner, turn }
    }

    pub(super) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Flushed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Flushed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.turn.writes();
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.turn.writes();
        let len = slices.iter().map(|slice| slice.len()).sum::<usize>();
        if len > JOINED {
            return Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        }
        let mut room = [MaybeUninit::uninit(); JOINED];
        let mut joined = ReadBuf::uninit(&mut room);
        for slice in slices {
            joined.put_slice(slice);
        }
        Pin::new(&mut self.inner).poll_write(cx, joined.filled())
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// The library asks for it once it has nothing left to write itself.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.turn.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
