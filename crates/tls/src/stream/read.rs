//! Reading: what was decrypted, in the order in which it was sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::TlsStream;
use super::kept::Waiting;

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    /// Ends when TCP has ended too, so that whoever counts its bytes has seen all of them.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        loop {
            let Waiting { bytes, taken } = &mut this.waiting;
            if !bytes.is_empty() {
                let len = buf.remaining().min(bytes.len() - *taken);
                buf.put_slice(&bytes[*taken..*taken + len]);
                *taken += len;
                if *taken == bytes.len() {
                    this.waiting = Waiting::default();
                }
                return Poll::Ready(Ok(()));
            }
            if this.incoming.has_ended || buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            // Who wrote and now waits for an answer need not flush.
            if let Poll::Ready(Err(error)) = this.poll_drain(cx) {
                return Poll::Ready(Err(error));
            }
            ready!(this.poll_receive(cx, Some(buf)))?;
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
