//! Bounds: heads, bodies, time, connections, topics.

use std::time::Duration;

use pushbench_protocol::ConnectionClass;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{DEADLINE, Raw, post, start};

/// A poll whose head has exactly this many bytes.
fn poll_of(head_bytes: usize) -> String {
    let start = "GET /topics/t0000/poll HTTP/1.1\r\nHost: h\r\nX: ";
    let filler = head_bytes - start.len() - 4;
    format!("{start}{}\r\n\r\n", "x".repeat(filler))
}

async fn status(raw: &mut Raw) -> u16 {
    let (head, _) = raw.answer().await;
    head["HTTP/1.1 ".len()..][..3].parse().expect("a status")
}

#[tokio::test]
async fn a_head_may_be_long_and_not_too_long() {
    let server = start(|_| {}).await;
    for (head_bytes, expected) in [(10_000, 204), (16 * 1024, 204), (17 * 1024, 431)] {
        for pieces in [1, 5] {
            let request = poll_of(head_bytes);
            assert_eq!(request.len(), head_bytes);
            let mut raw = server.connect().await;
            for piece in request.as_bytes().chunks(head_bytes.div_ceil(pieces)) {
                raw.send(piece).await;
                sleep(Duration::from_millis(2)).await;
            }
            assert_eq!(status(&mut raw).await, expected, "{head_bytes} in {pieces}");
        }
    }
    assert_eq!(server.stats().await.refused[&431], 2);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let server = start(|config| config.limits.body_bytes = 100_000).await;
    for (len, expected) in [(0, 200), (100_000, 200), (100_001, 413), (1_000_000, 413)] {
        let mut raw = server.connect().await;
        raw.send(post(&vec![b'x'; len])).await;
        assert_eq!(status(&mut raw).await, expected, "{len}");
    }
    let mut raw = server.connect().await;
    let chunk = format!("C350\r\n{}\r\n", "x".repeat(50_000));
    let head = "POST /topics/t0000/messages HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";
    raw.send(format!("{head}\r\n{chunk}{chunk}{chunk}0\r\n\r\n")).await;
    assert_eq!(status(&mut raw).await, 413);
}

#[tokio::test]
async fn who_dawdles_over_a_head_is_closed_and_who_waits_between_polls_is_not() {
    let server = start(|config| config.limits.head_timeout = Duration::from_millis(200)).await;
    let mut patient = server.connect().await;
    patient.send(poll_of(100)).await;
    assert_eq!(status(&mut patient).await, 204);

    let mut dawdler = server.connect().await;
    let began = started();
    let dripping = async {
        for byte in poll_of(1_000).bytes() {
            dawdler.send([byte]).await;
            sleep(Duration::from_millis(10)).await;
            if began.elapsed() > Duration::from_millis(150) {
                break;
            }
        }
        dawdler.at_end().await
    };
    assert!(timeout(DEADLINE, dripping).await.expect("closed in time"));
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
    assert_eq!(server.stats().await.refused[&408], 1);

    patient.send(poll_of(100)).await;
    assert_eq!(status(&mut patient).await, 204);
}

#[expect(clippy::disallowed_methods, reason = "a test of real time")]
fn started() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn a_body_that_never_comes_is_refused() {
    let server = start(|config| config.limits.head_timeout = Duration::from_millis(200)).await;
    let mut raw = server.connect().await;
    raw.send("POST /topics/t0000/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n12")
        .await;
    assert_eq!(status(&mut raw).await, 408);
}

#[tokio::test]
async fn who_says_nothing_is_closed_after_a_while() {
    let server = start(|config| config.limits.idle_timeout = Duration::from_millis(200)).await;
    let mut subscriber = server.subscribe().await;
    let mut poller = server.connect().await;
    poller.send(poll_of(100)).await;
    assert_eq!(status(&mut poller).await, 204);
    let mut silent = server.connect().await;

    assert!(silent.at_end().await);
    assert!(poller.at_end().await);
    assert_eq!(subscriber.closed().await, Some(1001));
    drop(subscriber);
    let stats =
        server.stats_until(|stats| stats.connections[&ConnectionClass::WebSocket].open == 0).await;
    assert!(stats.refused.is_empty(), "{stats:?}");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_counted() {
    let server = start(|config| config.limits.connections = 2.try_into().expect("not zero")).await;
    let mut first = server.connect().await;
    first.send(poll_of(100)).await;
    assert_eq!(status(&mut first).await, 204);
    let mut second = server.connect().await;
    second.send(poll_of(100)).await;
    assert_eq!(status(&mut second).await, 204);
    let mut third = server.connect().await;
    // Whatever it has sent already, it reads why, and then the end: no reset.
    third.send(poll_of(2_000)).await;
    let (head, body) = third.answer().await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert_eq!(String::from_utf8(body).expect("text").lines().count(), 1);
    assert!(third.at_end().await);
    drop(second);
    // Who asks for the books meanwhile may be one too many, too.
    drop(third);
    let stats = server.stats_until(|stats| stats.refused.contains_key(&503)).await;
    assert!(stats.refused[&503] >= 1);
}

#[tokio::test]
async fn where_there_is_no_room_the_oldest_that_asks_for_nothing_makes_some() {
    let server = start(|config| config.limits.connections = 3.try_into().expect("not zero")).await;
    let mut asked = server.connect().await;
    asked.send(poll_of(100)).await;
    assert_eq!(status(&mut asked).await, 204);
    let (mut oldest, mut silent) = (server.connect().await, server.connect().await);
    silent.send("GET /heal").await;
    let mut newest = server.connect().await;
    newest.send(poll_of(100)).await;
    assert_eq!(status(&mut newest).await, 204);
    assert!(oldest.at_end().await);
    // Who has asked keeps its place, and so does who came later than the oldest.
    silent.send("thz HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(status(&mut silent).await, 200);
    asked.send(poll_of(100)).await;
    assert_eq!(status(&mut asked).await, 204);
    drop(newest);
    let stats = server.stats_until(|stats| stats.refused.contains_key(&408)).await;
    assert_eq!(stats.refused[&408], 1);
}

#[tokio::test]
async fn who_asks_for_nothing_is_closed_sooner_than_who_has_asked() {
    let server =
        start(|config| config.limits.first_request_timeout = Duration::from_millis(200)).await;
    let mut poller = server.connect().await;
    poller.send(poll_of(100)).await;
    assert_eq!(status(&mut poller).await, 204);
    assert!(server.connect().await.at_end().await);
    poller.send(poll_of(100)).await;
    assert_eq!(status(&mut poller).await, 204);
}

#[tokio::test]
async fn readers_of_topics_without_messages_leave_nothing_behind() {
    let server = start(|config| config.limits.topics = 2.try_into().expect("not zero")).await;
    for n in 0..20 {
        for path in ["poll", "events", "stream", "long-poll?hold=10ms"] {
            let mut raw = server.connect().await;
            raw.send(format!("GET /topics/reader-{n}/{path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
            raw.head().await;
            drop(raw);
            // A topic goes when the server has seen its reader go.
            let is_gone = |class| {
                move |stats: &pushbench_protocol::ServerStats| stats.connections[&class].open == 0
            };
            for class in [ConnectionClass::Sse, ConnectionClass::Stream, ConnectionClass::LongPoll]
            {
                server.stats_until(is_gone(class)).await;
            }
        }
    }
    server.publish(b"x").await;
    let mut raw = server.connect().await;
    raw.send("POST /topics/other/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(status(&mut raw).await, 200);
}

#[tokio::test]
async fn one_topic_too_many_is_refused_and_a_poll_makes_none() {
    let server = start(|config| config.limits.topics = 1.try_into().expect("not zero")).await;
    let mut raw = server.connect().await;
    raw.send("GET /topics/polled/poll HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(status(&mut raw).await, 204);
    server.publish(b"x").await;
    raw.send("POST /topics/other/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(status(&mut raw).await, 503);
}

#[tokio::test]
async fn connections_have_the_segment_size_that_was_asked_for() {
    let server = start(|config| config.mss = Some(1_460)).await;
    let raw = server.connect().await;
    let client = socket2::SockRef::from(&raw.stream).tcp_mss().expect("an option of TCP");
    // Timestamps take 12 bytes of each segment where they are on.
    assert!((1_448..=1_460).contains(&client), "{client}");
}
