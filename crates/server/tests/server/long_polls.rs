//! Long polls: held, answered, cut, to the byte.

use std::time::Duration;

use pushbench_protocol::headers::{AnswerMark, AnswerStatus};
use pushbench_protocol::{
    ConnectionClass, Cursor, Deliver, Hold, ResponseProfile, TopicName, clock,
};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::support::{DEADLINE, Raw, Running, field, start};

const LONG: Duration = Duration::from_secs(30);

fn request(after: Cursor, hold: Duration) -> String {
    let hold = Hold::new(hold).expect("within the bound");
    let path = TopicName::numbered(0).long_poll_path(after, hold);
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// Waits until this many long polls are open, and have been read whole.
async fn until_held(server: &Running, raws: &[Raw]) {
    let sent: u64 = raws.iter().map(|raw| raw.sent).sum();
    server
        .stats_until(|stats| stats.connections[&ConnectionClass::LongPoll].received_bytes == sent)
        .await;
}

/// A connection whose poll is held.
async fn held(server: &Running) -> Raw {
    let mut raw = server.connect().await;
    raw.send(request(Cursor::NOW, LONG)).await;
    let raws = [raw];
    until_held(server, &raws).await;
    let [raw] = raws;
    raw
}

#[tokio::test]
async fn held_polls_are_answered_at_the_publish_with_the_head_of_the_profile() {
    for name in ResponseProfile::names() {
        for &deliver in Deliver::ALL {
            let profile = ResponseProfile::built_in(name).expect(name);
            let server = start(|config| {
                config.response = profile.clone();
                config.deliver = deliver;
            })
            .await;
            let mut raws = [server.connect().await, server.connect().await];
            for raw in &mut raws {
                raw.send(request(Cursor::OLDEST, LONG)).await;
            }
            until_held(&server, &raws).await;
            let cursor = server.publish(b"news").await;
            for raw in &mut raws {
                let (head, body) = raw.answer().await;
                let content = if deliver == Deliver::Every { "news\n" } else { "news" };
                let date = field(&head, "Date").expect("each profile has a date");
                let mark = AnswerMark { cursor: Some(cursor), ..AnswerMark::default() };
                let expected = profile.head(AnswerStatus::Messages, content.len(), date, mark);
                assert_eq!(head, expected, "{name} {deliver}");
                assert_eq!(std::str::from_utf8(&body), Ok(content));
            }
            assert_eq!(server.stats().await.sent_messages, 2, "{name} {deliver}");
        }
    }
}

#[tokio::test]
async fn what_was_published_meanwhile_is_answered_at_once_and_only_once() {
    let server = start(|config| config.deliver = Deliver::Every).await;
    let mut raw = server.connect().await;
    let mut after = Cursor::OLDEST;
    for n in 0..5 {
        server.publish(format!("a{n}").as_bytes()).await;
        server.publish(format!("b{n}").as_bytes()).await;
        raw.send(request(after, LONG)).await;
        let (head, body) = raw.answer().await;
        assert_eq!(body, format!("a{n}\nb{n}\n").as_bytes());
        after = Cursor::decode(field(&head, "Cursor").expect("always").as_bytes()).expect("one");
    }
}

#[tokio::test]
async fn who_asks_from_now_on_gets_the_next_message_and_nothing_from_before() {
    let server = start(|config| config.deliver = Deliver::Every).await;
    server.publish(b"before").await;
    let mut raws = [server.connect().await];
    raws[0].send(request(Cursor::NOW, LONG)).await;
    until_held(&server, &raws).await;
    let cursor = server.publish(b"next").await;
    let (head, body) = raws[0].answer().await;
    assert_eq!(body, b"next\n");
    assert_eq!(field(&head, "Cursor"), Some(cursor.to_string().as_str()));
}

#[tokio::test]
async fn a_hold_ends_with_204_and_a_cursor_and_not_before_its_time() {
    let server = start(|config| {
        config.limits.idle_timeout = Duration::from_millis(50);
        config.limits.head_timeout = Duration::from_millis(50);
    })
    .await;
    let cursor = server.publish(b"old").await;
    let mut raw = server.connect().await;
    for hold in [Duration::ZERO, Duration::from_millis(300)] {
        let begin = clock::now();
        raw.send(request(cursor, hold)).await;
        let (head, body) = raw.answer().await;
        let held = clock::now().since(begin);
        assert!(head.starts_with("HTTP/1.1 204 No Content\r\n"), "{head}");
        assert_eq!(field(&head, "Cursor"), Some(cursor.to_string().as_str()));
        assert!(body.is_empty());
        assert!(held >= hold, "{held:?} of {hold:?}");
    }
}

#[tokio::test]
async fn a_client_that_closes_ends_its_held_poll_and_nothing_more_is_written() {
    let server = start(|_| {}).await;
    let mut raw = held(&server).await;
    raw.stream.shutdown().await.expect("our side is open");
    assert!(raw.at_end().await, "the server said something");
    drop(raw.stream);
    let stats =
        server.stats_until(|stats| stats.connections[&ConnectionClass::LongPoll].open == 0).await;
    let class = stats.connections[&ConnectionClass::LongPoll];
    assert_eq!((class.received_bytes, class.sent_bytes), (raw.sent, 0));
    server.publish(b"nobody waits").await;
    assert_eq!(server.stats().await.sent_messages, 0);
}

#[tokio::test]
async fn the_signal_ends_held_polls_with_204_and_in_order() {
    let server = start(|_| {}).await;
    let mut raw = held(&server).await;
    let ended = server.stop();
    let (head, _) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 204 No Content\r\n"), "{head}");
    assert!(raw.at_end().await);
    drop(raw);
    let ended = timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
    assert_eq!(ended.cut_off, 0);
}

#[tokio::test]
async fn a_hold_that_is_none_is_refused_with_its_reason() {
    let server = start(|_| {}).await;
    let mut raw = server.connect().await;
    for hold in ["25", "1h", "181s"] {
        raw.send(format!("GET /topics/t/long-poll?hold={hold} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        assert!(String::from_utf8_lossy(&body).contains("expected a whole number"), "{hold}");
    }
}

#[tokio::test]
async fn a_client_that_goes_with_its_request_leaves_nobody_waiting() {
    // One topic may wait for its first message.
    let server = start(|config| config.limits.topics = 1.try_into().expect("not zero")).await;
    let ask = |topic: &str, hold: &str| {
        format!("GET /topics/{topic}/long-poll?hold={hold} HTTP/1.1\r\nHost: h\r\n\r\n")
    };
    let mut gone = server.connect().await;
    gone.send(ask("gone", "30s")).await;
    let sent = gone.sent;
    drop(gone);
    server
        .stats_until(|stats| {
            let polls = &stats.connections[&ConnectionClass::LongPoll];
            polls.open == 0 && polls.received_bytes == sent
        })
        .await;
    let mut raw = server.connect().await;
    raw.send(ask("other", "1ms")).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
}
