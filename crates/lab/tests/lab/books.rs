//! Three hands, one count.

use serde_json::Value;

use crate::support::{Raw, Running, start, until};

const NOW: &str = "tttttttttttttttt";

/// Bytes above TLS in one direction of a book.
fn stream(book: &Value, way: &str) -> u64 {
    ["payload", "repeat", "header", "framing", "control", "handshake"]
        .iter()
        .map(|kind| book[way][kind].as_u64().expect("a count"))
        .sum()
}

/// The client, the recorder and the server agree about a transport.
async fn check(lab: &Running, class: &str, raws: &[Raw]) -> Value {
    let sent: u64 = raws.iter().map(|raw| raw.sent).sum();
    let received: u64 = raws.iter().map(|raw| raw.received).sum();
    let balance = lab.json("/lab/api/balance").await;
    let book = lab.book("s", class).await;
    for (way, count) in [("up", sent), ("down", received)] {
        assert_eq!(stream(&book, way), count, "{class} {way}: {book}");
        assert_eq!(balance["relayed"][class][way], count, "{class} {way}");
        assert_eq!(balance["server"][class][way], count, "{class} {way}");
    }
    book
}

#[tokio::test]
async fn polls_are_booked_to_the_byte_and_share_a_connection_with_the_page() {
    let lab = start().await;
    lab.session("s", 60_000).await;
    let mut raw = lab.connect().await;
    let mut cursor = NOW.to_owned();
    for round in 0..3 {
        raw.get(&format!("/topics/lab-s/poll?after={cursor}")).await;
        let empty = raw.response().await.expect("open");
        assert_eq!(empty.status, 204);
        cursor = empty.field("cursor").expect("where the log stands").to_owned();
        // The page's own requests are nobody's polls.
        let (sent, received) = (raw.sent, raw.received);
        raw.get("/lab/lab.css").await;
        assert_eq!(raw.response().await.expect("open").status, 200);
        (raw.sent, raw.received) = (sent, received);

        let mut publisher = lab.connect().await;
        let payload = format!("a message of mine, {round}");
        publisher
            .send(format!(
                "POST /topics/lab-s/messages HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{payload}",
                payload.len()
            ))
            .await;
        assert_eq!(publisher.response().await.expect("open").status, 200);

        raw.get(&format!("/topics/lab-s/poll?after={cursor}")).await;
        let found = raw.response().await.expect("open");
        assert_eq!(found.body, payload + "\n");
        cursor = found.field("cursor").expect("where the log stands").to_owned();
    }
    let book = check(&lab, "short-poll", &[raw]).await;
    assert_eq!(
        (&book["requests"], &book["empty"], &book["messages"]),
        (&6.into(), &3.into(), &3.into())
    );
    assert_eq!(book["down"]["payload"], 3 * "a message of mine, 0".len());
    assert_eq!(book["down"]["framing"], 3);
    assert!(book["up"]["tcp_ip"].as_u64() > Some(0), "the kernel has books: {book}");
    lab.end().await;
}

#[tokio::test]
async fn a_refusal_is_booked_too() {
    let lab = start().await;
    lab.session("s", 60_000).await;
    let mut raw = lab.connect().await;
    raw.get("/topics/lab-s/poll?after=nonsense").await;
    assert_eq!(raw.response().await.expect("open").status, 400);
    let book = check(&lab, "short-poll", &[raw]).await;
    assert_eq!(book["refused"], 1);
    lab.end().await;
}

#[tokio::test]
async fn long_polls_and_events_are_booked_to_the_byte_also_when_the_client_breaks_off() {
    let lab = start().await;
    lab.session("s", 50).await;
    let mut poller = lab.connect().await;
    poller.get("/topics/lab-s/long-poll?after=0000000000000000&hold=20s").await;
    let response = poller.response().await.expect("open");
    let cursor = response.field("cursor").expect("where the log stands").to_owned();
    poller.get(&format!("/topics/lab-s/long-poll?after={cursor}&hold=20s")).await;
    assert_eq!(poller.response().await.expect("open").status, 200);

    let mut listener = lab.connect().await;
    listener.get("/topics/lab-s/events").await;
    let head = listener.until(b"\r\n\r\n").await.expect("open");
    assert!(head.contains("text/event-stream"), "{head}");
    for _ in 0..3 {
        listener.until(b"\n\n\r\n").await.expect("an event");
    }
    check(&lab, "long-poll", &[poller]).await;

    // What the server had written before it knew is in its books and in the recorder's.
    drop(listener);
    let book = until("the server and the recorder to agree on the events", async || {
        let balance = lab.json("/lab/api/balance").await;
        let book = lab.book("s", "sse").await;
        let sums = |hand: &str| balance[hand]["sse"]["down"].as_u64();
        (sums("server") == sums("relayed") && sums("server") == Some(stream(&book, "down")))
            .then_some(book)
    })
    .await;
    assert!(book["messages"].as_u64() >= Some(3), "{book}");
    lab.end().await;
}

#[tokio::test]
async fn a_websocket_is_booked_to_the_byte_with_its_upgrade_and_its_headers() {
    let lab = start().await;
    lab.session("s", 50).await;
    let mut raw = lab.connect().await;
    raw.upgrade("/topics/lab-s/ws").await;
    for _ in 0..3 {
        let (first, payload) = raw.frame().await.expect("open");
        assert_eq!((first, payload.len()), (0x81, 20));
    }
    // A masked text, a ping, and the end; the key is zero, so the payload stays readable.
    raw.send(b"\x81\x85\0\0\0\0hello\x89\x82\0\0\0\0hi").await;
    let (mut echoed, mut ponged) = (false, false);
    while !(echoed && ponged) {
        let (first, payload) = raw.frame().await.expect("open");
        echoed |= payload == b"hello";
        ponged |= first == 0x8a;
    }
    raw.send(b"\x88\x82\0\0\0\0\x03\xe8").await;
    let closed = loop {
        let (first, payload) = raw.frame().await.expect("a close frame first");
        if first == 0x88 {
            break payload;
        }
    };
    assert_eq!(closed, 1000_u16.to_be_bytes());
    assert_eq!(raw.byte().await, None);

    let headers = lab.json("/lab/api/sessions/s/headers").await;
    let request = headers["websocket"]["request"].as_str().expect("a head");
    assert!(request.starts_with("GET /topics/lab-s/ws HTTP/1.1\r\n"), "{request}");
    let response = headers["websocket"]["response"].as_str().expect("a head");
    assert!(response.starts_with("HTTP/1.1 101 ") && response.ends_with("\r\n\r\n"), "{response}");
    let (up, down) = (request.len(), response.len());

    let book = check(&lab, "websocket", &[raw]).await;
    assert_eq!((&book["up"]["handshake"], &book["down"]["handshake"]), (&up.into(), &down.into()));
    assert_eq!((&book["up"]["payload"], &book["up"]["framing"]), (&5.into(), &6.into()));
    assert_eq!((&book["up"]["control"], &book["down"]["control"]), (&16.into(), &8.into()));
    assert_eq!((&book["sent"], &book["requests"]), (&1.into(), &1.into()));
    lab.end().await;
}
