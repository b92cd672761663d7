//! RFC 7692 as tables, and as a property over every way to split the input.

use pushbench_wire::deflate::Deflater;

use super::*;
use crate::websocket::inflate::Inflater;

/// `Hello` in one block with fixed codes (RFC 7692, section 7.2.3.1).
const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
/// `Hello` again, in the window of the first (section 7.2.3.2).
const AGAIN: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];

fn reader(takeover: bool) -> FrameReader {
    FrameReader::new(LIMITS, Some(Inflater::new(takeover, LIMITS.message_bytes)))
}

fn check(takeover: bool, bytes: &[u8], expected: &[Event], code: Option<u16>, what: &str) {
    for size in 1..=bytes.len() {
        let (events, reason) = read_with(reader(takeover), bytes.chunks(size));
        assert_eq!(events, expected, "{what}, by {size}");
        assert_eq!(reason.map(|reason| reason.code), code, "{what}, by {size}");
    }
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    let hello = || message(b"Hello");
    for (what, bytes, expected) in [
        ("one block", frame(0xc1, HELLO), vec![hello()]),
        ("fragments", [frame(0x41, &HELLO[..3]), frame(0x80, &HELLO[3..])].concat(), vec![hello()]),
        (
            "a ping between fragments",
            [frame(0x41, &HELLO[..3]), frame(0x89, b"p"), frame(0x80, &HELLO[3..])].concat(),
            vec![Event::Ping(b"p".to_vec()), hello()],
        ),
        ("an empty last fragment", [frame(0x41, HELLO), frame(0x80, b"")].concat(), vec![hello()]),
        (
            "a block that is not compressed",
            frame(0xc1, b"\x00\x05\x00\xfa\xffHello\x00"),
            vec![hello()],
        ),
        (
            "a last block",
            frame(0xc1, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
            vec![hello()],
        ),
        (
            "two blocks",
            frame(
                0xc1,
                &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
            ),
            vec![hello()],
        ),
        ("nothing", frame(0xc1, &[0x00]), vec![message(b"")]),
        ("a frame without payload", frame(0xc1, b""), vec![message(b"")]),
        (
            "one that is compressed and one that is not",
            [frame(0xc1, HELLO), frame(0x81, b"Hello"), frame(0xc2, HELLO)].concat(),
            vec![hello(), hello(), hello()],
        ),
        (
            "after a last block",
            [frame(0xc1, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), frame(0xc1, HELLO)]
                .concat(),
            vec![hello(), hello()],
        ),
    ] {
        check(true, &bytes, &expected, None, what);
        check(false, &bytes, &expected, None, what);
    }
}

#[test]
fn a_message_refers_to_the_one_before_it_only_where_that_was_agreed() {
    let bytes = [frame(0xc1, HELLO), frame(0xc1, AGAIN)].concat();
    let hello = [message(b"Hello"), message(b"Hello")];
    check(true, &bytes, &hello, None, "with takeover");
    check(false, &bytes, &hello[..1], Some(1007), "without");
}

#[test]
fn the_bit_is_refused_where_it_was_not_agreed_or_does_not_belong() {
    let first = frame(0x41, HELLO);
    for (what, bytes) in [
        ("on a continuation", [first, frame(0xc0, b"")].concat()),
        ("on a ping", frame(0xc9, b"")),
        ("on a close", frame(0xc8, b"")),
        ("another bit", frame(0xa1, b"")),
        ("with another bit", frame(0xe1, HELLO)),
    ] {
        check(true, &bytes, &[], Some(1002), what);
    }
    let (events, reason) = read([&frame(0xc1, HELLO)[..]]);
    assert_eq!((events.len(), reason.map(|reason| reason.code)), (0, Some(1002)));
}

#[test]
fn what_is_no_deflate_data_or_no_text_is_refused() {
    let mut bad_text = Deflater::new(15, false);
    for (what, payload) in [
        ("a reserved block type", vec![0x07, 0x00]),
        ("a length that its complement denies", b"\x00\x05\x00\xfa\xfeHello".to_vec()),
        ("a distance beyond the beginning", AGAIN.to_vec()),
        ("bad UTF-8", bad_text.deflate(b"a\xffb")),
        ("half a character", bad_text.deflate(b"a\xc3")),
    ] {
        check(false, &frame(0xc1, &payload), &[], Some(1007), what);
    }
}

/// Bytes that no compressor makes fewer (xorshift; Marsaglia, 2003).
fn noise(len: usize) -> Vec<u8> {
    let mut state = 2_463_534_242_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn a_bomb_is_refused_before_it_fills_memory() {
    let mut deflater = Deflater::new(15, false);
    let bomb = deflater.deflate(&vec![b'x'; 50_000_000]);
    assert!(bomb.len() < 60_000, "{}", bomb.len());
    let small = deflater.deflate(&[b'x'; 1_001]);
    let fits = deflater.deflate(&[b'x'; 1_000]);
    check(true, &frame(0xc1, &fits), &[message(&[b'x'; 1_000])], None, "as long as allowed");
    check(true, &frame(0xc1, &small), &[], Some(1009), "a byte over the limit");
    let in_fragments: Vec<u8> =
        bomb[..900].chunks(100).flat_map(|piece| frame(0x42, piece)).collect();
    check(true, &in_fragments[..106], &[], Some(1009), "the first hundred bytes of a bomb");
    // A limit of 1 MB, and the reader's message is never much over it.
    let limits = ReaderLimits { message_bytes: 1_000_000 };
    let mut reader = FrameReader::new(limits, Some(Inflater::new(true, limits.message_bytes)));
    let header = [&[0xc2, 0x80 | 126][..], &(bomb.len() as u16).to_be_bytes(), &KEY].concat();
    let masked = frame(0x82, &bomb);
    let bytes = [&header[..], &masked[masked.len() - bomb.len()..]].concat();
    let reason = reader.read(&mut &bytes[..]).expect_err("a bomb");
    assert_eq!(reason.code, 1009);
    let held = reader.message.as_ref().map_or(0, |message| message.payload.capacity());
    assert!(held <= 2_200_000, "{held}");
}

#[test]
fn a_compressed_message_may_be_a_little_longer_than_what_it_holds() {
    let noise = noise(1_000);
    let payload = Deflater::new(15, false).deflate(&noise);
    assert!(payload.len() > noise.len());
    check_binary(&payload, &noise);
    // Ten thousand empty blocks are no message of a thousand bytes.
    let (_, reason) = read_with(reader(true), [&frame(0xc2, &[0x00; 1_200])[..]]);
    assert_eq!(reason.map(|reason| reason.code), Some(1009));
}

fn check_binary(payload: &[u8], expected: &[u8]) {
    check(true, &frame(0xc2, payload), &[message(expected)], None, "noise");
}

#[test]
fn without_takeover_nothing_is_held_between_messages() {
    for (takeover, is_held) in [(true, true), (false, false)] {
        let mut reader = reader(takeover);
        assert!(!reader.inflater.as_ref().is_some_and(Inflater::holds_a_window));
        let bytes = frame(0xc1, HELLO);
        while reader.read(&mut &bytes[..]).expect("allowed").is_none() {}
        assert_eq!(reader.inflater.as_ref().is_some_and(Inflater::holds_a_window), is_held);
    }
}

proptest! {
    #[test]
    fn any_bytes_mean_the_same_however_they_come(
        frames in prop::collection::vec(
            (
                prop::sample::select(vec![0xc1_u8, 0xc2, 0x41, 0x42, 0x00, 0x80, 0x81, 0x89]),
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..60),
                    Just(HELLO.to_vec()),
                    Just(AGAIN.to_vec()),
                ],
            ),
            0..8,
        ),
        takeover: bool,
        size in 1_usize..30,
    ) {
        let bytes: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect();
        // Of two things wrong with a message, that which is seen first depends on the pieces.
        let read = |size| {
            let (events, reason) = read_with(reader(takeover), bytes.chunks(size));
            (events, reason.is_some())
        };
        let whole = read(bytes.len().max(1));
        prop_assert_eq!(&whole, &read(1));
        prop_assert_eq!(&whole, &read(size));
    }

    #[test]
    fn what_a_client_deflates_is_read(
        messages in prop::collection::vec(prop::collection::vec(0_u8..8, 0..900), 1..5),
        takeover: bool,
        fragment in 1_usize..200,
    ) {
        let mut deflater = Deflater::new(15, takeover);
        let mut bytes = Vec::new();
        for message in &messages {
            let payload = deflater.deflate(message);
            let mut pieces = payload.chunks(fragment).enumerate().peekable();
            while let Some((place, piece)) = pieces.next() {
                let fin = if pieces.peek().is_none() { 0x80 } else { 0 };
                bytes.extend(frame(fin | if place == 0 { 0x42 } else { 0 }, piece));
            }
        }
        let (events, reason) = read_with(reader(takeover), bytes.chunks(7));
        prop_assert_eq!(reason, None);
        let expected: Vec<_> = messages.into_iter().map(Event::Message).collect();
        prop_assert_eq!(events, expected);
    }
}
