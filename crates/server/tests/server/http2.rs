//! HTTP/2 on the same port: told by its preface, answered by the same routes, ended in order.
//!
//! `preface` has what tells the versions apart, `books` what is counted, `ends` who is slow or speaks
//! something else, and the end; `client` is the client of all of them.

mod books;
mod client;
mod ends;
mod preface;

use std::time::Duration;

use bytes::Bytes;
use pushbench_protocol::{ConnectionClass, Cursor, TopicName};
use pushbench_wire::frame::{Opcode, encode_header};

use self::client::{Client, data, whole};
use crate::support::{KEY, field, frame, start};

fn text_frame(payload: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_header(&mut bytes, true, Opcode::Text, payload.len() as u64, None);
    bytes.extend_from_slice(payload.as_bytes());
    bytes
}

#[tokio::test]
async fn polls_of_both_versions_are_answered_alike() {
    let server = start(|_| {}).await;
    server.publish(b"news").await;
    let path = TopicName::numbered(0).poll_path(Cursor::OLDEST);
    let client = Client::connect(&server).await;
    let (status, fields, body) = client.get(&path).await;
    assert_eq!((status, whole(body).await), (200, b"news".to_vec()));
    let mut raw = server.connect().await;
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    let (head, _) = raw.answer().await;
    for (name, value) in &fields {
        let name: String = name.as_str().split('-').map(title).collect::<Vec<_>>().join("-");
        if name != "Date" {
            assert_eq!(field(&head, &name), value.to_str().ok(), "{name}");
        }
    }
    assert_eq!(head.lines().filter(|line| line.contains(": ")).count(), fields.len());

    let (status, _, _) = client.get("/nothing").await;
    assert_eq!(status, 404);
    let stats = server.stats().await;
    assert_eq!(stats.connections[&ConnectionClass::ShortPoll].accepted, 2);
}

fn title(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

#[tokio::test]
async fn many_polls_are_held_on_one_connection_and_all_are_answered() {
    let server = start(|config| config.limits.idle_timeout = Duration::from_millis(200)).await;
    let client = Client::connect(&server).await;
    let path =
        TopicName::numbered(0).long_poll_path(Cursor::OLDEST, "20s".parse().expect("a hold"));
    let held: Vec<_> = (0..50).map(|_| client.get(&path)).collect();
    let all = futures_util::future::join_all(held);
    let publish = async {
        // Longer than anything may idle.
        tokio::time::sleep(Duration::from_millis(600)).await;
        server.publish(b"news").await;
    };
    let (answers, ()) = tokio::join!(all, publish);
    for (status, _, body) in answers {
        assert_eq!((status, whole(body).await), (200, b"news".to_vec()));
    }
    assert_eq!(server.stats().await.connections[&ConnectionClass::LongPoll].accepted, 1);
}

#[tokio::test]
async fn events_and_lines_are_data_without_chunks() {
    let server = start(|config| config.heartbeat = Some(Duration::from_millis(100))).await;
    let client = Client::connect(&server).await;
    let topic = TopicName::numbered(0);
    let (status, fields, mut events) = client.get(&topic.events_path()).await;
    assert_eq!((status, fields.get("transfer-encoding")), (200, None));
    assert_eq!(fields["content-type"], "text/event-stream");
    let (_, _, mut lines) = client.get(&topic.stream_path(Cursor::NOW)).await;
    for payload in ["first", "second"] {
        let comment = loop {
            let found = data(&mut events).await.expect("it goes on");
            if found == ":\n\n" {
                break found;
            }
        };
        assert_eq!(comment, ":\n\n");
        let cursor = server.publish(payload.as_bytes()).await;
        let event = loop {
            let found = data(&mut events).await.expect("it goes on");
            if found != ":\n\n" {
                break found;
            }
        };
        assert_eq!(event, format!("id: {cursor}\ndata: {payload}\n\n"));
        assert_eq!(data(&mut lines).await.expect("it goes on"), format!("{payload}\n"));
    }
    // A client that leaves one stream keeps the other.
    drop(events);
    server.publish(b"third").await;
    assert_eq!(data(&mut lines).await.expect("it goes on"), "third\n");
}

#[tokio::test]
async fn a_websocket_runs_over_a_stream_and_closes_in_order() {
    let server = start(|_| {}).await;
    let client = Client::connect(&server).await;
    let (status, mut send, mut body) = client.websocket(&[("sec-websocket-version", "13")]).await;
    assert_eq!(status, 200);
    server.publish(b"hello").await;
    assert_eq!(data(&mut body).await.expect("open"), text_frame("hello"));
    // A publish and a ping in one write, cut in the middle of a frame.
    let said = [frame(0x81, b"from me"), frame(0x89, b"?")].concat();
    let (first, second) = said.split_at(9);
    for part in [first, second] {
        send.send_data(Bytes::copy_from_slice(part), false).expect("open");
    }
    let mut received = Vec::new();
    while received.len() < text_frame("from me").len() + 3 {
        received.extend_from_slice(&data(&mut body).await.expect("open"));
    }
    assert!(received.windows(3).any(|bytes| bytes == [0x8a, 1, b'?']), "{received:?}");
    send.send_data(Bytes::from(frame(0x88, b"\x03\xe8")), false).expect("open");
    assert_eq!(
        data(&mut body).await.expect("a close frame"),
        [&[0x88, 2][..], b"\x03\xe8"].concat()
    );
    assert_eq!(data(&mut body).await, None);
    assert_eq!(server.stats().await.connections[&ConnectionClass::WebSocket].accepted, 1);
}

#[tokio::test]
async fn a_connect_that_is_no_websocket_is_refused() {
    let server = start(|_| {}).await;
    let client = Client::connect(&server).await;
    for (more, status) in [
        (vec![], 426),
        (vec![("sec-websocket-version", "8")], 426),
        (vec![("sec-websocket-version", "13"), ("origin", "http://evil.example")], 403),
    ] {
        assert_eq!(client.websocket(&more).await.0, status, "{more:?}");
    }
    let with_key =
        [("sec-websocket-version", "13"), ("sec-websocket-key", KEY), ("origin", "http://h")];
    assert_eq!(client.websocket(&with_key).await.0, 200);
}
