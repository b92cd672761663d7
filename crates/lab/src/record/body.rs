//! The body of a response: where it ends, and what its bytes are for.

use pushbench_protocol::{ByteKind, ConnectionClass, Direction};
use pushbench_wire::chunk::{ChunkedReader, Piece};
use pushbench_wire::head::BodyEnd;

use super::events::{Events, Lines};
use super::head::{NotHttp, RelayedHead};
use crate::books::Book;

/// The body of one response, or of one request.
#[derive(Debug)]
pub(crate) struct Body {
    end: End,
    form: Form,
}

#[derive(Debug)]
enum End {
    After(u64),
    LastChunk(ChunkedReader),
    Close,
    Reached,
}

/// What a body is made of.
#[derive(Debug)]
enum Form {
    /// A message a line.
    Lines(Lines),
    Events(Events),
    /// Why something was refused.
    Reason,
    /// Not booked by kind.
    Opaque,
}

impl Body {
    /// The body behind a response's head.
    pub(crate) fn of(head: &RelayedHead, class: ConnectionClass) -> Self {
        let form = match class {
            _ if head.status >= 400 => Form::Reason,
            ConnectionClass::ShortPoll | ConnectionClass::LongPoll | ConnectionClass::Stream => {
                Form::Lines(Lines::default())
            }
            ConnectionClass::Sse => Form::Events(Events::default()),
            // The only response to an upgrade that has a body is a refusal.
            ConnectionClass::WebSocket => Form::Reason,
            ConnectionClass::Publish
            | ConnectionClass::Control
            | ConnectionClass::Other
            | ConnectionClass::Silent
            | ConnectionClass::HandshakeOnly => Form::Opaque,
        };
        Self::new(head.body, form)
    }

    /// A body that is passed on and not booked.
    pub(crate) fn opaque(length: BodyEnd) -> Self {
        Self::new(length, Form::Opaque)
    }

    fn new(length: BodyEnd, form: Form) -> Self {
        let end = match length {
            BodyEnd::Length(0) => End::Reached,
            BodyEnd::Length(length) => End::After(length),
            BodyEnd::Chunks => End::LastChunk(ChunkedReader::default()),
            BodyEnd::Close => End::Close,
        };
        Self { end, form }
    }

    /// Whether all of it has passed.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.end, End::Reached)
    }

    /// Takes bytes off the front of `bytes`, as many as belong to it, and says how many.
    ///
    /// # Errors
    ///
    /// If a chunked body has no chunks.
    pub(crate) fn observe(&mut self, bytes: &[u8], book: &mut Book) -> Result<usize, NotHttp> {
        let taken = match &mut self.end {
            End::Reached => 0,
            End::After(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= here as u64;
                if *left == 0 {
                    self.end = End::Reached;
                }
                self.form.observe(&bytes[..here], book);
                here
            }
            End::Close => {
                self.form.observe(bytes, book);
                bytes.len()
            }
            End::LastChunk(chunks) => {
                let mut rest = bytes;
                let mut ended = false;
                while let Some(piece) = chunks.next(&mut rest)? {
                    match piece {
                        Piece::Data(data) => self.form.observe(data, book),
                        Piece::End => {
                            ended = true;
                            break;
                        }
                    }
                }
                self.form.mark(chunks.take_overhead(), book);
                if ended {
                    self.end = End::Reached;
                }
                bytes.len() - rest.len()
            }
        };
        if self.has_ended() {
            self.form.end(book);
        }
        Ok(taken)
    }
}

impl Form {
    fn observe(&mut self, bytes: &[u8], book: &mut Book) {
        match self {
            Self::Lines(lines) => lines.push(bytes, |line| {
                book.message(line, line.len() as u64);
                book.book(Direction::Down, ByteKind::Framing, 1);
            }),
            Self::Events(events) => events.observe(bytes, book),
            Self::Reason => book.book(Direction::Down, ByteKind::Control, bytes.len() as u64),
            Self::Opaque => {}
        }
    }

    /// Chunk sizes and their line ends.
    fn mark(&self, bytes: u64, book: &mut Book) {
        match self {
            Self::Lines(_) | Self::Events(_) => {
                book.book(Direction::Down, ByteKind::Framing, bytes);
            }
            Self::Reason => book.book(Direction::Down, ByteKind::Control, bytes),
            Self::Opaque => {}
        }
    }

    fn end(&mut self, book: &mut Book) {
        if let Self::Lines(lines) = self {
            let rest = lines.rest();
            if !rest.is_empty() {
                book.message(&rest, rest.len() as u64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::Layer;
    use pushbench_wire::chunk::{LAST_CHUNK, NotChunked, encode_chunk};

    use super::*;

    fn head(status: u16, body: BodyEnd) -> RelayedHead {
        RelayedHead { len: 0, status, body, closes: false }
    }

    /// Every cut of `bytes` gives the same book, takes no byte too many, and ends.
    fn check(head: RelayedHead, class: ConnectionClass, bytes: &[u8], expected: [u64; 3]) {
        let more = [bytes, b"HTTP/1.1 200 OK"].concat();
        for cut in 0..bytes.len() {
            let mut body = Body::of(&head, class);
            let mut book = Book::default();
            assert_eq!(body.observe(&more[..cut], &mut book), Ok(cut));
            assert!(!body.has_ended(), "{class} cut at {cut}");
            assert_eq!(body.observe(&more[cut..], &mut book), Ok(bytes.len() - cut));
            assert!(body.has_ended(), "{class} cut at {cut}");
            let kinds = [ByteKind::Payload, ByteKind::Framing, ByteKind::Control];
            assert_eq!(kinds.map(|kind| book.down[kind]), expected, "{class} cut at {cut}");
            assert_eq!(book.down.layer(Layer::Stream), bytes.len() as u64, "{class}");
        }
    }

    #[test]
    fn every_byte_of_a_body_is_booked_once_wherever_reads_end() {
        use ConnectionClass as Class;
        check(head(200, BodyEnd::Length(8)), Class::ShortPoll, b"one\ntwo\n", [6, 2, 0]);
        check(head(200, BodyEnd::Length(7)), Class::LongPoll, b"one\ntwo", [6, 1, 0]);
        check(head(404, BodyEnd::Length(5)), Class::LongPoll, b"what\n", [0, 0, 5]);
        check(head(403, BodyEnd::Length(5)), Class::WebSocket, b"what\n", [0, 0, 5]);
        let events =
            [&encode_chunk(&[b"data: hello\n\n"])[..], &encode_chunk(&[b":\n\n"]), LAST_CHUNK]
                .concat();
        check(head(200, BodyEnd::Chunks), Class::Sse, &events, [5, 8 + 5 + 5 + 5, 3]);
    }

    #[test]
    fn what_is_no_chunk_is_an_error() {
        let mut body = Body::of(&head(200, BodyEnd::Chunks), ConnectionClass::Sse);
        assert_eq!(
            body.observe(b"no size\r\n", &mut Book::default()),
            Err(NotHttp::Body(NotChunked))
        );
    }
}
