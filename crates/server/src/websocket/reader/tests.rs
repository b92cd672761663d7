//! RFC 6455 as tables, and as a property over every way to split the input.

mod deflated;

use proptest::prelude::*;

use super::*;

const LIMITS: ReaderLimits = ReaderLimits { message_bytes: 1_000 };
const KEY: [u8; 4] = [1, 2, 3, 4];

/// A client's frame: first byte as given, shortest length, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len => {
            bytes.push(0x80 | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
    }
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// All events of `pieces`, read one after the other, up to the first error.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<CloseReason>) {
    read_with(FrameReader::new(LIMITS, None), pieces)
}

fn read_with<'a>(
    mut reader: FrameReader,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, Option<CloseReason>) {
    let mut events = Vec::new();
    for mut piece in pieces {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(reason) => return (events, Some(reason)),
            }
        }
        assert!(piece.is_empty(), "bytes were left without an event");
    }
    (events, None)
}

fn check(bytes: &[u8], expected: &[Event], code: Option<u16>, what: &str) {
    for size in [1, 2, 3, 7, bytes.len()] {
        let (events, reason) = read(bytes.chunks(size));
        assert_eq!(events, expected, "{what}, by {size}");
        assert_eq!(reason.map(|reason| reason.code), code, "{what}, by {size}");
    }
}

fn message(payload: &[u8]) -> Event {
    Event::Message(payload.to_vec())
}

#[test]
fn what_the_protocol_allows_is_read() {
    let long = [b'x'; 1_000];
    for (what, bytes, expected) in [
        ("text", frame(0x81, b"hello"), vec![message(b"hello")]),
        ("binary", frame(0x82, b"\xff\0"), vec![message(b"\xff\0")]),
        ("empty", frame(0x81, b""), vec![message(b"")]),
        ("as long as allowed", frame(0x81, &long), vec![message(&long)]),
        (
            "fragments with a ping and a pong between",
            [
                frame(0x01, b"a\xc3"),
                frame(0x89, b"p"),
                frame(0x00, b""),
                frame(0x8a, b"q"),
                frame(0x80, b"\xa9b"),
            ]
            .concat(),
            vec![Event::Ping(b"p".to_vec()), Event::Pong, message("aéb".as_bytes())],
        ),
        ("close without a code", frame(0x88, b""), vec![Event::Close(None)]),
        ("close with a reason", frame(0x88, b"\x03\xe8bye"), vec![Event::Close(Some(1000))]),
        ("close by an application", frame(0x88, b"\x0f\xa0"), vec![Event::Close(Some(4000))]),
        (
            "two messages",
            [frame(0x81, b"1"), frame(0x82, b"2")].concat(),
            vec![message(b"1"), message(b"2")],
        ),
    ] {
        check(&bytes, &expected, None, what);
    }
}

#[test]
fn what_the_protocol_forbids_has_its_close_code() {
    let unmasked = vec![0x81, 1, b'x'];
    let long_form = [&[0x81, 0x80 | 126, 0, 1][..], &KEY, b"x"].concat();
    let eight = [&[0x81, 0x80 | 127][..], &200_u64.to_be_bytes(), &KEY, b"x"].concat();
    let negative = [&[0x81, 0x80 | 127][..], &(1_u64 << 63).to_be_bytes(), &KEY].concat();
    for (what, bytes, code) in [
        ("not masked", unmasked, 1002),
        ("reserved bit", frame(0xc1, b"x"), 1002),
        ("opcode 3", frame(0x83, b""), 1002),
        ("opcode 11", frame(0x8b, b""), 1002),
        ("ping in fragments", frame(0x09, b""), 1002),
        ("ping of 126 bytes", frame(0x89, &[0; 126]), 1002),
        ("length 1 in two bytes", long_form, 1002),
        ("length 200 in eight bytes", eight, 1002),
        ("length over 2^63", negative, 1002),
        ("continuation of nothing", frame(0x80, b""), 1002),
        ("text within text", [frame(0x01, b""), frame(0x81, b"")].concat(), 1002),
        ("too big", frame(0x81, &[b'x'; 1_001]), 1009),
        (
            "too big in pieces",
            [frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat(),
            1009,
        ),
        ("bad UTF-8", frame(0x81, b"a\xffb"), 1007),
        ("half a character at the end", frame(0x81, b"a\xc3"), 1007),
        ("bad UTF-8 across frames", [frame(0x01, b"\xc3"), frame(0x80, b"x")].concat(), 1007),
        ("a surrogate", frame(0x81, b"\xed\xa0\x80"), 1007),
        ("half a close code", frame(0x88, b"\x03"), 1002),
        ("close code 1005", frame(0x88, b"\x03\xed"), 1002),
        ("close code 1006", frame(0x88, b"\x03\xee"), 1002),
        ("close code 999", frame(0x88, b"\x03\xe7"), 1002),
        ("close code 5000", frame(0x88, b"\x13\x88"), 1002),
        ("close reason not UTF-8", frame(0x88, b"\x03\xe8\xff"), 1007),
    ] {
        check(&bytes, &[], Some(code), what);
    }
}

#[test]
fn bad_text_is_refused_before_its_frame_ends() {
    let mut bytes = frame(0x81, b"a\xff and much more");
    bytes.truncate(8);
    check(&bytes, &[], Some(1007), "the first two bytes");
}

#[test]
fn a_reader_between_messages_holds_no_buffer() {
    let mut reader = FrameReader::new(LIMITS, None);
    let bytes = [frame(0x81, &[b'x'; 900]), frame(0x89, b"ping"), frame(0x8a, b"pong")].concat();
    let mut input = &bytes[..];
    while reader.read(&mut input).expect("allowed").is_some() {}
    assert_eq!(reader.control.capacity(), 0);
    assert!(reader.message.is_none());
}

proptest! {
    #[test]
    fn any_bytes_mean_the_same_however_they_are_split(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(
                (prop::sample::select(vec![0x01_u8, 0x00, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x02]),
                 prop::collection::vec(any::<u8>(), 0..130)),
                0..6,
            ).prop_map(|frames| {
                frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
            }),
        ],
        cuts in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let whole = read([&bytes[..]]);
        let by_one = read(bytes.chunks(1));
        prop_assert_eq!(&whole, &by_one);
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(&whole, &read(pieces));
    }
}
