//! Polls: every mode, and heads to the byte.

use pushbench_protocol::headers::{AnswerMark, AnswerStatus, HeadTarget};
use pushbench_protocol::paths::{KAAZING_POLL, KAAZING_TOPIC};
use pushbench_protocol::{
    ConnectionClass, Cursor, Deliver, RequestProfile, ResponseProfile, TopicName, Unchanged,
};

use crate::support::{Raw, field, start};

/// One poll on an open connection: head and body.
async fn poll(raw: &mut Raw, after: Cursor, tag: Option<Cursor>) -> (String, Vec<u8>) {
    let path = TopicName::numbered(0).poll_path(after);
    let tag = tag.map(|tag| format!("If-None-Match: \"{tag}\"\r\n")).unwrap_or_default();
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{tag}\r\n")).await;
    raw.answer().await
}

/// Compares a head with the profile's, to the byte.
fn check(
    profile: &ResponseProfile,
    (head, body): &(String, Vec<u8>),
    status: AnswerStatus,
    content: &str,
    mark: AnswerMark,
) {
    let date = field(head, "Date").expect("each profile has a date");
    assert_eq!(*head, profile.head(status, content.len(), date, mark), "{}", profile.name());
    assert_eq!(head.len(), profile.head_len(status, content.len(), mark), "{}", profile.name());
    assert_eq!(std::str::from_utf8(body), Ok(content));
}

#[tokio::test]
async fn every_mode_answers_with_the_head_of_its_profile_to_the_byte() {
    use AnswerStatus::{Empty, Messages, NotModified};
    for name in ResponseProfile::names() {
        for &deliver in Deliver::ALL {
            for &unchanged in Unchanged::ALL {
                let profile = ResponseProfile::built_in(name).expect(name);
                let server = start(|config| {
                    config.response = profile.clone();
                    config.deliver = deliver;
                    config.unchanged = unchanged;
                })
                .await;
                let by_cursor = deliver == Deliver::Every || unchanged == Unchanged::Empty;
                let by_tag = unchanged == Unchanged::NotModified;
                let mark = |cursor: Cursor| AnswerMark {
                    cursor: by_cursor.then_some(cursor),
                    tag: by_tag.then_some(cursor),
                    gap: 0,
                };
                let mut raw = server.connect().await;

                let first = server.publish(b"first").await;
                let before = Cursor { position: 0, ..first };
                let start = mark(before);
                let second = server.publish(b"second").await;
                let mark = mark(second);
                assert_ne!(start.cursor, Some(second));

                // Something is new.
                let answer = poll(&mut raw, first, by_tag.then_some(first)).await;
                let content = if deliver == Deliver::Every { "second\n" } else { "second" };
                check(&profile, &answer, Messages, content, mark);

                // Nothing is new.
                let answer = poll(&mut raw, second, by_tag.then_some(second)).await;
                let (status, content) = match (deliver, unchanged) {
                    (Deliver::Latest, Unchanged::Resend) => (Messages, "second"),
                    (Deliver::Every, Unchanged::Resend) => (Messages, ""),
                    (_, Unchanged::Empty) => (Empty, ""),
                    (_, Unchanged::NotModified) => (NotModified, ""),
                };
                check(&profile, &answer, status, content, mark);

                // All that there is.
                let answer = poll(&mut raw, Cursor::OLDEST, None).await;
                let content = if deliver == Deliver::Every { "first\nsecond\n" } else { "second" };
                check(&profile, &answer, Messages, content, mark);
            }
        }
    }
}

#[tokio::test]
async fn before_the_first_publish_there_is_nothing_new_and_a_cursor_to_wait_with() {
    let server = start(|config| {
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::Empty;
    })
    .await;
    let mut raw = server.connect().await;
    let (head, _) = poll(&mut raw, Cursor::OLDEST, None).await;
    assert!(head.starts_with("HTTP/1.1 204 No Content\r\n"), "{head}");
    let cursor = field(&head, "Cursor").expect("a cursor").parse().expect("a cursor");
    server.publish(b"first").await;
    let (_, body) = poll(&mut raw, cursor, None).await;
    assert_eq!(body, b"first\n");
}

#[tokio::test]
async fn a_poller_is_told_what_the_log_no_longer_holds() {
    let server = start(|config| {
        config.deliver = Deliver::Every;
        config.log = 2.try_into().expect("not zero");
        config.queue = config.log;
    })
    .await;
    let mut raw = server.connect().await;
    let first = server.publish(b"1").await;
    for payload in [b"2", b"3", b"4", b"5"] {
        server.publish(payload).await;
    }
    let (head, body) = poll(&mut raw, first, None).await;
    assert_eq!((field(&head, "Gap"), &body[..]), (Some("2"), &b"4\n5\n"[..]));
    let another_life = Cursor { epoch: first.epoch ^ 1, position: 5 };
    let (head, body) = poll(&mut raw, another_life, None).await;
    assert_eq!((field(&head, "Gap"), &body[..]), (Some("3"), &b"4\n5\n"[..]));
}

#[tokio::test]
async fn the_published_sample_is_answered_as_it_was() {
    let profile = ResponseProfile::built_in("kaazing-2009").expect("built in");
    // Whatever the other polls get.
    let server = start(|config| {
        config.response = profile.clone();
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::NotModified;
    })
    .await;
    assert_eq!(KAAZING_TOPIC, TopicName::numbered(0).as_str());
    server.publish(b"twenty-one bytes here").await;
    let request = RequestProfile::built_in("kaazing-2009").expect("built in");
    let target = HeadTarget { path: KAAZING_POLL, host: "unused", secure: false, cookie_bytes: 0 };
    let mut raw = server.connect().await;
    for _ in 0..2 {
        raw.send(request.poll(target, false).bytes()).await;
        let answer = raw.answer().await;
        let mark = AnswerMark::default();
        check(&profile, &answer, AnswerStatus::Messages, "twenty-one bytes here", mark);
    }
    assert_eq!(raw.received, 2 * (193 + 21));
}

#[tokio::test]
async fn every_request_profile_is_understood() {
    let server = start(|_| {}).await;
    server.publish(b"news").await;
    for name in RequestProfile::names() {
        let profile = RequestProfile::built_in(name).expect(name);
        let path = TopicName::numbered(0).poll_path(Cursor::OLDEST);
        let target = HeadTarget { path: &path, host: "h:1", secure: false, cookie_bytes: 500 };
        let mut raw = server.connect().await;
        raw.send(profile.poll(target, true).bytes()).await;
        assert_eq!(raw.answer().await.1, b"news", "{name}");
        let path = TopicName::numbered(0).websocket_path(Cursor::NOW);
        let target = HeadTarget { path: &path, ..target };
        raw.send(profile.upgrade(target, crate::support::KEY).bytes).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{name}: {head}");
    }
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_with_its_reason() {
    let server = start(|_| {}).await;
    for (request, status, reason) in [
        ("GET /topics/t0000/poll?after=12", 400, "cursor is `12`"),
        ("GET /topics/a%20b/poll", 400, "topic is `a%20b`"),
        ("GET /nowhere", 404, "nothing at /nowhere"),
        ("GET /topics/t0000", 404, "nothing at"),
        ("DELETE /topics/t0000/poll", 405, "takes no DELETE"),
        ("POST /stats", 405, "takes no POST"),
        ("GET /topics/t0000/messages", 405, "takes no GET"),
    ] {
        let mut raw = server.connect().await;
        raw.send(format!("{request} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
        let body = String::from_utf8(body).expect("text");
        assert!(body.contains(reason), "{request}: {body}");
        if status == 405 {
            assert!(field(&head, "Allow").is_some(), "{head}");
        }
    }
    let refused = server.stats().await.refused;
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), [(400, 2), (404, 2), (405, 3)]);
}

#[tokio::test]
async fn the_ends_of_many_topics_are_one_control_call_and_make_no_topic() {
    let server = start(|_| {}).await;
    let end = server.publish(b"first").await;
    let mut raw = server.connect().await;
    let used = TopicName::numbered(0);
    raw.send(format!("GET /ends?topics=unused,{used} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    let (head, body) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let expected = format!("{}\n{end}\n", Cursor::OLDEST);
    assert_eq!(String::from_utf8(body), Ok(expected));
    let stats = server.stats().await;
    let polls = stats.connections[&ConnectionClass::ShortPoll];
    assert_eq!((polls.accepted, polls.received_bytes), (0, 0), "it is booked as control");
    raw.send("GET /ends?topics=a%20b HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(raw.answer().await.0.starts_with("HTTP/1.1 400"));
}
