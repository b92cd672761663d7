//! A client that takes server-sent events (HTML, section 9.2).
//!
//! Field names, the `id:` with its cursor and line ends are `framing`; comments and the event that
//! tells a gap are `control`. An event of a type that nobody here asked for is a message if it carries
//! one of ours (a page would listen for that type), and a sign of life otherwise.

use pushbench_protocol::number::{MAX_BODY, gap};
use pushbench_protocol::paths::GAP_EVENT;
use pushbench_protocol::{Cursor, Envelope};

use crate::transport::event_lines::{EventLine, EventLineReader};
use crate::transport::item::{Codec, Item, Said};
use crate::{Fault, Plan};

/// Reads events.
#[derive(Debug, Default)]
pub(crate) struct Events {
    lines: EventLineReader,
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
    /// Another type.
    Other,
}

impl Codec for Events {
    fn request(plan: &Plan, topic: u32, after: Option<Cursor>) -> Vec<u8> {
        let path = plan.topic_name(topic).events_path();
        let target = plan.head_target(&path);
        plan.scenario.headers.request.events_after(target, plan.transport.content_coding(), after)
    }

    fn push(&mut self, data: &[u8], on_item: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault> {
        let event = &mut self.event;
        self.lines.push(data, |line| event.take(line, on_item))
    }
}

impl Event {
    fn take(
        &mut self,
        line: EventLine<'_>,
        on_item: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Fault> {
        let EventLine { text: line, len } = line;
        if line.is_empty() {
            return self.end(len, on_item);
        }
        if line[0] == b':' {
            self.comments += len;
            return Ok(());
        }
        self.lines += len;
        if self.lines > MAX_BODY {
            return Err(Fault::TooLarge);
        }
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
            // The `id` is the cursor that a client has by counting, as one without ids must; when it
            // comes back the scenario says, and not a `retry`.
            _ => {}
        }
        Ok(())
    }

    /// The empty line, of `len` bytes, that ends an event, or a comment by itself.
    fn end(&mut self, len: u64, on_item: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault> {
        let (lines, comments) = (self.lines, self.comments);
        let is_ours = || Envelope::decode(&self.data).is_some();
        let kind = match self.kind {
            Kind::Other if self.has_data && is_ours() => Kind::Message,
            kind => kind,
        };
        let item = match kind {
            Kind::Message if self.has_data => {
                // Line feeds between two lines of data are framing here and data there.
                let payload = self.data.len() as u64;
                let framing = (lines + len).saturating_sub(payload);
                Item { said: Said::Message(&self.data), payload, framing, control: comments }
            }
            Kind::Gap if self.has_data => {
                let said = Said::Gap(gap(&self.data).ok_or(Fault::Malformed)?);
                Item { said, payload: 0, framing: 0, control: lines + comments + len }
            }
            Kind::Message | Kind::Gap | Kind::Other => {
                let control = lines + comments + len;
                Item { said: Said::Nothing, payload: 0, framing: 0, control }
            }
        };
        on_item(item);
        self.data.clear();
        *self = Self { data: std::mem::take(&mut self.data), ..Self::default() };
        Ok(())
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
            // An LF whose CR ended the event in the read before comes with the next event.
            let is_torn = first.ends_with(b"\r") && second.starts_with(b"\n");
            match is_torn {
                false => assert_eq!(read([first, second]), expected(), "cut at {cut}"),
                true => assert_eq!(said([first, second]), said([STREAM]), "cut at {cut}"),
            }
        }
        assert_eq!(said(STREAM.chunks(1)), said([STREAM]));
    }

    /// What was said, and the bytes of all of it.
    fn said<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, u64) {
        let (said, bytes): (Vec<_>, Vec<_>) = read(reads)
            .into_iter()
            .map(|(said, framing, control)| (said, framing + control))
            .unzip();
        (said, bytes.iter().sum())
    }

    #[test]
    fn events_end_their_lines_as_they_like() {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                ["\u{feff}data: one", "data: two", "", ":", "", "data", "", "data: 3", "", ""];
            let text = text.join(end);
            for cut in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let found = said([first, second]).0;
                assert_eq!(found, ["one\ntwo", "nothing", "", "3"], "{end:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn an_event_of_another_type_is_a_message_if_it_carries_one_of_ours() {
        let number = pushbench_protocol::PublishNumber(7);
        let envelope = Envelope { number, due_at: pushbench_protocol::Timestamp::from_nanos(9) };
        let payload = String::from_utf8(envelope.encode().to_vec()).expect("ASCII");
        let text = format!("event: price\ndata: {payload}\n\nevent: ping\ndata: {{}}\n\n");
        assert_eq!(said([text.as_bytes()]).0, [payload.as_str(), "nothing"]);
    }

    #[test]
    fn a_gap_that_cannot_be_and_an_event_without_an_end_are_faults() {
        let push = |events: &mut Events, bytes: &[u8]| events.push(bytes, &mut |_| {});
        for number in ["18446744073709551615", "+1", "", "many"] {
            let text = format!("event: gap\ndata: {number}\n\n");
            let pushed = push(&mut Events::default(), text.as_bytes());
            assert_eq!(pushed, Err(Fault::Malformed), "{number}");
        }
        let mut events = Events::default();
        let line = [&b"data: "[..], &vec![b'x'; 1 << 20], b"\n"].concat();
        let ended = (0..64).map(|_| push(&mut events, &line)).find(Result::is_err);
        assert_eq!(ended, Some(Err(Fault::TooLarge)));
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
