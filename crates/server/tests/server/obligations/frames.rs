//! RFC 6455: frames of a WebSocket.

use crate::support::{frame, start};

/// RFC 6455, sections 5 and 7.4: frames and the close code that each must bring.
#[tokio::test]
async fn a_frame_that_breaks_the_protocol_closes_with_its_code() {
    let server = start(|_| {}).await;
    let unmasked = b"\x81\x01x".to_vec();
    for (source, bytes, code) in [
        ("5.1: a client masks", unmasked, 1002),
        ("5.2: reserved bits are 0", frame(0xc1, b"x"), 1002),
        ("5.2: reserved opcodes are none", frame(0x83, b"x"), 1002),
        ("5.2: a length is in its shortest form", b"\x81\xfe\0\x01\0\0\0\0x".to_vec(), 1002),
        ("5.4: a continuation continues something", frame(0x80, b"x"), 1002),
        ("5.4: messages are not mixed", [frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("5.5: control frames are whole", frame(0x09, b"x"), 1002),
        ("5.5: and short", frame(0x89, &[b'x'; 126]), 1002),
        ("5.5.1: half a code is none", frame(0x88, b"\x03"), 1002),
        ("7.4.1: some codes are not sent", frame(0x88, b"\x03\xed"), 1002),
        ("5.5.1: a close frame is answered with one", frame(0x88, b"\x03\xe8"), 1000),
        ("8.1: text is UTF-8", frame(0x81, b"\xff"), 1007),
        ("5.5.1: so is a reason", frame(0x88, b"\x03\xe8\xff"), 1007),
        ("7.4.1: a type that is not taken", frame(0x82, b"\xff\0"), 1003),
        ("7.4.1: a message that is too big", frame(0x81, &vec![b'x'; (1 << 20) + 1]), 1009),
    ] {
        let mut raw = server.subscribe().await;
        raw.send(bytes).await;
        assert_eq!(raw.closed().await, Some(code), "{source}");
        assert!(raw.at_end().await, "{source}");
    }
    let mut raw = server.subscribe().await;
    raw.send([frame(0x89, b"ping"), frame(0x8a, b"unasked"), frame(0x89, b"")].concat()).await;
    let pong = raw.frame().await.expect("a pong");
    assert_eq!(pong.first, 0x8a, "5.5.2: a ping is answered, an unasked pong is not");
}
