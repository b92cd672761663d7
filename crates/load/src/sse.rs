//! A client that takes server-sent events (HTML, section 9.2).
//!
//! Field names, the `id:` with its cursor and line ends are `framing`; comments and the event that
//! tells a gap are `control`. Lines may end in LF or CR LF; no server of today ends them in CR.

use pushbench_protocol::paths::GAP_EVENT;

use crate::lines::LineReader;
use crate::streamed::{Codec, Item, Said};
use crate::{Fault, Plan};

/// Reads events.
#[derive(Debug, Default)]
pub(crate) struct Events {
    lines: LineReader,
    event: Event,
}

/// An event of which some lines have come.
#[derive(Debug, Default)]
struct Event {
    data: Vec<u8>,
    has_data: bool,
    kind: Kind,
    /// Bytes of its lines, data included.
    lines: u64,
    /// Bytes of comments.
    comments: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Kind {
    #[default]
    Message,
    Gap,
    /// A type that means nothing here.
    Other,
}

impl Codec for Events {
    fn request(plan: &Plan, topic: u32) -> Vec<u8> {
        let path = Plan::topic_name(topic).events_path();
        let target = plan.head_target(&path);
        plan.scenario.headers.request.events(target)
    }

    fn push(&mut self, data: &[u8], hear: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault> {
        let event = &mut self.event;
        self.lines.push(data, |line| {
            event.take(line, hear);
            Ok(())
        })
    }
}

impl Event {
    /// Takes a line without its line feed.
    fn take(&mut self, line: &[u8], hear: &mut dyn FnMut(Item<'_>)) {
        let len = line.len() as u64 + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return self.end(len, hear);
        }
        if line[0] == b':' {
            self.comments += len;
            return;
        }
        self.lines += len;
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.kind = match value {
                    b"" | b"message" => Kind::Message,
                    value if value == GAP_EVENT.as_bytes() => Kind::Gap,
                    _ => Kind::Other,
                };
            }
            // Whoever does not come back needs no `id` and no `retry`.
            _ => {}
        }
    }

    /// The empty line, of `len` bytes, that ends an event, or a comment by itself.
    fn end(&mut self, len: u64, hear: &mut dyn FnMut(Item<'_>)) {
        let (lines, comments) = (self.lines, self.comments);
        let item = match self.kind {
            Kind::Message if self.has_data => {
                // Line feeds between two lines of data are framing here and data there.
                let framing = (lines + len).saturating_sub(self.data.len() as u64);
                Item { said: Said::Message(&self.data), framing, control: comments }
            }
            Kind::Gap if self.has_data => {
                let gap = std::str::from_utf8(&self.data).ok().and_then(|text| text.parse().ok());
                let said = Said::Gap(gap.unwrap_or(0));
                Item { said, framing: 0, control: lines + comments + len }
            }
            Kind::Message | Kind::Gap | Kind::Other => {
                Item { said: Said::Nothing, framing: 0, control: lines + comments + len }
            }
        };
        hear(item);
        self.data.clear();
        *self = Self { data: std::mem::take(&mut self.data), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = (String, u64, u64);

    fn read<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
        let mut events = Events::default();
        let mut seen = Vec::new();
        for bytes in reads {
            let pushed = events.push(bytes, &mut |item| {
                let said = match item.said {
                    Said::Message(payload) => String::from_utf8_lossy(payload).into_owned(),
                    Said::Gap(gap) => format!("gap {gap}"),
                    Said::Nothing => "nothing".to_owned(),
                };
                seen.push((said, item.framing, item.control));
            });
            assert_eq!(pushed, Ok(()));
        }
        seen
    }

    const STREAM: &[u8] = b"id: 0001000000000001\ndata: hello\n\n:\n\nevent: gap\ndata: 12\n\n\
        : a comment\ndata:two\r\ndata: lines\r\n\r\nevent: other\ndata: x\n\nretry: 10\n\n\n";

    fn expected() -> Vec<Seen> {
        [
            ("hello", 21 + 6 + 1 + 1, 0),
            ("nothing", 0, 3),
            ("gap 12", 0, 11 + 9 + 1),
            ("two\nlines", 10 + 13 + 2 - 9, 12),
            ("nothing", 0, 13 + 8 + 1),
            ("nothing", 0, 10 + 1),
            ("nothing", 0, 1),
        ]
        .map(|(said, framing, control)| (said.to_owned(), framing, control))
        .into()
    }

    #[test]
    fn events_do_not_depend_on_where_reads_end() {
        assert_eq!(read([STREAM]), expected());
        for cut in 0..STREAM.len() {
            let (first, second) = STREAM.split_at(cut);
            assert_eq!(read([first, second]), expected(), "cut at {cut}");
        }
        assert_eq!(read(STREAM.chunks(1)), expected());
    }

    #[test]
    fn every_byte_is_booked_once() {
        let booked: u64 = read([STREAM])
            .iter()
            .map(|(said, framing, control)| {
                let payload = if *control == 0 || *framing > 0 { said.len() as u64 } else { 0 };
                payload + framing + control
            })
            .sum();
        assert_eq!(booked, STREAM.len() as u64);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in "[\\PC\n\r:]{0,80}") {
            read([bytes.as_bytes()]);
        }
    }
}
