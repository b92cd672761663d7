//! permessage-deflate on the wire: what is agreed, one frame for all or a window for each, and bad
//! data that harms nobody else.

use flate2::{Decompress, FlushDecompress};
use pushbench_protocol::headers::accepted_head_len;
use pushbench_protocol::{Cursor, DeflateTerms};
use pushbench_server::{DeflateLimits, ServerConfig};
use pushbench_wire::deflate::{Deflater, TAIL};

use crate::support::{Frame, Raw, Running, field, frame, start, text, upgrade};

const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
/// `Hello`, as RFC 7692 has it in section 7.2.3.1, and again in the window of the first.
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];

fn deflating(window_bits: u8, context_takeover: bool) -> impl FnOnce(&mut ServerConfig) {
    move |config| {
        let limits = DeflateLimits { window_bits, context_takeover, threshold: 0 };
        config.deflate = Some(limits);
    }
}

/// A subscriber that offers this, and what it was answered.
async fn offering(server: &Running, offer: &str) -> (Raw, Option<String>) {
    let mut raw = server.connect().await;
    raw.send(upgrade(Cursor::NOW, &format!("Sec-WebSocket-Extensions: {offer}\r\n"))).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    let answer = field(&head, EXTENSIONS).map(str::to_owned);
    assert_eq!(head.len(), accepted_head_len(answer.as_deref()), "{head}");
    (raw, answer)
}

/// A subscriber with whom these terms are agreed.
async fn agreed(server: &Running, terms: DeflateTerms) -> Raw {
    let (raw, answer) = offering(server, &terms.offer()).await;
    assert_eq!(answer, Some(terms.answer(false)));
    raw
}

fn compressed(payload: &[u8]) -> Frame {
    Frame { first: 0xc1, payload: payload.to_vec() }
}

async fn inflated(raw: &mut Raw, decompress: &mut Decompress) -> String {
    let Frame { first, payload } = raw.frame().await.expect("a frame");
    assert_eq!(first, 0xc1);
    let mut out = Vec::with_capacity(100_000);
    let bytes = [&payload[..], &TAIL].concat();
    decompress.decompress_vec(&bytes, &mut out, FlushDecompress::Sync).expect("deflate data");
    String::from_utf8(out).expect("text")
}

#[tokio::test]
async fn with_takeover_each_subscriber_has_a_window_of_its_own() {
    let server = start(deflating(15, true)).await;
    let mut early = agreed(&server, DeflateTerms::DEFAULT).await;
    server.publish(b"Hello").await;
    assert_eq!(early.frame().await, Some(compressed(&HELLO)));
    let mut late = agreed(&server, DeflateTerms::DEFAULT).await;
    server.publish(b"Hello").await;
    assert_eq!(early.frame().await, Some(compressed(&AGAIN)));
    assert_eq!(late.frame().await, Some(compressed(&HELLO)));
}

#[tokio::test]
async fn without_takeover_all_get_the_same_bytes_and_others_what_they_asked_for() {
    let server = start(deflating(15, true)).await;
    let alone = DeflateTerms::symmetric(15, false);
    let mut first = agreed(&server, alone).await;
    let mut second = agreed(&server, alone).await;
    let mut plain = server.subscribe().await;
    for _ in 0..2 {
        server.publish(b"Hello").await;
        assert_eq!(first.frame().await, Some(compressed(&HELLO)));
        assert_eq!(second.frame().await, Some(compressed(&HELLO)));
        assert_eq!(plain.frame().await, Some(text("Hello")));
    }
}

#[tokio::test]
async fn a_window_is_no_larger_than_either_side_wants() {
    let server = start(deflating(12, true)).await;
    for (offer, expected) in [
        ("permessage-deflate", Some("permessage-deflate; server_max_window_bits=12")),
        (
            "permessage-deflate; server_max_window_bits=9; client_max_window_bits",
            Some("permessage-deflate; server_max_window_bits=9; client_max_window_bits=12"),
        ),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; what=ever", None),
        ("x-other", None),
    ] {
        let (mut raw, answer) = offering(&server, offer).await;
        assert_eq!(answer.as_deref(), expected, "{offer}");
        server.publish(b"Hello").await;
        let first = if expected.is_some() { 0xc1 } else { 0x81 };
        assert_eq!(raw.frame().await.map(|frame| frame.first), Some(first), "{offer}");
    }
    // What repeats only beyond 512 bytes is found by the larger window alone.
    let noise: String =
        (0..300_u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761))).collect();
    let message = format!("{noise}{noise}");
    let mut lens = Vec::new();
    for bits in [9, 12] {
        let mut raw = agreed(&server, DeflateTerms::symmetric(bits, true)).await;
        server.publish(message.as_bytes()).await;
        let frame = raw.frame().await.expect("a frame");
        let mut decompress = Decompress::new_with_window_bits(false, bits);
        let mut out = Vec::with_capacity(10_000);
        let bytes = [&frame.payload[..], &TAIL].concat();
        decompress.decompress_vec(&bytes, &mut out, FlushDecompress::Sync).expect("deflate data");
        assert_eq!(out, message.as_bytes());
        lens.push(frame.payload.len());
    }
    assert!(lens[0] > lens[1] + 500, "{lens:?}");
}

#[tokio::test]
async fn a_server_that_deflates_nothing_takes_no_offer_and_none_that_is_malformed() {
    let server = start(|_| {}).await;
    let (mut raw, answer) = offering(&server, "permessage-deflate; client_max_window_bits").await;
    assert_eq!(answer, None);
    server.publish(b"Hello").await;
    assert_eq!(raw.frame().await, Some(text("Hello")));
    let mut raw = server.connect().await;
    raw.send(upgrade(Cursor::NOW, "Sec-WebSocket-Extensions: permessage-deflate; =\r\n")).await;
    let (head, _) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}

#[tokio::test]
async fn messages_under_the_threshold_stay_as_they_are() {
    for takeover in [true, false] {
        let server = start(|config| {
            let limits =
                DeflateLimits { window_bits: 15, context_takeover: takeover, threshold: 6 };
            config.deflate = Some(limits);
        })
        .await;
        let mut raw = agreed(&server, DeflateTerms::symmetric(15, takeover)).await;
        server.publish(b"Hello").await;
        assert_eq!(raw.frame().await, Some(text("Hello")));
        server.publish(b"Hello!").await;
        assert_eq!(raw.frame().await.map(|frame| frame.first), Some(0xc1));
    }
}

#[tokio::test]
async fn a_client_publishes_compressed_fragmented_and_with_takeover() {
    let server = start(deflating(15, true)).await;
    let mut plain = server.subscribe().await;
    let mut raw = agreed(&server, DeflateTerms::DEFAULT).await;
    let mut decompress = Decompress::new(false);
    raw.send(frame(0xc1, &HELLO)).await;
    raw.send([frame(0x41, &AGAIN[..2]), frame(0x89, b"p"), frame(0x80, &AGAIN[2..])].concat())
        .await;
    raw.send(frame(0x81, b"Hello")).await;
    for _ in 0..3 {
        assert_eq!(plain.frame().await, Some(text("Hello")));
    }
    let mut received = Vec::new();
    while received.len() < 3 {
        let Frame { first, payload } = raw.frame().await.expect("a frame");
        if first == 0xc1 {
            let mut out = Vec::with_capacity(1_000);
            let bytes = [&payload[..], &TAIL].concat();
            decompress.decompress_vec(&bytes, &mut out, FlushDecompress::Sync).expect("deflate");
            received.push(out);
        } else {
            assert_eq!((first, &payload[..]), (0x8a, &b"p"[..]));
        }
    }
    assert_eq!(received, [b"Hello"; 3]);
}

#[tokio::test]
async fn a_bomb_and_bad_data_end_their_connection_and_no_other() {
    let server = start(|config| {
        deflating(15, true)(config);
        config.limits.frame_bytes = 100_000;
    })
    .await;
    let mut witness = agreed(&server, DeflateTerms::DEFAULT).await;
    let mut window = Decompress::new(false);
    let bomb = Deflater::new(15, false).deflate(&vec![b'x'; 40_000_000]);
    assert!(bomb.len() < 60_000);
    let bad_text = Deflater::new(15, false).deflate(b"a\xff");
    for (what, bytes, code) in [
        ("a bomb", frame(0xc1, &bomb), 1009),
        (
            "a bomb in fragments",
            [frame(0x42, &bomb[..30_000]), frame(0x80, &bomb[30_000..])].concat(),
            1009,
        ),
        ("no deflate data", frame(0xc1, &[0xff, 0xff, 0xff]), 1007),
        ("a reference to nothing", frame(0xc1, &AGAIN), 1007),
        ("text that is none", frame(0xc1, &bad_text), 1007),
        ("the bit on a continuation", [frame(0x41, &HELLO), frame(0xc0, b"")].concat(), 1002),
        ("the bit on a ping", frame(0xc9, b""), 1002),
        ("another bit", frame(0xe1, &HELLO), 1002),
    ] {
        let mut raw = agreed(&server, DeflateTerms::DEFAULT).await;
        raw.send(bytes).await;
        assert_eq!(raw.closed().await, Some(code), "{what}");
        assert!(raw.at_end().await, "{what}");
        server.publish(what.as_bytes()).await;
        assert_eq!(inflated(&mut witness, &mut window).await, what);
    }
    // Without an agreement the bit is an error, as before.
    let mut raw = server.subscribe().await;
    raw.send(frame(0xc1, &HELLO)).await;
    assert_eq!(raw.closed().await, Some(1002));
}

#[tokio::test]
async fn a_nudge_is_never_compressed() {
    let server = start(deflating(15, true)).await;
    let mut raw = server.connect().await;
    let request = upgrade(Cursor::NOW, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    raw.send(request.replacen(" HTTP/1.1", "&nudge=1 HTTP/1.1", 1)).await;
    let head = raw.head().await;
    assert_eq!(field(&head, EXTENSIONS), None, "{head}");
    server.publish(b"Hello").await;
    assert_eq!(raw.frame().await, Some(text("!news")));
}

#[tokio::test]
async fn a_gap_is_told_in_the_format_of_the_subscriber() {
    for takeover in [true, false] {
        let server = start(|config| {
            deflating(15, takeover)(config);
            config.log = 2.try_into().expect("not zero");
            config.queue = 2.try_into().expect("not zero");
        })
        .await;
        let first = server.publish(b"first").await;
        for payload in [b"second", b"third!", b"fourth"] {
            server.publish(payload).await;
        }
        let mut raw = server.connect().await;
        let offer = DeflateTerms::symmetric(15, takeover).offer();
        raw.send(upgrade(first, &format!("Sec-WebSocket-Extensions: {offer}\r\n"))).await;
        let head = raw.head().await;
        assert_eq!(field(&head, "Gap"), Some("1"), "{head}");
        let mut window = Decompress::new(false);
        for expected in ["third!", "fourth"] {
            assert_eq!(inflated(&mut raw, &mut window).await, expected);
            if !takeover {
                window.reset(false);
            }
        }
    }
}
