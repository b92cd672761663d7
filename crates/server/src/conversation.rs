//! What every connection does once HTTP is done with it: reads what the client says, writes what
//! there is to say, one piece a write.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Outlet;

/// Bytes read at a time.
const SCRATCH_LEN: usize = 16 * 1024;
/// Reads before it is the writes' turn, so that a client that floods us still gets its news.
const READS_IN_A_ROW: usize = 4;

thread_local! {
    /// Where every session of this thread reads to: an idle connection holds no buffer, and none is
    /// zeroed before each read.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_LEN]);
}

/// One side of a conversation that is no longer HTTP.
pub(crate) trait Conversation {
    /// What carries it.
    type Stream: Outlet;

    /// The socket, and what is left of the piece being written; pieces never mix.
    fn socket(&mut self) -> (&mut Self::Stream, &mut Bytes);

    /// Takes what the client has sent.
    fn on_bytes(&mut self, bytes: &[u8]);

    /// The next thing to write; `None` while there is nothing.
    fn next_piece(&mut self) -> Option<Bytes>;

    /// Reads what there is; ready when the client has closed its side.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        SCRATCH.with_borrow_mut(|scratch| {
            for _ in 0..READS_IN_A_ROW {
                let mut buffer = ReadBuf::new(scratch);
                ready!(Pin::new(self.socket().0).poll_read(cx, &mut buffer))?;
                if buffer.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.on_bytes(buffer.filled());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Writes what waits; pending while the socket takes no more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.socket().1.is_empty() {
                // An idle subscriber keeps no message alive.
                *self.socket().1 = Bytes::new();
                match self.next_piece() {
                    Some(piece) => {
                        let (stream, writing) = self.socket();
                        *writing = stream.form(piece);
                        // The end of an answer is no piece on every stream.
                        continue;
                    }
                    // TLS may hold what the socket did not take.
                    None => return Pin::new(self.socket().0).poll_flush(cx),
                }
            }
            let (stream, writing) = self.socket();
            ready!(stream.poll_write_piece(cx, writing))?;
        }
    }
}
