//! Lines, and server-sent events made of them (HTML, section 9.2), as the push server writes them.

use pushbench_protocol::paths::GAP_EVENT;
use pushbench_protocol::{ByteKind, Direction};

use crate::books::Book;

/// Cuts bytes into lines, however they come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    kept: Vec<u8>,
}

impl Lines {
    /// Takes bytes; `with` gets each line that is whole, without its line feed.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut with: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.kept.extend_from_slice(&bytes[..end]);
            with(&self.kept);
            self.kept.clear();
            bytes = &bytes[end + 1..];
        }
        self.kept.extend_from_slice(bytes);
    }

    /// What is left without a line feed.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }
}

/// Books events, each when its empty line has come.
#[derive(Debug, Default)]
pub(crate) struct Events {
    lines: Lines,
    event: Event,
}

#[derive(Debug, Default)]
struct Event {
    data: Option<Vec<u8>>,
    is_gap: bool,
    /// Bytes of its lines that are no data.
    marks: u64,
}

impl Events {
    /// Takes the next bytes of the stream of events, which is within the chunks.
    pub(crate) fn observe(&mut self, bytes: &[u8], book: &mut Book) {
        let event = &mut self.event;
        self.lines.push(bytes, |line| event.take(line, book));
    }
}

impl Event {
    fn take(&mut self, line: &[u8], book: &mut Book) {
        if line.is_empty() {
            self.marks += 1;
            return std::mem::take(self).book(book);
        }
        match line.strip_prefix(b"data: ") {
            Some(data) if self.data.is_none() => {
                self.marks += (line.len() - data.len()) as u64 + 1;
                self.data = Some(data.to_vec());
            }
            // The server's payloads are one line each.
            _ => {
                self.is_gap |= line.strip_prefix(b"event: ") == Some(GAP_EVENT.as_bytes());
                self.marks += line.len() as u64 + 1;
            }
        }
    }

    fn book(self, book: &mut Book) {
        match self.data {
            Some(data) if !self.is_gap => {
                book.book(Direction::Down, ByteKind::Framing, self.marks);
                book.message(&data, data.len() as u64);
            }
            // A comment, or the notice of a gap.
            data => {
                let len = self.marks + data.map_or(0, |data| data.len() as u64);
                book.book(Direction::Down, ByteKind::Control, len);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_payload_and_framing_and_a_comment_or_a_gap_is_control() {
        let stream =
            b"id: 0001000000000002\ndata: hello\n\n:\n\nevent: gap\ndata: 12\n\ndata: !\n\n";
        for cut in 0..=stream.len() {
            let mut events = Events::default();
            let mut book = Book::default();
            events.observe(&stream[..cut], &mut book);
            events.observe(&stream[cut..], &mut book);
            assert_eq!(
                [ByteKind::Payload, ByteKind::Framing, ByteKind::Control].map(|k| book.down[k]),
                [5 + 1, 21 + 6 + 1 + 1 + 6 + 1 + 1, 3 + 11 + 9 + 1],
                "cut at {cut}"
            );
            assert_eq!(book.messages, 2);
        }
    }
}
