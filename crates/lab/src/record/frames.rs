//! WebSocket frames of one direction (RFC 6455, section 5.2).

use pushbench_protocol::paths::NOTICE;
use pushbench_protocol::{ByteKind, Direction, Envelope};
use pushbench_wire::frame::{FrameHeader, HeaderParser, Opcode};

use crate::books::Book;

/// Books frames, each when it is whole.
#[derive(Debug)]
pub(crate) struct Frames {
    direction: Direction,
    parser: HeaderParser,
    frame: Option<Frame>,
}

/// A frame whose payload is passing.
#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    left: u64,
    /// The first bytes of the payload, as they passed.
    start: Vec<u8>,
}

impl Frames {
    /// Frames of one direction.
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, parser: HeaderParser::default(), frame: None }
    }

    /// Takes the next bytes.
    pub(crate) fn observe(&mut self, mut bytes: &[u8], book: &mut Book) {
        loop {
            if let Some(frame) = &mut self.frame {
                let here = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
                let (payload, rest) = bytes.split_at(here);
                let wanted = Envelope::LEN.saturating_sub(frame.start.len()).min(here);
                frame.start.extend_from_slice(&payload[..wanted]);
                frame.left -= here as u64;
                bytes = rest;
                if frame.left > 0 {
                    return;
                }
                frame.book(self.direction, book);
                self.frame = None;
            }
            let Some((&byte, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.frame = self.parser.push(byte).map(|header| Frame {
                header,
                left: header.payload_len,
                start: Vec::new(),
            });
        }
    }
}

impl Frame {
    fn book(&self, direction: Direction, book: &mut Book) {
        let len = self.header.payload_len;
        let is_control = Opcode::from_bits(self.header.opcode).is_none_or(Opcode::is_control);
        // Only the server gives notices, and it does not mask.
        let is_notice = direction == Direction::Down && self.start.first() == Some(&NOTICE);
        if is_control || is_notice {
            return book.book(direction, ByteKind::Control, self.header.header_len + len);
        }
        book.book(direction, ByteKind::Framing, self.header.header_len);
        match direction {
            Direction::Down => book.message(&self.start, len),
            Direction::Up => {
                book.sent += 1;
                book.book(direction, ByteKind::Payload, len);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{PublishNumber, Timestamp};
    use pushbench_wire::frame::encode_header;

    use super::*;

    fn frame(out: &mut Vec<u8>, opcode: Opcode, mask: Option<[u8; 4]>, payload: &[u8]) {
        encode_header(out, true, opcode, payload.len() as u64, mask);
        out.extend_from_slice(payload);
    }

    fn observe<'a>(direction: Direction, reads: impl IntoIterator<Item = &'a [u8]>) -> Book {
        let mut frames = Frames::new(direction);
        let mut book = Book::default();
        for bytes in reads {
            frames.observe(bytes, &mut book);
        }
        book
    }

    #[test]
    fn what_the_server_sends_is_payload_repeat_framing_or_control_wherever_reads_end() {
        let envelope = Envelope { number: PublishNumber(3), due_at: Timestamp::from_nanos(9) };
        let mut payload = envelope.encode().to_vec();
        payload.extend_from_slice(b"abcd");
        let mut bytes = Vec::new();
        frame(&mut bytes, Opcode::Text, None, &payload);
        frame(&mut bytes, Opcode::Ping, None, b"hi");
        frame(&mut bytes, Opcode::Text, None, &payload);
        frame(&mut bytes, Opcode::Text, None, b"!gap 2");
        frame(&mut bytes, Opcode::Text, None, &[b'x'; 200]);
        frame(&mut bytes, Opcode::Text, None, b"");
        frame(&mut bytes, Opcode::Close, None, b"\x03\xe8");
        for cut in 0..=bytes.len() {
            let (first, second) = bytes.split_at(cut);
            let book = observe(Direction::Down, [first, second]);
            let down = book.down;
            assert_eq!(
                [ByteKind::Payload, ByteKind::Repeat, ByteKind::Framing, ByteKind::Control]
                    .map(|kind| down[kind]),
                [220, 20, 2 + 2 + 4 + 2, 4 + 8 + 4],
                "cut at {cut}"
            );
            assert_eq!((book.messages, book.repeats), (3, 1), "cut at {cut}");
        }
        assert_eq!(observe(Direction::Down, bytes.chunks(1)).down[ByteKind::Payload], 220);
    }

    #[test]
    fn what_the_browser_sends_has_its_masking_key_as_framing_and_is_no_notice() {
        let mut bytes = Vec::new();
        frame(&mut bytes, Opcode::Text, Some([1, 2, 3, 4]), b"!masked");
        frame(&mut bytes, Opcode::Close, Some([1, 2, 3, 4]), b"\x03\xe8");
        let book = observe(Direction::Up, [&bytes[..]]);
        assert_eq!(
            [ByteKind::Payload, ByteKind::Framing, ByteKind::Control].map(|kind| book.up[kind]),
            [7, 6, 8]
        );
        assert_eq!(book.sent, 1);
    }
}
