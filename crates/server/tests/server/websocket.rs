//! RFC 6455 on the wire, each time with another subscriber who must not notice.

use crate::support::{Frame, Raw, Running, frame, start, text};

async fn unharmed(server: &Running, witness: &mut Raw, message: &str) {
    server.publish(message.as_bytes()).await;
    assert_eq!(witness.frame().await, Some(text(message)));
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_closed_with_the_right_code() {
    let server = start(|config| config.limits.frame_bytes = 1_000).await;
    let mut witness = server.subscribe().await;
    let unmasked = vec![0x81, 1, b'x'];
    for (what, bytes, code) in [
        ("not masked", unmasked, 1002),
        ("reserved bit", frame(0xa1, b"x"), 1002),
        ("bad opcode", frame(0x83, b"x"), 1002),
        ("long ping", frame(0x89, &[b'x'; 126]), 1002),
        ("continuation of nothing", frame(0x80, b"x"), 1002),
        ("too big", frame(0x81, &[b'x'; 1_001]), 1009),
        ("bad UTF-8", frame(0x81, b"\xc3\x28"), 1007),
        ("bad UTF-8 across frames", [frame(0x01, b"\xc3"), frame(0x80, b"(")].concat(), 1007),
        ("close code 1005", frame(0x88, &1005_u16.to_be_bytes()), 1002),
    ] {
        let mut raw = server.subscribe().await;
        raw.send(bytes).await;
        assert_eq!(raw.closed().await, Some(code), "{what}");
        assert!(raw.at_end().await, "{what}");
        unharmed(&server, &mut witness, what).await;
    }
    let refused = server.stats().await.refused;
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), [(1002, 6), (1007, 2), (1009, 1)]);
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_and_the_server_closes_first() {
    let server = start(|_| {}).await;
    let mut witness = server.subscribe().await;
    for (payload, code) in
        [(&[][..], None), (b"\x03\xe8", Some(1000)), (b"\x0f\xa0bye", Some(4000))]
    {
        let mut raw = server.subscribe().await;
        raw.send(frame(0x88, payload)).await;
        assert_eq!(raw.closed().await, code);
        assert!(raw.at_end().await);
        unharmed(&server, &mut witness, "still here").await;
    }
}

#[tokio::test]
async fn a_ping_is_answered_also_between_fragments() {
    let server = start(|_| {}).await;
    let mut witness = server.subscribe().await;
    let mut raw = server.subscribe().await;
    raw.send(frame(0x89, b"")).await;
    assert_eq!(raw.frame().await, Some(Frame { first: 0x8a, payload: Vec::new() }));
    raw.send(frame(0x01, b"frag")).await;
    raw.send(frame(0x89, b"in between")).await;
    assert_eq!(raw.frame().await, Some(Frame { first: 0x8a, payload: b"in between".to_vec() }));
    raw.send(frame(0x8a, b"unasked")).await;
    raw.send(frame(0x80, b"ments")).await;
    assert_eq!(raw.frame().await, Some(text("fragments")));
    assert_eq!(witness.frame().await, Some(text("fragments")));
}

#[tokio::test]
async fn a_frame_that_comes_byte_by_byte_is_read() {
    let server = start(|_| {}).await;
    let mut raw = server.subscribe().await;
    for byte in frame(0x81, "é".as_bytes()) {
        raw.send([byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.frame().await, Some(text("é")));
}

#[tokio::test]
async fn a_client_that_vanishes_takes_nobody_along() {
    let server = start(|_| {}).await;
    let mut witness = server.subscribe().await;
    let vanishing = server.subscribe().await;
    let resetting = server.subscribe().await;
    resetting.stream.set_zero_linger().expect("an option of every TCP socket");
    drop((vanishing, resetting));
    unharmed(&server, &mut witness, "first").await;
    unharmed(&server, &mut witness, "second").await;
    server
        .stats_until(|stats| {
            stats.connections[&pushbench_protocol::ConnectionClass::WebSocket].open == 1
        })
        .await;
}
