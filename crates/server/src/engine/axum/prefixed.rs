//! Which HTTP a connection speaks, by its first bytes, and a stream that begins with them again.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use pushbench_wire::http2::PREFACE;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most bytes of a first read: more than most requests' heads have, so that they need no other.
const FIRST_READ: usize = 4_096;

/// What a connection's first bytes say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// Reads until it is clear which HTTP it is: HTTP/2 begins with its preface (RFC 9113, section 3.4),
/// and everything that does not is for the HTTP/1.1 library to judge. Gives what was read.
pub(super) async fn version(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Version, Bytes)> {
    let mut first = Bytes::new();
    loop {
        let more = poll_fn(|cx| poll_words(stream, cx)).await?;
        let is_end = more.is_empty();
        first = if first.is_empty() { more } else { [first, more].concat().into() };
        match told(&first) {
            Some(version) => return Ok((version, first)),
            // It has ended in the middle of a preface, which is no request either.
            None if is_end => return Ok((Version::Http1, first)),
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

/// The version, once the bytes tell.
fn told(bytes: &[u8]) -> Option<Version> {
    let len = bytes.len().min(PREFACE.len());
    match bytes[..len] == PREFACE[..len] {
        false => Some(Version::Http1),
        true if len == PREFACE.len() => Some(Version::Http2),
        true => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told_as_soon_as_the_bytes_tell() {
        for len in 0..PREFACE.len() {
            assert_eq!(told(&PREFACE[..len]), None, "{len}");
            let mut other = PREFACE[..=len].to_vec();
            other[len] ^= 1;
            assert_eq!(told(&other), Some(Version::Http1), "{len}");
        }
        assert_eq!(told(PREFACE), Some(Version::Http2));
        assert_eq!(told(&[&PREFACE[..], b"more"].concat()), Some(Version::Http2));
        assert_eq!(told(b"PUT / HTTP/1.1\r\n"), Some(Version::Http1));
    }
}
