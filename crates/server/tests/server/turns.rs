//! Requests of one connection, one after the other: the HTTP library has the connection only while
//! there is something of a request or a response, and nothing is lost where it begins anew.

use pushbench_protocol::{Cursor, TopicName};

use crate::support::{Raw, field, post, start, upgrade};

fn poll(more: &str) -> String {
    let path = TopicName::numbered(0).poll_path(Cursor::OLDEST);
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n{more}\r\n")
}

async fn expect_message(raw: &mut Raw, at: &str) {
    let (head, body) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{at}: {head}");
    assert_eq!(body, b"news", "{at}");
}

#[tokio::test]
async fn requests_are_answered_in_order_wherever_their_bytes_are_cut() {
    let server = start(|_| {}).await;
    server.publish(b"news").await;
    let mut raw = server.connect().await;
    let request = poll("");
    let two = request.repeat(2);
    for cut in 0..=two.len() {
        raw.send(&two[..cut]).await;
        // What is whole is answered before the rest has come.
        for _ in 0..cut / request.len() {
            expect_message(&mut raw, &format!("before {cut}")).await;
        }
        raw.send(&two[cut..]).await;
        for _ in cut / request.len()..2 {
            expect_message(&mut raw, &format!("after {cut}")).await;
        }
    }
}

#[tokio::test]
async fn what_comes_behind_a_poll_at_once_is_what_it_is() {
    let server = start(|_| {}).await;
    server.publish(b"news").await;
    // A publish, a refusal, a response without content, another poll.
    let head = poll("").replacen("GET", "HEAD", 1);
    let nothing = "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n";
    let requests = [&poll(""), nothing, &head, &poll("")].concat();
    let mut raw = server.connect().await;
    raw.send([requests.as_bytes(), &post(b"news")].concat()).await;
    expect_message(&mut raw, "first").await;
    let (refused, _) = raw.answer().await;
    assert!(refused.starts_with("HTTP/1.1 404 Not Found\r\n"), "{refused}");
    let bare = raw.head().await;
    assert_eq!(field(&bare, "Content-Length"), Some("4"));
    expect_message(&mut raw, "behind a HEAD").await;
    let (published, _) = raw.answer().await;
    assert!(published.starts_with("HTTP/1.1 200 OK\r\n"), "{published}");

    // A WebSocket, and its first frame, behind a poll that has been answered.
    expect_message(asked(&mut raw, poll("")).await, "behind a publish").await;
    raw.send([poll(""), upgrade(Cursor::OLDEST, "")].concat()).await;
    expect_message(&mut raw, "before an upgrade").await;
    let upgraded = raw.head().await;
    assert!(upgraded.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{upgraded}");
    assert_eq!(raw.frame().await.map(|frame| frame.payload), Some(b"news".to_vec()));
}

async fn asked(raw: &mut Raw, request: String) -> &mut Raw {
    raw.send(request).await;
    raw
}

#[tokio::test]
async fn what_is_no_request_is_refused_behind_a_poll_too_and_then_the_connection_ends() {
    let server = start(|_| {}).await;
    server.publish(b"news").await;
    for is_at_once in [true, false] {
        let mut raw = server.connect().await;
        if is_at_once {
            raw.send([&poll(""), "no request\r\n\r\n"].concat()).await;
            expect_message(&mut raw, "at once").await;
        } else {
            expect_message(asked(&mut raw, poll("")).await, "before").await;
            raw.send("no request\r\n\r\n").await;
        }
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert!(raw.at_end().await);
    }
    server.stats_until(|stats| stats.refused.get(&400) == Some(&2)).await;
}

#[tokio::test]
async fn a_client_that_leaves_while_its_connection_is_at_rest_leaves_the_books_right() {
    let server = start(|_| {}).await;
    server.publish(b"news").await;
    let mut raw = server.connect().await;
    for _ in 0..3 {
        expect_message(asked(&mut raw, poll("")).await, "before").await;
    }
    let (sent, received) = (raw.sent, raw.received);
    drop(raw);
    let polls = |stats: &pushbench_protocol::ServerStats| {
        stats.connections[&pushbench_protocol::ConnectionClass::ShortPoll]
    };
    let stats = server.stats_until(|stats| polls(stats).open == 0).await;
    assert_eq!((polls(&stats).received_bytes, polls(&stats).sent_bytes), (sent, received));
}
