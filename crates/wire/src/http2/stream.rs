//! One stream of an HTTP/2 connection as bytes both ways: what a WebSocket runs over (RFC 8441,
//! section 5), and what an answer that does not end is written to.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// DATA frames as a stream of bytes. Its end is the stream's `END_STREAM`.
///
/// A write is taken as far as the peer's windows and the connection's send buffer allow, so that
/// one that would wait says so, and each leaves in frames of its own.
#[derive(Debug)]
pub struct ByteStream {
    send: SendStream<Bytes>,
    /// `None` where the peer has said all it has to say.
    receive: Option<RecvStream>,
    /// Data that has come and was not read.
    unread: Bytes,
    has_ended: bool,
}

impl ByteStream {
    /// Both directions of a stream.
    pub fn new(send: SendStream<Bytes>, receive: RecvStream) -> Self {
        Self { send, receive: Some(receive), unread: Bytes::new(), has_ended: false }
    }

    /// A stream whose peer only listens. It reads as open until the peer resets it or we end it.
    pub fn to_listener(send: SendStream<Bytes>) -> Self {
        Self { send, receive: None, unread: Bytes::new(), has_ended: false }
    }

    /// Writes a part of `piece`, as much as may be, and takes it off; gives its length. Copies
    /// nothing.
    pub fn poll_write_piece(
        &mut self,
        cx: &mut Context<'_>,
        piece: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        let len = ready!(self.poll_room(cx, piece.len()))?;
        self.send.send_data(piece.split_to(len), false).map_err(error)?;
        Poll::Ready(Ok(len))
    }

    /// How much of `len` bytes may be written now.
    fn poll_room(&mut self, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<usize>> {
        self.send.reserve_capacity(len);
        let mut room = self.send.capacity();
        while room == 0 {
            room = match ready!(self.send.poll_capacity(cx)) {
                Some(room) => room.map_err(error)?,
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        Poll::Ready(Ok(room.min(len)))
    }

    /// Waits for the peer's reset of a stream that it only listens to.
    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_ended { Poll::Ready(()) } else { self.send.poll_reset(cx).map(|_| ()) }
    }
}

/// What happened to the stream, as a socket would say it.
fn error(error: h2::Error) -> io::Error {
    match error.is_io() {
        true => error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into()),
        false => io::Error::new(io::ErrorKind::ConnectionReset, error),
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.unread.is_empty() {
            let Some(receive) = &mut this.receive else {
                return this.poll_reset(cx).map(Ok);
            };
            match ready!(receive.poll_data(cx)) {
                Some(data) => this.unread = data.map_err(error)?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let len = this.unread.len().min(buf.remaining());
        buf.put_slice(&this.unread[..len]);
        this.unread.advance(len);
        if let Some(receive) = &mut this.receive {
            // Fails only for more than was received.
            let _ = receive.flow_control().release_capacity(len);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let len = ready!(self.poll_room(cx, bytes.len()))?;
        self.send.send_data(Bytes::copy_from_slice(&bytes[..len]), false).map_err(error)?;
        Poll::Ready(Ok(len))
    }

    /// The connection's task flushes.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.send.send_data(Bytes::new(), true).map_err(error)?;
        }
        Poll::Ready(Ok(()))
    }
}
