//! What tells a connection's version: the preface, all of it.

use pushbench_wire::http2::PREFACE;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::support::{DEADLINE, start};

#[tokio::test]
async fn a_preface_is_known_wherever_its_bytes_are_cut() {
    let server = start(|_| {}).await;
    for cut in 1..PREFACE.len() {
        let mut raw = server.connect().await;
        raw.send(&PREFACE[..cut]).await;
        tokio::task::yield_now().await;
        raw.send(&PREFACE[cut..]).await;
        // Our SETTINGS, empty; the server's begin with their length and type.
        raw.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        let mut head = [0; 9];
        timeout(DEADLINE, raw.stream.read_exact(&mut head)).await.expect("in time").expect("open");
        assert_eq!((head[3], &head[5..]), (4, &[0; 4][..]), "cut at {cut}");
    }
    let mut raw = server.connect().await;
    for byte in PREFACE {
        raw.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    raw.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    let mut head = [0; 9];
    timeout(DEADLINE, raw.stream.read_exact(&mut head)).await.expect("in time").expect("open");
    assert_eq!(head[3], 4);
}

#[tokio::test]
async fn what_only_begins_like_a_preface_is_http_1() {
    let server = start(|_| {}).await;
    for request in ["PRI * HTTP/2.0\r\n\r\nXX", "PRI /healthz HTTP/1.1\r\nHost: h\r\n\r\n"] {
        let mut raw = server.connect().await;
        raw.send(request).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 4"), "{request}");
    }
    let mut raw = server.connect().await;
    for byte in b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" {
        raw.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.answer().await.1, b"ok\n");
}
