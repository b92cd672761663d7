//! The body of a large answer to a poll, read from the log as the client takes it.
//!
//! Nothing is copied, and a client that takes its time keeps nothing in memory that the log has let
//! go: its answer breaks off then, as a subscriber's stream meets the policy for slow ones.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::books::Books;
use crate::exchange::Reader;
use crate::hub::Pieces;

/// Booked where an answer breaks off: closed without a word, as code 1006 says of WebSockets.
const BROKEN_OFF: u16 = 1006;

/// Bytes that leave before it is the turn of all other connections.
const AT_A_TIME: usize = 64 * 1024;

struct PiecesBody {
    reader: Reader,
    books: Arc<Books>,
    left: Pieces,
    /// What is left of the message being sent.
    rest: Bytes,
    /// Whether others come first.
    gives_way: bool,
}

/// A body of these pieces.
pub(super) fn body(reader: Reader, books: Arc<Books>, pieces: Pieces) -> Body {
    Body::new(PiecesBody { reader, books, left: pieces, rest: Bytes::new(), gives_way: false })
}

impl HttpBody for PiecesBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if std::mem::take(&mut self.gives_way) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            let Pieces { from, to, .. } = self.left;
            if from == to {
                return Poll::Ready(None);
            }
            let Some(piece) = self.reader.piece(from) else {
                self.books.refuse(BROKEN_OFF);
                self.left.from = to;
                let error = io::Error::other("the log no longer holds the message");
                return Poll::Ready(Some(Err(error)));
            };
            self.left.from += 1;
            self.rest = piece;
        }
        let len = self.rest.len().min(AT_A_TIME);
        let piece = self.rest.split_to(len);
        self.left.bytes -= piece.len() as u64;
        self.gives_way = true;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.from == self.left.to && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.bytes)
    }
}
