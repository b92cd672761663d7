//! HTTP/2 on the same port: told by its preface, answered by the same routes, ended in order.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request};
use pushbench_protocol::{
    ClassStats, ConnectionClass, Cursor, ResponseProfile, ServerStats, SlowPolicy, TopicName,
};
use pushbench_wire::frame::{Opcode, encode_header};
use pushbench_wire::hpack::{Encoder, Indexing};
use pushbench_wire::http2::{FrameCounter, PREFACE};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{DEADLINE, KEY, Running, field, frame, start};

/// A client's HTTP/2 connection, and the task that drives it.
struct Client {
    send: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(server: &Running) -> Self {
        Self::with_window(server, 1 << 20).await
    }

    async fn with_window(server: &Running, window: u32) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("the server listens");
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (send, connection) = builder.handshake(stream).await.expect("it speaks HTTP/2");
        Self { send, driver: tokio::spawn(connection) }
    }

    /// Sends a request without a body; gives status, fields and the body's stream.
    async fn get(&self, path: &str) -> (u16, HeaderMap, RecvStream) {
        let request = Request::get(format!("http://h{path}")).body(()).expect("a request");
        let mut send = self.send.clone().ready().await.expect("open");
        let (answer, _) = send.send_request(request, true).expect("open");
        let answer = timeout(DEADLINE, answer).await.expect("in time").expect("an answer");
        let (parts, body) = answer.into_parts();
        (parts.status.as_u16(), parts.headers, body)
    }

    /// Opens a WebSocket to topic `t0000`.
    async fn websocket(&self, more: &[(&str, &str)]) -> (u16, SendStream<Bytes>, RecvStream) {
        let path = TopicName::numbered(0).websocket_path(Cursor::NOW);
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("http://h{path}"))
            .extension(Protocol::from_static("websocket"));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        let mut send = self.send.clone().ready().await.expect("open");
        while !send.is_extended_connect_protocol_enabled() {
            tokio::task::yield_now().await;
        }
        let (answer, send) = send.send_request(request, false).expect("open");
        let answer = timeout(DEADLINE, answer).await.expect("in time").expect("an answer");
        (answer.status().as_u16(), send, answer.into_body())
    }
}

/// The next data of a stream; `None` at its end.
async fn data(body: &mut RecvStream) -> Option<Bytes> {
    loop {
        let data = timeout(DEADLINE, body.data()).await.expect("in time")?.expect("not reset");
        body.flow_control().release_capacity(data.len()).expect("so much was received");
        // What ends a stream may be empty.
        if !data.is_empty() {
            return Some(data);
        }
    }
}

async fn whole(mut body: RecvStream) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(data) = data(&mut body).await {
        whole.extend_from_slice(&data);
    }
    whole
}

fn text_frame(payload: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_header(&mut bytes, true, Opcode::Text, payload.len() as u64, None);
    bytes.extend_from_slice(payload.as_bytes());
    bytes
}

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

/// A client's stream whose frames are counted.
struct Counted {
    stream: TcpStream,
    frames: Arc<Mutex<(FrameCounter, FrameCounter)>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.frames.lock().expect("one task").1.observe(&buf.filled()[before..]);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            self.frames.lock().expect("one task").0.observe(&bytes[..written]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// 250 polls, each with a new cursor, are more than a table holds: what was indexed first goes and
/// comes back.
#[tokio::test]
async fn every_field_block_is_as_long_as_the_model_of_its_encoder_says() {
    let server = start(|config| {
        config.unchanged = pushbench_protocol::Unchanged::Empty;
        config.response = ResponseProfile::built_in("typical").expect("built in");
    })
    .await;
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let counters = (FrameCounter::of_client(), FrameCounter::of_server());
    let frames = Arc::new(Mutex::new(counters));
    let counted = Counted { stream, frames: Arc::clone(&frames) };
    let (send, connection) = h2::client::handshake(counted).await.expect("it speaks HTTP/2");
    let client = Client { send, driver: tokio::spawn(connection) };
    let blocks = || {
        let (up, down) = &*frames.lock().expect("one task");
        (up.counts.field_blocks, down.counts.field_blocks)
    };
    let (mut up, mut down) = (Encoder::new(Indexing::LikeH2), Encoder::new(Indexing::LikeH2));
    let mut after = Cursor::OLDEST;
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..250 {
        if number % 5 != 0 {
            server.publish(number.to_string().as_bytes()).await;
        }
        let path = TopicName::numbered(0).poll_path(after);
        let before = blocks();
        let (status, fields, body) = client.get(&path).await;
        whole(body).await;
        let now = blocks();
        let request =
            [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", &path)];
        assert_eq!(now.0 - before.0, up.encode(request), "request {number}");
        let status = status.to_string();
        let fields_of =
            fields.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text")));
        let answer = [(":status", status.as_str())].into_iter().chain(fields_of);
        assert_eq!(now.1 - before.1, down.encode(answer), "answer {number}: {fields:?}");
        seen.insert(now.1 - before.1);
        after = Cursor::decode(fields["cursor"].as_bytes()).expect("a cursor");
    }
    // First, with a new date, with the same cursor, and with what came back.
    assert!(seen.len() > 4, "{seen:?}");
}

#[tokio::test]
async fn bytes_of_all_streams_are_booked_with_their_connection() {
    let server = start(|_| {}).await;
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let counters = std::sync::Arc::new(pushbench_wire::SocketCounters::default());
    let stream = pushbench_wire::CountingStream::new(stream, std::sync::Arc::clone(&counters));
    let (send, connection) = h2::client::handshake(stream).await.expect("it speaks HTTP/2");
    let client = Client { send, driver: tokio::spawn(connection) };
    let (_, _, mut lines) = client.get(&TopicName::numbered(0).stream_path(Cursor::NOW)).await;
    server.publish(&[b'x'; 40_000]).await;
    let mut len = 0;
    while len < 40_001 {
        len += data(&mut lines).await.expect("it goes on").len();
    }
    let (_, _, body) = client.get(&TopicName::numbered(0).poll_path(Cursor::OLDEST)).await;
    assert_eq!(whole(body).await.len(), 40_000);
    drop(lines);
    drop(client.send);
    client.driver.await.expect("no panic").expect("closed in order");
    let stats = server.stats_until(|s| s.connections[&ConnectionClass::Stream].open == 0).await;
    let ClassStats { accepted, received_bytes, .. } = stats.connections[&ConnectionClass::Stream];
    assert_eq!((accepted, received_bytes), (1, counters.bytes_written()));
}

#[tokio::test]
async fn a_poll_whose_response_is_taken_drop_by_drop_is_reset_and_counted() {
    let server = start(|config| config.limits.write_timeout = Duration::from_millis(300)).await;
    server.publish(&[b'x'; 60_000]).await;
    // Room for 16 bytes at a time, ten times a second: there is always something that moves.
    let client = Client::with_window(&server, 16).await;
    let (status, _, mut body) = client.get(&TopicName::numbered(0).poll_path(Cursor::OLDEST)).await;
    assert_eq!(status, 200);
    let mut taken = 0;
    let reset = loop {
        match timeout(DEADLINE, body.data()).await.expect("in time").expect("not all of it") {
            Ok(data) => {
                taken += data.len();
                body.flow_control().release_capacity(data.len()).expect("so much was received");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => break error,
        }
        assert!(taken < 6_000, "it was let go on");
    };
    assert!(reset.is_reset() && taken > 16, "{reset}, {taken} B");
    assert_eq!(server.stats().await.refused.get(&1006), Some(&1));
}

#[tokio::test]
async fn a_stream_that_is_not_read_meets_the_policies() {
    for policy in [SlowPolicy::DropOldest, SlowPolicy::Disconnect] {
        let server = start(|config| {
            config.slow_subscriber = policy;
            config.queue = 4.try_into().expect("not zero");
            config.log = 8.try_into().expect("not zero");
        })
        .await;
        // A window that the first messages fill: the client opens it only when it reads.
        let client = Client::with_window(&server, 65_535).await;
        let (_, _, mut lines) = client.get(&TopicName::numbered(0).stream_path(Cursor::NOW)).await;
        for n in 0..60 {
            let mut payload = format!("{n:04}").into_bytes();
            payload.resize(32 * 1024, b'x');
            server.publish(&payload).await;
        }
        let mut text = Vec::new();
        let is_over =
            |text: &[u8]| text.ends_with(b"x\n") && text[..].windows(5).any(|w| w == b"0059x");
        while !is_over(&text) {
            match data(&mut lines).await {
                Some(data) => text.extend_from_slice(&data),
                None => break,
            }
        }
        let stats = server.stats().await;
        match policy {
            SlowPolicy::Disconnect => assert_eq!(stats.disconnected, 1),
            SlowPolicy::DropOldest | SlowPolicy::Conflate => {
                let text = String::from_utf8(text).expect("text");
                let gaps: u64 = text
                    .lines()
                    .filter_map(|line| line.strip_prefix("!gap "))
                    .map(|gap| gap.parse::<u64>().expect("a number"))
                    .sum();
                assert!(gaps > 0 && stats.dropped[&policy] == gaps, "{gaps} {stats:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_frame_that_does_not_end_is_late_and_a_quiet_connection_is_not() {
    let server = start(|config| config.limits.head_timeout = Duration::from_millis(200)).await;
    let mut quiet = server.connect().await;
    quiet.send([&PREFACE[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat()).await;
    let mut late = server.connect().await;
    late.send([&PREFACE[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat()).await;
    // HEADERS of 10 bytes, of which 3 come.
    late.send([0, 0, 10, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]).await;
    let mut rest = Vec::new();
    let read = timeout(DEADLINE, late.stream.read_to_end(&mut rest)).await;
    read.expect("it is cut off").ok();
    let stats = server.stats_until(|stats| stats.refused.contains_key(&408)).await;
    assert_eq!(stats.refused[&408], 1);
    assert_eq!(stats.connections[&ConnectionClass::Silent].open, 1);
    quiet.stream.shutdown().await.expect("still open");
}

#[tokio::test]
async fn bytes_that_are_no_frames_are_refused_and_harm_nobody() {
    let server = start(|_| {}).await;
    let client = Client::connect(&server).await;
    let mut raw = server.connect().await;
    raw.send([&PREFACE[..], b"this is no SETTINGS frame at all"].concat()).await;
    let mut rest = Vec::new();
    timeout(DEADLINE, raw.stream.read_to_end(&mut rest)).await.expect("in time").ok();
    assert_eq!(server.stats_until(|s| !s.refused.is_empty()).await.refused.get(&400), Some(&1));
    assert_eq!(client.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn the_signal_ends_streams_in_their_way_and_then_the_connection() {
    let server = start(|_| {}).await;
    let client = Client::connect(&server).await;
    let topic = TopicName::numbered(0);
    let (_, _, mut lines) = client.get(&topic.stream_path(Cursor::NOW)).await;
    let (_, send, mut socket) = client.websocket(&[("sec-websocket-version", "13")]).await;
    let hold = topic.long_poll_path(Cursor::OLDEST, "20s".parse().expect("a hold"));
    let holder = Client::connect(&server).await;
    let held = holder.get(&hold);
    let idle = Client::connect(&server).await;
    let stop = async {
        let holds = |stats: &ServerStats| stats.connections[&ConnectionClass::LongPoll].accepted;
        server.stats_until(|stats| holds(stats) == 1).await;
        [server.stop()]
    };
    let ((status, _, _), [ended]) = tokio::join!(held, stop);
    assert_eq!(status, 204);
    assert_eq!(data(&mut lines).await, None);
    assert_eq!(data(&mut socket).await.expect("a close frame")[..4], [0x88, 12, 0x03, 0xe9]);
    let mut send = send;
    send.send_data(Bytes::from(frame(0x88, b"\x03\xe9")), true).expect("open");
    assert_eq!(data(&mut socket).await, None);
    drop((lines, socket, send, client.send, holder.send, idle.send));
    for driver in [client.driver, holder.driver, idle.driver] {
        timeout(DEADLINE, driver).await.expect("in time").expect("no panic").expect("in order");
    }
    let ended = timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
    assert_eq!(ended.cut_off, 0);
}
