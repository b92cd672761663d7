//! Which HTTP a connection speaks, by its first bytes, and a stream that begins with them again.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use pushbench_protocol::HttpVersion;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::first_words;

/// Most bytes of a first read: more than most requests' heads have, so that they need no other.
const FIRST_READ: usize = 4_096;

/// Reads until it is clear which HTTP it is. Gives what was read.
pub(super) async fn version(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<(HttpVersion, Bytes)> {
    let mut first = Bytes::new();
    loop {
        let more = poll_fn(|cx| poll_words(stream, cx)).await?;
        let is_end = more.is_empty();
        first = if first.is_empty() { more } else { [first, more].concat().into() };
        match first_words::version(&first) {
            Some(version) => return Ok((version, first)),
            // It has ended in the middle of a preface, which is no request either.
            None if is_end => return Ok((HttpVersion::Http11, first)),
            None => {}
        }
    }
}

/// What a client says next, nothing at its end. There is no buffer while it says nothing.
pub(super) fn poll_words(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
) -> Poll<io::Result<Bytes>> {
    let mut room = [MaybeUninit::uninit(); FIRST_READ];
    let mut words = ReadBuf::uninit(&mut room);
    ready!(Pin::new(stream).poll_read(cx, &mut words))?;
    Poll::Ready(Ok(Bytes::copy_from_slice(words.filled())))
}

/// A stream that gives some bytes once more before it goes on.
#[derive(Debug)]
pub(super) struct Prefixed<S> {
    first: Bytes,
    inner: S,
}

impl<S> Prefixed<S> {
    pub(super) fn new(first: Bytes, inner: S) -> Self {
        Self { first, inner }
    }

    /// What was not read again, and the stream.
    pub(super) fn into_parts(self) -> (Bytes, S) {
        (self.first, self.inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let len = self.first.len().min(buf.remaining());
        buf.put_slice(&self.first[..len]);
        self.first.advance(len);
        if self.first.is_empty() {
            // An empty part of a buffer would keep all of it.
            self.first = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
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
