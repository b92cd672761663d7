//! Bytes to the server and back: a socket of the host's, or a pipe in memory.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

/// What carries a connection's bytes. Everything above is the same over both.
#[derive(Debug)]
pub(crate) enum Pipe {
    Tcp(TcpStream),
    Memory(Memory),
}

/// A pipe in memory, which no kernel counts.
#[derive(Debug)]
pub(crate) struct Memory {
    stream: DuplexStream,
    /// A byte that was looked at and not yet read.
    ahead: Option<u8>,
}

impl Memory {
    pub(crate) fn new(stream: DuplexStream) -> Self {
        Self { stream, ahead: None }
    }

    fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ahead.is_none() {
            let mut byte = [0; 1];
            let mut looked = ReadBuf::new(&mut byte);
            let _ = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut looked));
            self.ahead = looked.filled().first().copied();
        }
        Poll::Ready(())
    }
}

impl Pipe {
    /// What the kernel is asked by; absent where there is none.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        match self {
            Self::Tcp(stream) => Some(stream.as_raw_fd()),
            Self::Memory(_) => None,
        }
    }

    /// Ready when there is something to read, or nothing will come any more.
    ///
    /// # Errors
    ///
    /// If the connection was reset: the kernel says that once, and then that nothing more comes.
    pub(crate) fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => {
                let mut byte = [0; 1];
                stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)).map_ok(|_| ())
            }
            Self::Memory(memory) => memory.poll_look(cx).map(Ok),
        }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Memory(memory) => match memory.ahead.take() {
                Some(byte) => {
                    buf.put_slice(&[byte]);
                    // What is there behind it comes along.
                    match Pin::new(&mut memory.stream).poll_read(cx, buf) {
                        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                        Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
                    }
                }
                None => Pin::new(&mut memory.stream).poll_read(cx, buf),
            },
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Memory(memory) => Pin::new(&mut memory.stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Memory(memory) => Pin::new(&mut memory.stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Memory(memory) => memory.stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Memory(memory) => Pin::new(&mut memory.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Memory(memory) => Pin::new(&mut memory.stream).poll_shutdown(cx),
        }
    }
}
