//! A stream of events (HTML, section 9.2.6): lines that end by CR LF, LF or CR, and an empty one
//! that ends an event.
//!
//! A CR ends its line at once, since nobody knows when the next byte comes. An LF behind it is part
//! of that end, but is counted with the unit that follows, so that the books do not depend on where
//! reads end.

use crate::split::unit::{Edge, SplitError, Unit};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that has begun.
    line: Vec<u8>,
    /// Whether a line has ended before, so that no byte order mark can come.
    has_begun: bool,
    after_cr: bool,
    data: Vec<u8>,
    has_data: bool,
    event: Vec<u8>,
    /// Bytes of the event's lines with their ends, data and comments included.
    lines: u64,
    comments: u64,
    /// The same of fields that the standard does not know.
    ignored: u64,
    /// Whether the event has a field that is neither its data nor its type.
    has_fields: bool,
    /// The id of the event that has begun, if it has one.
    id: Option<Vec<u8>>,
    /// The id of the last event that was whole and had one.
    last_id: Option<Vec<u8>>,
}

impl Events {
    pub(super) fn pending(&self) -> u64 {
        self.line.len() as u64 + self.lines
    }

    /// The id of the last event that had one, of those that came since this was asked last.
    pub(super) fn take_last_id(&mut self) -> Option<Vec<u8>> {
        self.last_id.take()
    }

    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        most: usize,
        with: &mut dyn FnMut(Unit<'_>),
    ) -> Result<(), SplitError> {
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                self.lines += 1;
                rest = &rest[1..];
                continue;
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.line.extend_from_slice(rest);
                break;
            };
            self.after_cr = rest[end] == b'\r';
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if self.line.is_empty() {
                self.end_line(line, with);
            } else {
                self.line.extend_from_slice(line);
                let line = std::mem::take(&mut self.line);
                self.end_line(&line, with);
                self.line = line;
                self.line.clear();
            }
            if self.lines > most as u64 {
                return Err(SplitError::TooLong { most });
            }
        }
        if self.pending() > most as u64 {
            return Err(SplitError::TooLong { most });
        }
        if edge == Edge::Stream && self.pending() > 0 {
            // An event that its stream ends in is none (section 9.2.6).
            self.lines += std::mem::take(&mut self.line).len() as u64;
            self.dispatch(true, with);
        }
        if edge == Edge::Stream {
            // What comes next is the beginning of another.
            (self.has_begun, self.after_cr) = (false, false);
        }
        Ok(())
    }

    fn end_line(&mut self, line: &[u8], with: &mut dyn FnMut(Unit<'_>)) {
        self.lines += line.len() as u64 + 1;
        let line = match std::mem::replace(&mut self.has_begun, true) {
            false => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
            true => line,
        };
        if line.is_empty() {
            return self.dispatch(false, with);
        }
        if line[0] == b':' {
            self.comments += line.len() as u64 + 1;
            return;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            b"id" => {
                self.has_fields = true;
                // "If the field value does not contain U+0000 NULL [...] Otherwise, ignore the field."
                if !value.contains(&0) {
                    self.id = Some(value.to_vec());
                }
            }
            // Whoever does not come back by itself needs none.
            b"retry" => self.has_fields = true,
            // "The field is ignored" (section 9.2.6), and tells no sign of life.
            _ => {
                self.has_fields = true;
                self.ignored += line.len() as u64 + 1;
            }
        }
    }

    fn dispatch(&mut self, is_torn: bool, with: &mut dyn FnMut(Unit<'_>)) {
        // Line feeds between two lines of data are framing here and data there.
        let Self { comments, ignored, has_fields, .. } = *self;
        let framing = self.lines - comments - ignored - self.data.len() as u64;
        let (bytes, event) = (&self.data[..], &self.event[..]);
        with(Unit { bytes, event, framing, comments, ignored, has_fields, is_torn });
        match self.id.take() {
            Some(id) if !is_torn => self.last_id = Some(id),
            _ => {}
        }
        (self.lines, self.comments, self.ignored) = (0, 0, 0);
        (self.has_data, self.has_fields) = (false, false);
        self.data.clear();
        self.event.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_the_standard_says() {
        let text = "\u{feff}: hello\n\nid: 7\ndata: one\ndata:two\r\n\r\nevent: ping\rdata\r\r\
                    \ndata\n\nretry: 1\n\nfoo: bar\n\nfoo\ndata: x\n\n";
        let (mut seen, mut len) = (Vec::new(), 0);
        let mut events = Events::default();
        let fed = events.feed(text.as_bytes(), Edge::Read, 1_000, &mut |unit| {
            len += unit.len();
            let show = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let others = (unit.ignored, unit.has_fields);
            seen.push((show(unit.bytes), show(unit.event), unit.framing, unit.comments, others));
        });
        assert_eq!(fed, Ok(()));
        assert_eq!(len + events.pending(), text.len() as u64);
        let expected = [
            // The mark and the empty line; the comment.
            ("", "", 3 + 1, 8, (0, false)),
            ("one\ntwo", "", 6 + 10 + 9 + 1 + 1 - 7, 0, (0, true)),
            ("", "ping", 1 + 12 + 5 + 1, 0, (0, false)),
            ("", "", 1 + 5 + 1, 0, (0, false)),
            ("", "", 9 + 1, 0, (0, true)),
            // What the standard does not know, alone and beside data.
            ("", "", 1, 0, (9, true)),
            ("x", "", 6 + 1 + 1, 0, (4, true)),
        ];
        let expected = expected.map(|(data, event, framing, comments, others)| {
            (data.to_owned(), event.to_owned(), framing, comments, others)
        });
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_last_id_is_of_the_last_whole_event_that_has_one() {
        for (text, expected) in [
            ("id: 7\ndata: a\n\ndata: b\n\n", Some("7")),
            // An event without data has an id all the same, and one that is empty is one.
            ("id: 7\ndata: a\n\nid:8\n\n", Some("8")),
            ("id: 7\ndata: a\n\nid\ndata: b\n\n", Some("")),
            ("id: 7\nid: 8\ndata: a\n\n", Some("8")),
            ("id: 7\ndata: a\n\nid: 8\u{0}\ndata: b\n\n", Some("7")),
            // The stream ended in it.
            ("id: 7\ndata: a\n\nid: 8\ndata: b\n", Some("7")),
            ("data: a\n\n", None),
        ] {
            let mut events = Events::default();
            let fed = events.feed(text.as_bytes(), Edge::Stream, 1_000, &mut |_| ());
            assert_eq!(fed, Ok(()));
            let found = events.take_last_id();
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{text:?}");
            assert_eq!(events.take_last_id(), None, "it is of what came since");
        }
    }

    #[test]
    fn a_stream_behind_another_begins_anew() {
        let mut events = Events::default();
        for text in ["\u{feff}data: a\r\r", "\u{feff}data: b\n\n", "\ndata: c\n\n"] {
            let mut seen = Vec::new();
            let fed = events.feed(text.as_bytes(), Edge::Stream, 1_000, &mut |unit| {
                seen.push((unit.bytes.to_vec(), unit.len()));
            });
            assert_eq!(fed, Ok(()));
            let len = seen.iter().map(|(_, len)| len).sum::<u64>();
            assert_eq!(len, text.len() as u64, "{text:?}");
            assert!(seen.iter().any(|(data, _)| data.len() == 1), "{text:?}: {seen:?}");
        }
    }
}
