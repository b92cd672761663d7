//! Streams of events and of lines that are compressed: who gets one, what its head says, that each
//! message can be read as soon as it has come, and that the end is one.

use std::io::Read;
use std::time::Duration;

use http::Request;
use pushbench_protocol::headers::{AnswerMark, StreamKind};
use pushbench_protocol::{Compression, Cursor, Deliver, ResponseProfile, StreamCoding, TopicName};
use pushbench_server::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, Raw, Running, field, start};

const KINDS: [StreamKind; 2] = [StreamKind::Events, StreamKind::Lines];

fn codings() -> [StreamCoding; 3] {
    [(Compression::Gzip, None), (Compression::Gzip, Some(9)), (Compression::Brotli, None)]
        .map(|(coding, bits)| StreamCoding::new(coding, bits).expect("a coding of streams"))
}

fn compressing(how: StreamCoding) -> impl FnOnce(&mut ServerConfig) {
    move |config| config.stream_compression = Some(how)
}

fn path(kind: StreamKind) -> String {
    match kind {
        StreamKind::Events => TopicName::numbered(0).events_path(),
        StreamKind::Lines => TopicName::numbered(0).stream_path(Cursor::NOW),
    }
}

fn said(kind: StreamKind, cursor: Cursor, payload: &str) -> String {
    match kind {
        StreamKind::Events => format!("id: {cursor}\ndata: {payload}\n\n"),
        StreamKind::Lines => format!("{payload}\n"),
    }
}

/// A client's end of a stream: decodes all that has come, again with each piece.
struct Coded {
    coding: Compression,
    bytes: Vec<u8>,
    read: usize,
}

impl Coded {
    fn new(how: StreamCoding) -> Self {
        Self { coding: how.coding(), bytes: Vec::new(), read: 0 }
    }

    /// What can be read of the stream so far, and whether it has ended.
    fn readable(&self) -> (String, bool) {
        let mut plain = Vec::new();
        let read = match self.coding {
            Compression::Gzip => {
                flate2::read::GzDecoder::new(&self.bytes[..]).read_to_end(&mut plain)
            }
            _ => brotli_decompressor::Decompressor::new(&self.bytes[..], 4_096)
                .read_to_end(&mut plain),
        };
        (String::from_utf8(plain).expect("text"), read.is_ok())
    }

    /// What a piece says.
    fn take(&mut self, piece: &[u8]) -> String {
        self.bytes.extend_from_slice(piece);
        let (text, has_ended) = self.readable();
        assert!(!has_ended);
        let message = text[self.read..].to_owned();
        self.read = text.len();
        message
    }
}

async fn open(server: &Running, path: &str, fields: &str) -> (Raw, String) {
    let mut raw = server.connect().await;
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    (raw, head)
}

fn accepting(how: StreamCoding) -> String {
    format!("Accept-Encoding: {}\r\n", how.coding())
}

#[tokio::test]
async fn each_message_is_one_chunk_that_can_be_read_at_once() {
    for (how, kind) in codings().into_iter().flat_map(|how| KINDS.map(|kind| (how, kind))) {
        let server = start(compressing(how)).await;
        let (mut raw, head) = open(&server, &path(kind), &accepting(how)).await;
        assert_eq!(field(&head, "Content-Encoding"), Some(how.coding().label()), "{head}");
        assert_eq!(field(&head, "Vary"), Some("Accept-Encoding"), "{head}");
        let mut coded = Coded::new(how);
        for n in 0..20 {
            let payload = format!("{{\"symbol\":\"ACME\",\"price\":{n}.5}}");
            let cursor = server.publish(payload.as_bytes()).await;
            let chunk = raw.chunk().await;
            let expected = said(kind, cursor, &payload);
            assert!(n == 0 || chunk.len() < expected.len(), "{how:?} {kind:?}: {}", chunk.len());
            assert_eq!(coded.take(&chunk), expected, "{how:?}");
        }
        // The client's end of the connection is the end of it, without another word.
        tokio::io::AsyncWriteExt::shutdown(&mut raw.stream).await.expect("our side is open");
        assert!(raw.at_end().await);
    }
}

#[tokio::test]
async fn a_stream_is_compressed_for_who_accepts_it() {
    for how in codings() {
        let server = start(compressing(how)).await;
        for (fields, is_coded) in [
            (accepting(how), true),
            ("Accept-Encoding: gzip, deflate, br, zstd\r\n".to_owned(), true),
            ("Accept-Encoding: *;q=0.5\r\n".to_owned(), true),
            (String::new(), false),
            ("Accept-Encoding: zstd\r\n".to_owned(), false),
            (format!("Accept-Encoding: {};q=0\r\n", how.coding()), false),
            (format!("Accept-Encoding: {};q=0.4, identity\r\n", how.coding()), false),
        ] {
            let (mut raw, head) = open(&server, &path(StreamKind::Lines), &fields).await;
            let found = field(&head, "Content-Encoding");
            assert_eq!(found, is_coded.then(|| how.coding().label()), "{fields} {head}");
            assert_eq!(field(&head, "Vary"), Some("Accept-Encoding"), "{fields} {head}");
            server.publish(b"news").await;
            let chunk = raw.chunk().await;
            assert_eq!(chunk != b"news\n", is_coded, "{fields}");
        }
    }
    // A server that was not told to says nothing of it.
    let server = start(|_| {}).await;
    let accept = "Accept-Encoding: gzip, br\r\n";
    let (mut raw, head) = open(&server, &path(StreamKind::Events), accept).await;
    assert_eq!((field(&head, "Content-Encoding"), field(&head, "Vary")), (None, None), "{head}");
    let cursor = server.publish(b"news").await;
    assert_eq!(raw.chunk().await, said(StreamKind::Events, cursor, "news").as_bytes());
}

#[tokio::test]
async fn a_head_is_as_long_as_the_model_says() {
    let how = codings()[0];
    for (name, kind) in ResponseProfile::names().flat_map(|name| KINDS.map(|kind| (name, kind))) {
        let profile = ResponseProfile::built_in(name).expect(name);
        let server = start(|config| {
            compressing(how)(config);
            config.response = profile.clone();
        })
        .await;
        let before = server.publish(b"before").await;
        let mark = AnswerMark { cursor: Some(before), ..AnswerMark::default() };
        for (fields, is_coded) in [(accepting(how), true), (String::new(), false)] {
            let (_, head) = open(&server, &path(kind), &fields).await;
            let coding = (how.coding(), is_coded);
            let date = field(&head, "Date").expect("each profile has a date");
            assert_eq!(head, profile.coded_stream_head(kind, date, mark, coding), "{name}");
            assert_eq!(head.len(), profile.stream_head_len(kind, mark, coding), "{name}");
        }
    }
}

#[tokio::test]
async fn a_compressed_stream_goes_on_where_its_client_has_left_it_and_tells_a_gap() {
    for how in codings() {
        let server = start(|config| {
            compressing(how)(config);
            config.log = 3.try_into().expect("not zero");
            config.queue = 3.try_into().expect("not zero");
        })
        .await;
        let mut cursors = Vec::new();
        for n in 0..5 {
            cursors.push(server.publish(n.to_string().as_bytes()).await);
        }
        let all = |from: usize| -> String {
            let events = cursors.iter().enumerate().skip(from);
            events.map(|(n, at)| said(StreamKind::Events, *at, &n.to_string())).collect()
        };
        for (seen, from, gap) in [(3, 4, None), (0, 2, Some("1"))] {
            let fields = format!("{}Last-Event-ID: {}\r\n", accepting(how), cursors[seen]);
            let (mut raw, head) = open(&server, &path(StreamKind::Events), &fields).await;
            assert_eq!(field(&head, "Gap"), gap);
            let mut coded = Coded::new(how);
            let mut text = String::new();
            for _ in from..5 {
                text.push_str(&coded.take(&raw.chunk().await));
            }
            assert_eq!(text, all(from), "{how:?}");
        }
    }
}

#[tokio::test]
async fn comments_come_through_the_same_coder_and_conflated_messages_too() {
    for how in codings() {
        let server = start(|config| {
            compressing(how)(config);
            config.heartbeat = Some(Duration::from_millis(200));
            config.deliver = Deliver::Latest;
            config.conflate = Some(Duration::from_millis(50));
        })
        .await;
        let (mut raw, _) = open(&server, &path(StreamKind::Events), &accepting(how)).await;
        let mut coded = Coded::new(how);
        for burst in 0..3 {
            assert_eq!(coded.take(&raw.chunk().await), ":\n\n", "{how:?}");
            let mut last = String::new();
            for n in 0..6 {
                let payload = format!("{burst} {n}");
                let cursor = server.publish(payload.as_bytes()).await;
                last = said(StreamKind::Events, cursor, &payload);
            }
            // How many of them come between depends on how fast they were published.
            while coded.take(&raw.chunk().await) != last {}
        }
        assert!(server.stats().await.sent_messages < 18);
    }
}

#[tokio::test]
async fn the_signal_ends_the_coder_first_and_then_the_chunks() {
    for (how, kind) in codings().into_iter().flat_map(|how| KINDS.map(|kind| (how, kind))) {
        let server = start(compressing(how)).await;
        let (mut raw, _) = open(&server, &path(kind), &accepting(how)).await;
        let (mut silent, _) = open(&server, &path(kind), &accepting(how)).await;
        let cursor = server.publish(b"last").await;
        let mut coded = Coded::new(how);
        assert_eq!(coded.take(&raw.chunk().await), said(kind, cursor, "last"));
        silent.chunk().await;
        let ended = server.stop();
        for raw in [&mut raw, &mut silent] {
            let end = raw.chunk().await;
            let whole = [&coded.bytes[..], &end].concat();
            let whole = Coded { coding: how.coding(), bytes: whole, read: 0 };
            assert_eq!(whole.readable(), (said(kind, cursor, "last"), true), "{how:?}");
            assert!(raw.chunk().await.is_empty());
            assert!(raw.at_end().await);
        }
        drop((raw, silent));
        let ended = timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
        assert_eq!(ended.cut_off, 0);
    }
}

#[tokio::test]
async fn over_http_2_it_is_data_without_chunks() {
    for (how, kind) in codings().into_iter().flat_map(|how| KINDS.map(|kind| (how, kind))) {
        let server = start(compressing(how)).await;
        let socket = TcpStream::connect(server.address).await.expect("the server listens");
        let (mut send, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
        let driver = tokio::spawn(connection);
        let request = Request::get(format!("http://h{}", path(kind)))
            .header("accept-encoding", how.coding().label())
            .body(())
            .expect("a request");
        let (answer, _) = send.send_request(request, true).expect("it is open");
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], how.coding().label());
        assert_eq!(answer.headers()["vary"], "Accept-Encoding");
        let mut body = answer.into_body();
        let mut coded = Coded::new(how);
        for payload in ["first", "second"] {
            let cursor = server.publish(payload.as_bytes()).await;
            let data = body.data().await.expect("it goes on").expect("data");
            assert_eq!(coded.take(&data), said(kind, cursor, payload), "{how:?}");
        }
        let ended = server.stop();
        let end = body.data().await.expect("the end of the coder").expect("data");
        coded.bytes.extend_from_slice(&end);
        assert!(coded.readable().1, "{how:?}");
        // The end of the stream may come in a frame of its own.
        while let Some(data) = body.data().await {
            assert_eq!(data.expect("in order"), "");
        }
        drop((send, body));
        timeout(DEADLINE, driver).await.expect("in time").expect("no panic").expect("in order");
        timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
    }
}
