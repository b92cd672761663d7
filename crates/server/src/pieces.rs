//! The body of a large response to a poll, read from the log as the client takes it.
//!
//! Nothing is copied, and a client that takes its time keeps nothing in memory that the log has let
//! go: its response breaks off then, as a subscriber's stream meets the policy for slow ones.

use std::sync::Arc;

use bytes::Bytes;

use crate::books::Books;
use crate::exchange::Reader;
use crate::hub::Pieces;

/// Booked where a response breaks off: closed without a word, as code 1006 says of WebSockets.
const BROKEN_OFF: u16 = 1006;

/// Bytes that leave before it is the turn of all other connections.
const AT_A_TIME: usize = 64 * 1024;

/// Why a response ends before its end.
#[derive(Debug, thiserror::Error)]
#[error("the log no longer holds the message")]
pub(crate) struct BrokenOff;

/// What is left of such a body.
#[derive(Debug)]
pub(crate) struct PieceSource {
    reader: Reader,
    books: Arc<Books>,
    left: Pieces,
    /// What is left of the message being sent.
    rest: Bytes,
}

impl PieceSource {
    /// All of these pieces.
    pub(crate) fn new(reader: Reader, books: Arc<Books>, pieces: Pieces) -> Self {
        Self { reader, books, left: pieces, rest: Bytes::new() }
    }

    /// Bytes that are left.
    pub(crate) fn bytes(&self) -> u64 {
        self.left.bytes
    }

    /// Whether nothing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.left.from == self.left.to && self.rest.is_empty()
    }

    /// What is to leave next, before it is the turn of others; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the log no longer holds it, which is booked.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        if self.rest.is_empty() {
            let Pieces { from, to, .. } = self.left;
            if from == to {
                return Ok(None);
            }
            let Some(piece) = self.reader.piece(from) else {
                self.books.refuse(BROKEN_OFF);
                self.left.from = to;
                return Err(BrokenOff);
            };
            self.left.from += 1;
            self.rest = piece;
        }
        let len = self.rest.len().min(AT_A_TIME);
        let piece = self.rest.split_to(len);
        self.left.bytes -= piece.len() as u64;
        Ok(Some(piece))
    }
}
