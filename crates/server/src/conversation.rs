//! What every connection does once HTTP is done with it: reads what the client says, writes what
//! there is to say, one piece after the other.

use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::ReadBuf;

use crate::feed::Feed;
use crate::shared_stream::{SharedStream, Turn};
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

    /// Where it reads and writes.
    fn stream(&self) -> &SharedStream<Self::Stream>;

    /// Where its messages come from.
    fn feed(&self) -> &Feed;

    /// Takes what the client has sent.
    fn on_bytes(&mut self, bytes: &[u8]);

    /// The next thing to write; `None` while there is nothing.
    fn next_piece(&mut self) -> Option<Bytes>;

    /// Reads what there is; ready when the client has closed its side.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        SCRATCH.with_borrow_mut(|scratch| {
            for _ in 0..READS_IN_A_ROW {
                let mut buffer = ReadBuf::new(scratch);
                ready!(self.stream().poll_read(cx, &mut buffer))?;
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
        self.stream().reserve();
        loop {
            ready!(self.stream().poll_rest(cx))?;
            if let Some(piece) = self.next_piece() {
                self.stream().give(piece);
                continue;
            }
            if let Turn::Awaited = ready!(self.stream().poll_release(cx))? {
                self.feed().has_room();
            }
            return Poll::Ready(Ok(()));
        }
    }
}
