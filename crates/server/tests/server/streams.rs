//! Server-sent events and lines: heads and chunks to the byte, resuming, the end.

use std::time::Duration;

use pushbench_protocol::headers::{AnswerMark, StreamKind};
use pushbench_protocol::{Compression, ConnectionClass, Cursor, ResponseProfile, TopicName};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::support::{DEADLINE, Raw, Running, field, frame, start, text};

const KINDS: [StreamKind; 2] = [StreamKind::Events, StreamKind::Lines];

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n{more}\r\n")
}

fn path(kind: StreamKind) -> String {
    match kind {
        StreamKind::Events => TopicName::numbered(0).events_path(),
        StreamKind::Lines => TopicName::numbered(0).stream_path(Cursor::NOW),
    }
}

/// A stream that has been told its head.
async fn open(server: &Running, path: &str, more: &str) -> (Raw, String) {
    let mut raw = server.connect().await;
    raw.send(get(path, more)).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    (raw, head)
}

fn event(cursor: Cursor, payload: &str) -> String {
    format!("id: {cursor}\ndata: {payload}\n\n")
}

async fn expect(raw: &mut Raw, expected: &str) {
    let chunk = raw.chunk().await;
    assert_eq!(String::from_utf8_lossy(&chunk), expected);
}

#[tokio::test]
async fn each_message_is_one_chunk_after_the_head_of_the_profile() {
    for name in ResponseProfile::names() {
        for kind in KINDS {
            let profile = ResponseProfile::built_in(name).expect(name);
            let server = start(|config| config.response = profile.clone()).await;
            let before = server.publish(b"before").await;
            let (mut raw, head) = open(&server, &path(kind), "").await;
            let date = field(&head, "Date").expect("each profile has a date");
            let mark = AnswerMark { cursor: Some(before), ..AnswerMark::default() };
            assert_eq!(head, profile.stream_head(kind, date, mark), "{name}");
            assert_eq!(
                head.len(),
                profile.stream_head_len(kind, mark, (Compression::None, false)),
                "{name}"
            );
            for payload in ["first", "second"] {
                let cursor = server.publish(payload.as_bytes()).await;
                let expected = match kind {
                    StreamKind::Events => event(cursor, payload),
                    StreamKind::Lines => format!("{payload}\n"),
                };
                expect(&mut raw, &expected).await;
            }
            let class = match kind {
                StreamKind::Events => ConnectionClass::Sse,
                StreamKind::Lines => ConnectionClass::Stream,
            };
            let stats = server.stats().await.connections[&class];
            assert_eq!((stats.received_bytes, stats.sent_bytes), (raw.sent, raw.received));
        }
    }
}

#[tokio::test]
async fn a_stream_goes_on_where_its_client_has_left_it_and_tells_a_gap() {
    let server = start(|config| {
        config.log = 3.try_into().expect("not zero");
        config.queue = 3.try_into().expect("not zero");
    })
    .await;
    let mut cursors = Vec::new();
    for n in 0..5 {
        cursors.push(server.publish(n.to_string().as_bytes()).await);
    }
    let seen = format!("Last-Event-ID: {}\r\n", cursors[3]);
    let after = format!("{}?after={}", path(StreamKind::Events), cursors[0]);
    for (more, from, gap) in [(seen.as_str(), 4, None), ("", 2, Some("1"))] {
        // What an event source has seen wins over the address of its first visit.
        let (mut raw, head) = open(&server, &after, more).await;
        assert_eq!(field(&head, "Gap"), gap);
        for (n, cursor) in cursors.iter().enumerate().skip(from) {
            expect(&mut raw, &event(*cursor, &n.to_string())).await;
        }
    }
    let (mut raw, head) = open(&server, &TopicName::numbered(0).stream_path(cursors[0]), "").await;
    assert_eq!(field(&head, "Gap"), Some("1"));
    for n in 2..5 {
        expect(&mut raw, &format!("{n}\n")).await;
    }
}

#[tokio::test]
async fn a_connection_that_has_polled_may_become_a_stream() {
    let server = start(|_| {}).await;
    server.publish(b"old").await;
    let mut raw = server.connect().await;
    let poll = get(&TopicName::numbered(0).poll_path(Cursor::OLDEST), "");
    raw.send(&poll).await;
    raw.answer().await;
    // And at once behind another request.
    raw.send(poll + &get(&path(StreamKind::Lines), "")).await;
    let (_, body) = raw.answer().await;
    assert_eq!(body, b"old");
    raw.head().await;
    server.publish(b"new").await;
    expect(&mut raw, "new\n").await;
}

#[tokio::test]
async fn what_cannot_be_a_stream_is_refused() {
    let server = start(|_| {}).await;
    for (request, status) in [
        ("GET /topics/t/events HTTP/1.0\r\nHost: h\r\n\r\n", "505"),
        ("HEAD /topics/t/stream HTTP/1.1\r\nHost: h\r\n\r\n", "405"),
        ("GET /topics/t/stream?after=x HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        ("GET /topics/t/events HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 7\r\n\r\n", "400"),
    ] {
        let mut raw = server.connect().await;
        raw.send(request).await;
        let head = raw.head().await;
        assert!(head.split(' ').nth(1) == Some(status), "{request}: {head}");
    }
}

#[tokio::test]
async fn a_client_that_closes_is_left_without_another_word() {
    for kind in KINDS {
        let server = start(|_| {}).await;
        let (mut raw, _) = open(&server, &path(kind), "").await;
        raw.send("what a stream does not listen to").await;
        raw.stream.shutdown().await.expect("our side is open");
        assert!(raw.at_end().await);
        drop(raw.stream);
        server.stats_until(|stats| stats.connections.values().all(|class| class.open <= 1)).await;
        server.publish(b"nobody listens").await;
        assert_eq!(server.stats().await.sent_messages, 0);
    }
}

#[tokio::test]
async fn the_signal_ends_streams_with_their_last_chunk() {
    let server = start(|_| {}).await;
    let mut raws = Vec::new();
    for kind in KINDS {
        raws.push(open(&server, &path(kind), "").await.0);
    }
    let ended = server.stop();
    for raw in &mut raws {
        assert!(raw.chunk().await.is_empty());
        assert!(raw.at_end().await);
    }
    drop(raws);
    let ended = timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
    assert_eq!(ended.cut_off, 0);
}

#[tokio::test]
async fn a_nudge_says_that_there_is_a_message_and_the_poll_brings_it() {
    let server = start(|config| {
        config.deliver = pushbench_protocol::Deliver::Every;
        config.unchanged = pushbench_protocol::Unchanged::Empty;
    })
    .await;
    let mut raw = server.connect().await;
    let topic = TopicName::numbered(0);
    let upgrade = crate::support::upgrade(Cursor::NOW, "");
    raw.send(upgrade.replace(&topic.websocket_path(Cursor::NOW), &topic.nudge_path(Cursor::NOW)))
        .await;
    raw.head().await;
    let mut poller = server.connect().await;
    for payload in ["first", "second"] {
        server.publish(payload.as_bytes()).await;
        assert_eq!(raw.frame().await, Some(text("!news")));
    }
    poller.send(get(&topic.poll_path(Cursor::OLDEST), "")).await;
    assert_eq!(poller.answer().await.1, b"first\nsecond\n");
    assert_eq!(server.stats().await.sent_messages, 2);
    raw.send(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(raw.closed().await, Some(1000));
}

#[tokio::test]
async fn a_silent_stream_of_events_gets_comments_and_one_of_lines_does_not() {
    let server = start(|config| config.heartbeat = Some(Duration::from_millis(200))).await;
    let (mut lines, _) = open(&server, &path(StreamKind::Lines), "").await;
    let (mut events, _) = open(&server, &path(StreamKind::Events), "").await;
    for payload in ["first", "second"] {
        expect(&mut events, ":\n\n").await;
        let cursor = server.publish(payload.as_bytes()).await;
        expect(&mut events, &event(cursor, payload)).await;
        expect(&mut lines, &format!("{payload}\n")).await;
    }
}
