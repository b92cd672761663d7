//! Writing: one write leaves as one write below.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pushbench_wire::record::CLOSE_NOTIFY_LEN;
use tokio::io::{AsyncRead, AsyncWrite};

use super::TlsStream;
use super::kept::Incoming;
use crate::engine::Outgoing;
use crate::settings::RECORD_CAPACITY;

/// Most bytes that one write takes: sixteen records.
const MOST_WRITTEN: usize = 16 * RECORD_CAPACITY;

thread_local! {
    /// Pieces of the stream that are written together.
    static TOGETHER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    /// What is taken and not sent is sent by the next write, read or flush.
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready_to_write(cx))?;
        Poll::Ready(self.send(cx, &bytes[..bytes.len().min(MOST_WRITTEN)]))
    }

    /// Pieces that are written together share their records and leave in one write.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready_to_write(cx))?;
        let mut pieces = slices.iter().filter(|slice| !slice.is_empty());
        let (Some(first), second) = (pieces.next(), pieces.next()) else {
            return Poll::Ready(Ok(0));
        };
        let Some(second) = second else {
            return Poll::Ready(self.send(cx, &first[..first.len().min(MOST_WRITTEN)]));
        };
        TOGETHER.with_borrow_mut(|together| {
            together.clear();
            for piece in [first, second].into_iter().chain(pieces) {
                let room = MOST_WRITTEN - together.len();
                together.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            Poll::Ready(self.send(cx, together))
        })
    }

    /// True: HTTP libraries then hand over a message's header and its data together, and it leaves
    /// in one write, as it does in clear text.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Says goodbye in TLS, then in TCP.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.has_said_goodbye && !this.incoming.has_failed {
            this.has_said_goodbye = true;
            let mut record = [0; CLOSE_NOTIFY_LEN as usize];
            let Incoming { kept, handled, .. } = &mut this.incoming;
            let kept = &mut kept[..*handled];
            let len = this.engine.write(Outgoing::CloseNotify, kept, &mut record)?;
            this.outgoing.bytes.extend_from_slice(&record[..len]);
        }
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
