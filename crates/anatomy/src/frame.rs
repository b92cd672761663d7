//! WebSocket frames, bit by bit (RFC 6455, section 5.2).

use pushbench_protocol::paths::NOTICE;
use pushbench_protocol::{ByteKind, counted};
use pushbench_wire::frame::{FrameHeader, HeaderParser, Opcode, apply_mask};

use crate::part::{Detail, Part};
use crate::payload::payload;
use crate::{AnatomyError, malformed};

const LAYOUT: &str = "RFC 6455, section 5.2";
const MASKING: &str = "RFC 6455, section 5.3";
/// Bytes whose unmasking is shown, each on a line of its own.
const UNMASKED: usize = 8;

/// Takes every frame in `bytes` apart.
pub(crate) fn frames(mut bytes: &[u8]) -> Result<Vec<Part>, AnatomyError> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (frame, rest) = frame(bytes)?;
        parts.extend(frame);
        bytes = rest;
    }
    Ok(parts)
}

/// The parts of the first frame, and what follows it.
fn frame(bytes: &[u8]) -> Result<(Vec<Part>, &[u8]), AnatomyError> {
    let mut parser = HeaderParser::default();
    let header = bytes.iter().find_map(|&byte| parser.push(byte));
    let cut = || malformed("a frame", bytes, "a whole frame");
    let header = header.ok_or_else(cut)?;
    let header_len = usize::try_from(header.header_len).map_err(|_| cut())?;
    let rest = &bytes[header_len..];
    let payload_len = usize::try_from(header.payload_len).map_err(|_| cut())?;
    if rest.len() < payload_len {
        return Err(cut());
    }
    let opcode = Opcode::from_bits(header.opcode)
        .ok_or_else(|| malformed("a frame", bytes, "an opcode that RFC 6455 defines"))?;
    let kind = if opcode.is_control() { ByteKind::Control } else { ByteKind::Framing };
    let mut parts = vec![first_byte(bytes[0], header, opcode, kind), second_byte(bytes[1], kind)];
    let key_len = if header.mask.is_some() { 4 } else { 0 };
    let extended = &bytes[2..header_len - key_len];
    if !extended.is_empty() {
        let note = format!("the length itself, most significant byte first: {payload_len}");
        parts.push(Part::new("extended length", kind, extended).because(note, LAYOUT));
    }
    if let Some(key) = header.mask {
        let note = "random for every frame: a page must not be able to choose the bytes on the \
                    wire, or it could trick a proxy into caching them";
        parts.push(Part::new("masking key", kind, &key).because(note, "RFC 6455, section 10.3"));
    }
    if payload_len > 0 {
        parts.push(content(&rest[..payload_len], header, opcode));
    }
    Ok((parts, &rest[payload_len..]))
}

fn first_byte(byte: u8, header: FrameHeader, opcode: Opcode, kind: ByteKind) -> Part {
    let fin = match header.fin {
        true => "FIN 1: this frame ends its message",
        false => "FIN 0: the message continues in another frame",
    };
    let rsv = match header.rsv {
        0 => "RSV1 to RSV3 0: no extension is in use",
        _ => "RSV1 to RSV3: an extension is in use, as compression",
    };
    let meaning = match opcode {
        Opcode::Continuation => "opcode 0: continues the message before",
        Opcode::Text => "opcode 1: text in UTF-8",
        Opcode::Binary => "opcode 2: bytes",
        Opcode::Close => "opcode 8: close",
        Opcode::Ping => "opcode 9: ping",
        Opcode::Pong => "opcode 10: pong",
    };
    Part::new("first byte", kind, &[byte]).because("what kind of frame this is", LAYOUT).with([
        bits(byte, 0b1000_0000, fin),
        bits(byte, 0b0111_0000, rsv),
        bits(byte, 0b0000_1111, meaning),
    ])
}

fn second_byte(byte: u8, kind: ByteKind) -> Part {
    let mask = match byte & 0x80 {
        0 => "MASK 0: not masked, as a server must send it",
        _ => "MASK 1: masked, as a client must send it",
    };
    let len = match byte & 0x7f {
        126 => "126: the length follows in 2 bytes".to_owned(),
        127 => "127: the length follows in 8 bytes".to_owned(),
        len => format!("{len}: the payload has {}", counted(len.into(), "byte")),
    };
    Part::new("second byte", kind, &[byte])
        .because("whether it is masked, and how long it is", LAYOUT)
        .with([bits(byte, 0b1000_0000, mask), bits(byte, 0b0111_1111, len)])
}

/// Some bits of a byte in their place: `1... ....`.
fn bits(byte: u8, of: u8, note: impl Into<String>) -> Detail {
    let mut text = String::new();
    for place in (0..8).rev() {
        text.push(match (of >> place & 1, byte >> place & 1) {
            (0, _) => '.',
            (_, bit) => {
                if bit == 1 {
                    '1'
                } else {
                    '0'
                }
            }
        });
        if place == 4 {
            text.push(' ');
        }
    }
    Detail::new("bits", text, note)
}

/// What the frame carries; masked bytes are shown as they travel and as they are meant.
fn content(bytes: &[u8], header: FrameHeader, opcode: Opcode) -> Part {
    let mut clear = bytes.to_vec();
    if let Some(key) = header.mask {
        apply_mask(&mut clear, key, 0);
    }
    let mut part = match opcode {
        Opcode::Text | Opcode::Binary | Opcode::Continuation if clear.first() == Some(&NOTICE) => {
            let why = "a notice of Pushbench's server and no message: its content is control";
            Part::new("notice", ByteKind::Control, &clear).because(why, "")
        }
        Opcode::Text | Opcode::Binary | Opcode::Continuation => payload(&clear),
        Opcode::Close => Part::new("close code and reason", ByteKind::Control, &clear)
            .because("why the connection ends", "RFC 6455, section 7.4.1")
            .with(close_code(&clear)),
        Opcode::Ping | Opcode::Pong => Part::new("content", ByteKind::Control, &clear)
            .because("a pong repeats what its ping said", "RFC 6455, section 5.5.2"),
    };
    if let Some(key) = header.mask {
        part.bytes = bytes.to_vec();
        part.details.splice(0..0, unmasking(bytes, &clear, key));
        part.name = format!("masked {}", part.name);
        part.source = part.source.or(Some(MASKING));
    }
    part
}

/// The first bytes unmasked, one a line.
fn unmasking(masked: &[u8], clear: &[u8], key: [u8; 4]) -> Vec<Detail> {
    let mut lines: Vec<_> = masked
        .iter()
        .zip(clear)
        .enumerate()
        .take(UNMASKED)
        .map(|(at, (&masked, &clear))| {
            let key = key[at % 4];
            let meant = match clear {
                b' '..=b'~' => format!("the character {}", char::from(clear)),
                _ => format!("{clear}"),
            };
            let value = format!("{masked:02x} xor {key:02x} = {clear:02x}");
            Detail::new(format!("byte {}", at + 1), value, meant)
        })
        .collect();
    if clear.len() > UNMASKED {
        let rest = "and so on: each byte with the next of the four of the key, in turn";
        lines.push(Detail::new("the rest", format!("{} B", clear.len() - UNMASKED), rest));
    }
    if let Ok(text) = std::str::from_utf8(clear)
        && !text.contains(char::is_control)
    {
        lines.push(Detail::new("unmasked", text, ""));
    }
    lines
}

fn close_code(clear: &[u8]) -> Vec<Detail> {
    let Some((code, reason)) = clear.split_first_chunk::<2>() else { return Vec::new() };
    let code = u16::from_be_bytes(*code);
    let meaning = match code {
        1000 => "normal closure: the purpose is fulfilled",
        1001 => "going away: the server ends, or the page is left",
        1002 => "protocol error",
        1008 => "policy violation",
        1011 => "the server met an error",
        1013 => "try again later",
        _ => "a code that Pushbench does not know",
    };
    let mut details = vec![Detail::new("code", code.to_string(), meaning)];
    if !reason.is_empty() {
        details.push(Detail::new("reason", String::from_utf8_lossy(reason), ""));
    }
    details
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushbench_wire::frame::{FrameCounter, encode_header};

    use super::*;

    fn encoded(opcode: Opcode, clear: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_header(&mut bytes, true, opcode, clear.len() as u64, mask);
        let header = bytes.len();
        bytes.extend_from_slice(clear);
        if let Some(key) = mask {
            apply_mask(&mut bytes[header..], key, 0);
        }
        bytes
    }

    fn of_kind(parts: &[Part], kind: ByteKind) -> u64 {
        parts.iter().filter(|part| part.kind == kind).map(Part::len).sum()
    }

    /// Source: RFC 6455, section 5.7: a single-frame unmasked and a masked text message, "Hello".
    #[test]
    fn the_rfcs_examples_are_told_bit_by_bit() {
        let parts = frames(&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]).expect("a frame");
        let told: Vec<_> =
            parts[0].details.iter().map(|bit| (bit.value.as_str(), bit.note.as_str())).collect();
        assert_eq!(told[0], ("1... ....", "FIN 1: this frame ends its message"));
        assert_eq!(told[2], (".... 0001", "opcode 1: text in UTF-8"));
        assert_eq!(parts[1].details[1].value, ".000 0101");
        assert_eq!(
            (of_kind(&parts, ByteKind::Framing), parts[2].bytes.as_slice()),
            (2, &b"Hello"[..])
        );

        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let parts = frames(&masked).expect("a frame");
        assert_eq!(parts[2].bytes, [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(parts[3].details[0].value, "7f xor 37 = 48");
        assert!(parts[3].details.iter().any(|d| d.name == "unmasked" && d.value == "Hello"));
        assert_eq!(of_kind(&parts, ByteKind::Framing), 6);
    }

    #[test]
    fn control_frames_and_notices_are_control() {
        let close = encoded(Opcode::Close, &1000_u16.to_be_bytes(), Some([1, 2, 3, 4]));
        let parts = frames(&close).expect("a frame");
        assert_eq!(of_kind(&parts, ByteKind::Control), 8);
        let code = parts[3].details.iter().find(|detail| detail.name == "code").expect("a code");
        assert_eq!(code.value, "1000");
        let parts = frames(&encoded(Opcode::Text, b"!news", None)).expect("a frame");
        assert_eq!(of_kind(&parts, ByteKind::Control), 5);
        assert_eq!(of_kind(&parts, ByteKind::Framing), 2);
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_refused() {
        for len in [20, 200, 70_000] {
            let bytes = encoded(Opcode::Text, &vec![b'x'; len], Some([7; 4]));
            for cut in (1..bytes.len().min(300)).chain([bytes.len() - 1]) {
                assert!(frames(&bytes[..cut]).is_err(), "{len} cut at {cut}");
            }
            assert_eq!(
                frames(&bytes).expect("whole").iter().map(Part::len).sum::<u64>(),
                bytes.len() as u64
            );
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_and_each_is_booked_as_the_counter_books_it(
            messages in prop::collection::vec(
                (prop::collection::vec(b'a'..=b'z', 0..300), any::<Option<[u8; 4]>>(), any::<bool>()),
                0..5,
            ),
        ) {
            let mut bytes = Vec::new();
            for (clear, mask, is_text) in &messages {
                // A control frame has at most 125 bytes (RFC 6455, section 5.5).
                let (opcode, clear) = match is_text {
                    true => (Opcode::Text, &clear[..]),
                    false => (Opcode::Ping, &clear[..clear.len().min(125)]),
                };
                bytes.extend(encoded(opcode, clear, *mask));
            }
            let parts = frames(&bytes).expect("frames");
            let joined: Vec<u8> = parts.iter().flat_map(|part| part.bytes.clone()).collect();
            let mut counter = FrameCounter::default();
            counter.observe(&bytes);
            prop_assert_eq!(joined, bytes);
            prop_assert_eq!(of_kind(&parts, ByteKind::Payload), counter.counts.payload);
            prop_assert_eq!(of_kind(&parts, ByteKind::Framing), counter.counts.framing);
            prop_assert_eq!(of_kind(&parts, ByteKind::Control), counter.counts.control);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = frames(&bytes);
        }
    }
}
