//! Who is slow, who speaks no HTTP/2, and how a connection is ended in order.

use std::time::Duration;

use bytes::Bytes;
use pushbench_protocol::{ConnectionClass, Cursor, ServerStats, SlowPolicy, TopicName};
use pushbench_wire::http2::PREFACE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::client::{Client, data};
use crate::support::{DEADLINE, frame, start};

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
