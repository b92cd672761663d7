//! Which HTTP a connection speaks, by its first bytes, and a stream that begins with them again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use pushbench_wire::http2::PREFACE;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// Most bytes of a first read: a request's head, as most are, so that the wait for the version costs
/// HTTP/1.1 no read more than it had.
const FIRST_READ: usize = 1_024;

/// What a connection's first bytes say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

/// Reads until it is clear which HTTP it is: HTTP/2 begins with its preface (RFC 9113, section 3.4),
/// and everything that does not is for the HTTP/1.1 library to judge. Gives what was read.
pub(crate) async fn version(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Version, Bytes)> {
    let mut first = [0; FIRST_READ];
    let mut len = 0;
    loop {
        let read = stream.read(&mut first[len..]).await?;
        len += read;
        let version = match told(&first[..len]) {
            None if read > 0 => continue,
            // It has ended in the middle of a preface, which is no request either.
            None => Version::Http1,
            Some(version) => version,
        };
        return Ok((version, Bytes::copy_from_slice(&first[..len])));
    }
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
pub(crate) struct Prefixed<S> {
    first: Bytes,
    inner: S,
}

impl<S> Prefixed<S> {
    pub(crate) fn new(first: Bytes, inner: S) -> Self {
        Self { first, inner }
    }

    /// What was not read again, and the stream.
    pub(crate) fn into_parts(self) -> (Bytes, S) {
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
