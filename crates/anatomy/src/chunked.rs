//! Chunks of an answer that does not end, and the events or lines in them.

use pushbench_protocol::ByteKind;
use pushbench_protocol::number::hex_digits;

use crate::coded;
use crate::head::cursor;
use crate::part::{Detail, Part};
use crate::payload::payload;
use crate::{AnatomyError, malformed};

const LINE_END: &[u8] = b"\r\n";
const CHUNKS: &str = "RFC 9112, section 7.1";
const EVENTS: &str = "HTML, section 9.2.5";

/// What the chunks carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Within<'a> {
    /// Server-sent events.
    Events,
    /// A line for each message.
    Lines,
    /// Either, in this content coding.
    Coded(&'a str),
}

/// Takes every chunk in `bytes` apart.
pub(crate) fn chunks(mut bytes: &[u8], within: Within<'_>) -> Result<Vec<Part>, AnatomyError> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let expected = "a chunk: its size in hexadecimal, CR LF, that many bytes, CR LF";
        let cut = || malformed("a chunk", bytes, expected);
        let end = bytes.windows(2).position(|window| window == LINE_END).ok_or_else(cut)?;
        let size = hex_digits(&bytes[..end]).ok_or_else(cut)?;
        let len = usize::try_from(size).map_err(|_| cut())?;
        let digits = bytes[..end].escape_ascii();
        let (size, rest) = bytes.split_at(end + LINE_END.len());
        let note = format!("the chunk's size in hexadecimal: {digits} is {len}");
        parts.push(Part::new("chunk size", ByteKind::Framing, size).because(note, CHUNKS));
        let (data, rest) = rest.split_at_checked(len).ok_or_else(cut)?;
        let rest = rest.strip_prefix(LINE_END).ok_or_else(cut)?;
        match within {
            Within::Events => parts.extend(events(data)),
            Within::Lines => parts.extend(lines(data)),
            Within::Coded(coding) => parts.extend(coded::message(data, coding)),
        }
        let note = "ends the chunk";
        parts.push(Part::new("chunk end", ByteKind::Framing, LINE_END).because(note, CHUNKS));
        bytes = rest;
    }
    Ok(parts)
}

/// Payloads with a line feed behind each, as a batch of messages in an answer too.
pub(crate) fn lines(data: &[u8]) -> Vec<Part> {
    data.split_inclusive(|&byte| byte == b'\n')
        .flat_map(|line| {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let message = (!text.is_empty()).then(|| payload(text));
            let note = "ends the message: payloads have no line breaks";
            let end = (text.len() < line.len())
                .then(|| Part::new("line feed", ByteKind::Framing, b"\n").because(note, ""));
            message.into_iter().chain(end)
        })
        .collect()
}

fn events(data: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if text.is_empty() {
            let note = "the empty line: the event is complete and is dispatched to the page";
            parts.push(Part::new("empty line", ByteKind::Framing, line).because(note, EVENTS));
            continue;
        }
        if let Some(value) = text.strip_prefix(b"data: ") {
            let name = &line[..line.len() - value.len() - 1];
            let note = "field name: what follows is the message";
            parts.push(Part::new("field name", ByteKind::Framing, name).because(note, EVENTS));
            parts.push(payload(value));
            let note = "ends the field";
            parts.push(Part::new("line feed", ByteKind::Framing, b"\n").because(note, EVENTS));
            continue;
        }
        parts.push(match text.split_first() {
            Some((b':', _)) => Part::new("comment", ByteKind::Control, line)
                .because("a comment, so that intermediaries see that the stream is alive", EVENTS),
            _ if text.starts_with(b"id: ") => {
                let id = String::from_utf8_lossy(&text["id: ".len()..]).into_owned();
                let note = "the event's id: a client that reconnects sends it as Last-Event-ID";
                let known: Option<Detail> = cursor(&id);
                Part::new("id", ByteKind::Framing, line).because(note, EVENTS).with(known)
            }
            _ if text.starts_with(b"event: ") => Part::new("event", ByteKind::Framing, line)
                .because("the event's type; without one it is `message`", EVENTS),
            _ => Part::new("field", ByteKind::Framing, line)
                .because("a field that Pushbench does not know", EVENTS),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use pushbench_wire::chunk::{chunk_overhead, encode_chunk};

    use super::*;

    const TEXT: &[u8] = b"twenty bytes of text";

    fn of_kind(parts: &[Part], kind: ByteKind) -> u64 {
        parts.iter().filter(|part| part.kind == kind).map(Part::len).sum()
    }

    fn joined(parts: &[Part]) -> Vec<u8> {
        parts.iter().flat_map(|part| part.bytes.clone()).collect()
    }

    fn event() -> Vec<u8> {
        encode_chunk(&[b"id: 001a00000000000i\ndata: ", TEXT, b"\n\n"])
    }

    #[test]
    fn an_event_and_a_line_pay_what_the_model_says() {
        let parts = chunks(&event(), Within::Events).expect("a chunk");
        assert_eq!(
            (of_kind(&parts, ByteKind::Payload), of_kind(&parts, ByteKind::Framing)),
            (20, 35)
        );
        assert_eq!(joined(&parts), event());
        let line = encode_chunk(&[TEXT, b"\n"]);
        let parts = chunks(&line, Within::Lines).expect("a chunk");
        assert_eq!(of_kind(&parts, ByteKind::Framing), 1 + chunk_overhead(21));
        assert_eq!(joined(&parts), line);
    }

    #[test]
    fn a_comment_is_control_and_an_unknown_field_says_so() {
        let bytes = encode_chunk(&[b": alive\nretry: 5\nbanana: x\n\n"]);
        let parts = chunks(&bytes, Within::Events).expect("a chunk");
        assert_eq!(of_kind(&parts, ByteKind::Control), 8);
        assert!(parts.iter().any(|part| part.note.contains("does not know")));
        assert_eq!(joined(&parts), bytes);
    }

    #[test]
    fn a_chunk_that_is_cut_anywhere_is_refused() {
        let bytes = [event(), event()].concat();
        let whole = event().len();
        for cut in (1..bytes.len()).filter(|&cut| cut != whole) {
            assert!(chunks(&bytes[..cut], Within::Events).is_err(), "cut at {cut}");
        }
        for bytes in [&b"xyz\r\n"[..], b"+3\r\nabc\r\n", b"ffffffffffffffff\r\nabc\r\n"] {
            assert!(chunks(bytes, Within::Lines).is_err(), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_batch_is_messages_with_a_line_feed_behind_each() {
        let parts = lines(b"one\ntwo\nthree");
        assert_eq!(of_kind(&parts, ByteKind::Framing), 2);
        assert_eq!(of_kind(&parts, ByteKind::Payload), 11);
        assert_eq!(joined(&parts), b"one\ntwo\nthree");
    }
}
