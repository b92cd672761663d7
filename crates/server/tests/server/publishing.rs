//! Publishing by HTTP and by WebSocket, and who may.

use futures_util::{SinkExt, StreamExt};
use pushbench_protocol::headers::accepted_head_len;
use pushbench_protocol::{Cursor, ResponseProfile};
use pushbench_server::{Server, ServerConfig, ServerError};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{field, frame, post, start, text, upgrade};

#[tokio::test]
async fn what_is_published_either_way_reaches_every_subscriber_in_order() {
    let server = start(|_| {}).await;
    let mut subscribers = Vec::new();
    for _ in 0..3 {
        subscribers.push(server.subscribe().await);
    }
    let mut publisher = server.subscribe().await;
    for n in 0..20 {
        let payload = n.to_string();
        match n % 3 {
            0 => drop(server.publish(payload.as_bytes()).await),
            1 => publisher.send(frame(0x81, payload.as_bytes())).await,
            _ => publisher.send(frame(0x82, payload.as_bytes())).await,
        }
        // One way after the other, so that there is an order.
        assert_eq!(publisher.frame().await, Some(text(&payload)));
    }
    for subscriber in &mut subscribers {
        for n in 0..20 {
            assert_eq!(subscriber.frame().await, Some(text(&n.to_string())));
        }
    }
    let stats = server.stats().await;
    assert_eq!((stats.published, stats.sent_messages), (20, 80));
}

#[tokio::test]
async fn a_client_that_we_did_not_write_understands_us() {
    let server = start(|_| {}).await;
    let url = format!("ws://{}/topics/t0000/ws", server.address);
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let (mut client, answer) = client_async(url, stream).await.expect("an upgrade");
    assert!(answer.headers().contains_key("cursor"));
    let long = "é".repeat(40_000);
    for payload in ["", "news", &long] {
        client.send(Message::text(payload)).await.expect("sent");
        let echo = client.next().await.expect("open").expect("a message");
        assert_eq!(echo, Message::text(payload));
    }
    client.send(Message::Ping("p".into())).await.expect("sent");
    let pong = client.next().await.expect("open").expect("a pong");
    assert_eq!(pong, Message::Pong("p".into()));
    client.close(None).await.expect("closed");
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
    assert!(client.next().await.is_none());
}

#[tokio::test]
async fn a_subscriber_that_comes_back_with_its_cursor_misses_nothing() {
    let server = start(|_| {}).await;
    let mut raw = server.connect().await;
    let head = raw.upgrade(Cursor::NOW).await;
    let cursor: Cursor = field(&head, "Cursor").expect("a cursor").parse().expect("a cursor");
    assert_eq!((cursor.position, field(&head, "Gap")), (0, None));
    drop(raw);
    for payload in ["1", "2", "3"] {
        server.publish(payload.as_bytes()).await;
    }
    let mut raw = server.connect().await;
    raw.upgrade(Cursor { position: 1, ..cursor }).await;
    assert_eq!(raw.frame().await, Some(text("2")));
    assert_eq!(raw.frame().await, Some(text("3")));

    let mut raw = server.connect().await;
    let head = raw.upgrade(Cursor { epoch: cursor.epoch ^ 1, position: 1 }).await;
    assert_eq!(field(&head, "Gap"), Some("1"));
    assert_eq!(raw.frame().await, Some(text("1")));
}

#[tokio::test]
async fn a_frame_right_behind_the_upgrade_is_not_lost() {
    let server = start(|_| {}).await;
    let mut raw = server.connect().await;
    let mut bytes = upgrade(Cursor::NOW, "").into_bytes();
    bytes.extend(frame(0x81, b"early"));
    raw.send(bytes).await;
    raw.head().await;
    assert_eq!(raw.frame().await, Some(text("early")));
}

#[tokio::test]
async fn a_payload_that_would_not_pass_unchanged_is_refused() {
    let server = start(|_| {}).await;
    let mut witness = server.subscribe().await;
    for (payload, code) in [(&b"\xff"[..], 1003), (b"two\nlines", 1008), (b"!gap 3", 1008)] {
        let mut raw = server.connect().await;
        raw.send(post(payload)).await;
        let (head, _) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");

        let mut raw = server.subscribe().await;
        raw.send(frame(0x82, payload)).await;
        assert_eq!(raw.closed().await, Some(code));
        assert!(raw.at_end().await);
    }
    server.publish(b"fine").await;
    assert_eq!(witness.frame().await, Some(text("fine")));
}

#[tokio::test]
async fn publishing_beyond_loopback_needs_a_token() {
    let profile = ResponseProfile::built_in("minimal").expect("built in");
    let mut config = ServerConfig::new(([0, 0, 0, 0], 0).into(), profile);
    let error = Server::bind(config.clone()).await.expect_err("no token");
    assert!(matches!(error, ServerError::TokenNeeded { .. }), "{error}");
    config.publish_token = Some("secret".to_owned());
    Server::bind(config).await.expect("a token");
}

#[tokio::test]
async fn who_has_no_token_subscribes_and_does_not_publish() {
    let server = start(|config| config.publish_token = Some("secret".to_owned())).await;
    let mut raw = server.connect().await;
    raw.send(post(b"x")).await;
    let (head, _) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    assert_eq!(field(&head, "WWW-Authenticate"), Some("Bearer"));

    let mut without = server.subscribe().await;
    let mut with = server.connect().await;
    with.send(upgrade(Cursor::NOW, "Authorization: Bearer secret\r\n")).await;
    with.head().await;
    with.send(frame(0x81, b"news")).await;
    assert_eq!(without.frame().await, Some(text("news")));
    without.send(frame(0x81, b"no news")).await;
    assert_eq!(without.closed().await, Some(1008));
}

#[tokio::test]
async fn a_page_of_another_host_neither_publishes_nor_subscribes() {
    let server =
        start(|config| config.allowed_origins = vec!["https://lab.example".to_owned()]).await;
    for (origin, status) in
        [("http://evil.example", "403"), ("https://lab.example", "101"), ("http://h", "101")]
    {
        let mut raw = server.connect().await;
        raw.send(upgrade(Cursor::NOW, &format!("Origin: {origin}\r\n"))).await;
        let head = raw.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}: {head}");
    }
    let mut raw = server.connect().await;
    let request = String::from_utf8(post(b"x")).expect("text");
    raw.send(request.replacen("Host: h", "Host: h\r\nOrigin: http://evil.example", 1)).await;
    let (head, _) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
}

#[tokio::test]
async fn an_upgrade_is_accepted_with_the_head_that_the_model_expects() {
    let server = start(|_| {}).await;
    let head = server.connect().await.upgrade(Cursor::NOW).await;
    assert_eq!(field(&head, "Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(head.len(), accepted_head_len(None), "{head}");
}

#[tokio::test]
async fn an_upgrade_that_is_none_is_refused_with_what_would_do() {
    let server = start(|_| {}).await;
    let good = upgrade(Cursor::NOW, "");
    for (from, to, status) in [
        ("Upgrade: websocket", "Upgrade: h2c", 426),
        ("Connection: Upgrade", "Connection: keep-alive", 400),
        ("Version: 13", "Version: 8", 426),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhl", 400),
        ("GET ", "POST ", 405),
        ("tttttttttttttttt", "now", 400),
    ] {
        let mut raw = server.connect().await;
        let request = good.replacen(from, to, 1);
        assert_ne!(request, good);
        raw.send(request).await;
        let (head, _) = raw.answer().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{to}: {head}");
        let version = field(&head, "Sec-WebSocket-Version");
        assert_eq!(version, (status == 426).then_some("13"), "{to}: {head}");
    }
}
