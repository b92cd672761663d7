//! A subscriber that stops reading, under each policy, and one beside it that does not.

use std::time::Duration;

use pushbench_protocol::{ConnectionClass, Cursor, Deliver, ServerStats, SlowPolicy};
use tokio::io::AsyncReadExt;

use crate::support::{Frame, Raw, Running, start};

const MESSAGES: u32 = 60;
const QUEUE: u32 = 4;
/// So much that neither side's socket buffers hold more than a part of all messages.
const PAYLOAD: usize = 256 * 1024;

async fn server(policy: SlowPolicy, write_timeout: Duration) -> Running {
    start(|config| {
        config.slow_subscriber = policy;
        config.queue = QUEUE.try_into().expect("not zero");
        config.log = 8.try_into().expect("not zero");
        config.limits.write_timeout = write_timeout;
    })
    .await
}

/// Publishes all messages while one subscriber reads and the other does not, and gives the latter.
async fn publish_past_a_sleeper(server: &Running) -> Raw {
    let mut sleeper = server.connect_narrow().await;
    sleeper.upgrade(Cursor::NOW).await;
    let mut witness = server.subscribe().await;
    for n in 0..MESSAGES {
        let payload = payload(n);
        server.publish(&payload).await;
        let frame = witness.frame().await.expect("the witness stays");
        assert!(frame.payload == payload, "message {n} is not what was published");
    }
    sleeper
}

fn payload(n: u32) -> Vec<u8> {
    let mut payload = format!("{n:04}").into_bytes();
    payload.resize(PAYLOAD, b'x');
    payload
}

/// What a subscriber makes of a frame: a message's number, or a notice's.
#[derive(Debug, Eq, PartialEq)]
enum Seen {
    Message(u32),
    Gap(u32),
}

fn see(frame: &Frame) -> Seen {
    let text = std::str::from_utf8(&frame.payload).expect("text");
    match text.strip_prefix("!gap ") {
        Some(gap) => Seen::Gap(gap.parse().expect("a number")),
        None => Seen::Message(text[..4].parse().expect("a number")),
    }
}

/// Reads what a sleeper finds when it wakes, up to the last message.
async fn wake(sleeper: &mut Raw) -> Vec<Seen> {
    let mut seen = Vec::new();
    while seen.last() != Some(&Seen::Message(MESSAGES - 1)) {
        seen.push(see(&sleeper.frame().await.expect("open")));
    }
    seen
}

#[tokio::test]
async fn drop_oldest_and_conflate_tell_how_much_was_dropped_and_keep_the_newest() {
    for (policy, kept) in [(SlowPolicy::DropOldest, QUEUE), (SlowPolicy::Conflate, 1)] {
        let server = server(policy, Duration::from_secs(30)).await;
        let mut sleeper = publish_past_a_sleeper(&server).await;
        let seen = wake(&mut sleeper).await;

        // Everything is either there in order or told as missing.
        let mut next = 0;
        for seen in &seen {
            match seen {
                Seen::Message(n) => {
                    assert_eq!(*n, next, "{policy}");
                    next += 1;
                }
                Seen::Gap(gap) => next += gap,
            }
        }
        assert_eq!(next, MESSAGES, "{policy}");
        let dropped: u32 = seen.iter().map(|s| if let Seen::Gap(gap) = s { *gap } else { 0 }).sum();
        assert!(dropped > 0, "{policy}: the sleeper was not slow enough");
        let after_gap =
            seen.iter().rev().take_while(|seen| matches!(seen, Seen::Message(_))).count();
        // Conflating leaves one, and up to a queue's length of those published since.
        assert!(after_gap >= kept as usize && after_gap <= QUEUE as usize, "{policy}: {seen:?}");

        let stats = server.stats().await;
        assert_eq!(stats.dropped[&policy], u64::from(dropped), "{policy}");
        assert_eq!(stats.dropped.values().sum::<u64>(), u64::from(dropped), "{policy}");
        assert_eq!(stats.disconnected, 0, "{policy}");
    }
}

#[tokio::test]
async fn disconnect_ends_a_sleeper_with_1013() {
    let server = server(SlowPolicy::Disconnect, Duration::from_secs(30)).await;
    let mut sleeper = publish_past_a_sleeper(&server).await;
    let mut next = 0;
    let code = loop {
        let frame = sleeper.frame().await.expect("a close frame first");
        if frame.first == 0x88 {
            break u16::from_be_bytes([frame.payload[0], frame.payload[1]]);
        }
        assert_eq!(see(&frame), Seen::Message(next));
        next += 1;
    };
    assert_eq!(code, 1013);
    assert!(next < MESSAGES);
    let stats = server.stats().await;
    assert_eq!(stats.disconnected, 1);
    assert_eq!(stats.dropped.values().sum::<u64>(), 0);
}

#[tokio::test]
async fn a_sleeper_that_never_wakes_is_cut_off_and_counted() {
    for &policy in SlowPolicy::ALL {
        let server = server(policy, Duration::from_millis(200)).await;
        let _sleeper = publish_past_a_sleeper(&server).await;
        let stats = server
            .stats_until(|stats| stats.connections[&ConnectionClass::WebSocket].open == 0)
            .await;
        assert_eq!(stats.refused.get(&1006), Some(&1), "{policy}");
    }
}

#[tokio::test]
async fn a_poll_whose_response_is_read_drop_by_drop_is_cut_off_and_counted() {
    let server = start(|config| {
        config.deliver = Deliver::Every;
        config.limits.write_timeout = Duration::from_millis(300);
    })
    .await;
    for n in 0..MESSAGES / 2 {
        server.publish(&payload(n)).await;
    }
    let mut slow = server.connect_narrow().await;
    slow.send("GET /topics/t0000/poll HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let head = slow.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let polls = |stats: &ServerStats| stats.connections[&ConnectionClass::ShortPoll].open;
    // 50 bytes a second, at most: there is always something that moves.
    let drip = async {
        let mut byte = [0];
        while slow.stream.read(&mut byte).await.is_ok_and(|len| len > 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let cut_off = server.stats_until(|stats| polls(stats) == 0);
    tokio::select! {
        stats = cut_off => assert_eq!(stats.refused.get(&1006), Some(&1)),
        () = drip => assert_eq!(server.stats().await.refused.get(&1006), Some(&1)),
    }
}

/// Publishes all messages while a stream of lines is not read.
async fn publish_past_a_sleeping_stream(server: &Running) -> Raw {
    let mut sleeper = server.connect_narrow().await;
    sleeper.send("GET /topics/t0000/stream HTTP/1.1\r\nHost: h\r\n\r\n").await;
    sleeper.head().await;
    for n in 0..MESSAGES {
        server.publish(&payload(n)).await;
    }
    sleeper
}

#[tokio::test]
async fn a_stream_that_is_not_read_meets_the_same_policies() {
    for policy in [SlowPolicy::DropOldest, SlowPolicy::Conflate] {
        let server = server(policy, Duration::from_secs(30)).await;
        let mut sleeper = publish_past_a_sleeping_stream(&server).await;
        let (mut next, mut dropped) = (0, 0);
        while next < MESSAGES {
            let line = String::from_utf8(sleeper.chunk().await).expect("text");
            let line = line.strip_suffix('\n').expect("a line");
            match line.strip_prefix("!gap ") {
                Some(gap) => {
                    dropped += gap.parse::<u32>().expect("a number");
                    next += gap.parse::<u32>().expect("a number");
                }
                None => {
                    assert_eq!(line.as_bytes(), payload(next), "{policy}");
                    next += 1;
                }
            }
        }
        assert!(dropped > 0, "{policy}: the sleeper was not slow enough");
        assert_eq!(server.stats().await.dropped[&policy], u64::from(dropped), "{policy}");
    }
}

#[tokio::test]
async fn disconnect_ends_a_stream_in_order_after_what_was_begun() {
    let server = server(SlowPolicy::Disconnect, Duration::from_secs(30)).await;
    let mut sleeper = publish_past_a_sleeping_stream(&server).await;
    let mut lines = 0;
    while !sleeper.chunk().await.is_empty() {
        lines += 1;
    }
    assert!(lines < MESSAGES);
    assert!(sleeper.at_end().await);
    assert_eq!(server.stats().await.disconnected, 1);
}
