//! What the server writes for each kind of request, byte for byte, against a committed page: what
//! moves inside the server must move no byte outside it.

use std::fmt::Write;

use pushbench_protocol::{Compression, Cursor, Deliver, ResponseProfile, Unchanged};
use pushbench_server::{BodyCompression, DeflateLimits, ServerConfig};

use crate::support::{KEY, Running, field, start};

/// A message, long enough to be compressed.
const MESSAGE: &str = "AAAAAAAAAAAAAAAA a message of more bytes than a body must have to be compressed, \
    of more bytes than a body must have to be compressed, so that it is compressed";

fn profile(name: &str) -> ResponseProfile {
    ResponseProfile::built_in(name).expect("built in")
}

/// A request without a body: its method, its target, and fields after `Host`.
fn request(line: &str, fields: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

/// Every path with methods that it takes and that it does not.
fn paths() -> Vec<String> {
    let targets = [
        "/",
        "/healthz",
        "/stats",
        "/metrics",
        "/ends?topics=t0000,t0009",
        "/ends?topics=a%20b",
        "/PollingStock//PollingStock",
        "/topics/t0000/poll",
        "/topics/t0000/long-poll?hold=0s",
        "/topics/t0000/events",
        "/topics/t0000/stream",
        "/topics/t0000/ws",
        "/topics/t0000/messages",
        "/topics/t0000/nothing",
        "/topics/t0000/poll/",
        "/topics//poll",
        "/topics/t0000",
        "/nothing?with=query",
        "*",
    ];
    let methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS"];
    let all = targets.iter().flat_map(|target| methods.map(|method| format!("{method} {target}")));
    all.map(|line| request(&line, "Content-Length: 0\r\n")).collect()
}

/// Requests of one kind each, good and bad.
fn requests(cursor: Cursor) -> Vec<String> {
    let get = |target: &str, fields: &str| request(&format!("GET {target}"), fields);
    let upgrade = |target: &str, fields: &str| {
        let websocket =
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        get(target, &format!("{websocket}{fields}"))
    };
    let key = format!("Sec-WebSocket-Key: {KEY}\r\n");
    let post = |fields: &str, body: &str| {
        request(
            "POST /topics/t0000/messages",
            &format!("{fields}Content-Length: {}\r\n", body.len()),
        ) + body
    };
    vec![
        get("/topics/t0000/poll", ""),
        get(&format!("/topics/t0000/poll?after={cursor}"), ""),
        get("/topics/t0000/poll?after=x", ""),
        get("/topics/a%20b/poll", ""),
        get("/topics/t0009/poll", ""),
        get("/topics/t0000/poll", &format!("If-None-Match: \"{cursor}\"\r\n")),
        get("/topics/t0000/poll", &format!("If-None-Match: W/\"{cursor}\"\r\n")),
        get("/topics/t0000/poll", "Accept-Encoding: gzip, br\r\n"),
        get("/topics/t0000/poll", "Connection: close\r\n"),
        get("/topics/t0000/long-poll", ""),
        get(&format!("/topics/t0000/long-poll?after={cursor}&hold=1ms"), ""),
        get("/topics/t0000/long-poll?hold=x", ""),
        get("/topics/t0000/long-poll?after=x", ""),
        get("/topics/t0000/long-poll", "Accept-Encoding: gzip\r\n"),
        get("/topics/t0000/events", ""),
        get("/topics/t0000/events", &format!("Last-Event-ID: {cursor}\r\n")),
        get("/topics/t0000/events", "Last-Event-ID: x\r\n"),
        get("/topics/t0000/stream?after=x", ""),
        get(&format!("/topics/t0000/stream?after={cursor}"), ""),
        upgrade("/topics/t0000/ws", &key),
        upgrade("/topics/t0000/ws", ""),
        upgrade("/topics/t0000/ws?after=x", &key),
        upgrade(&format!("/topics/t0000/ws?after={cursor}&nudge=1"), &key),
        upgrade("/topics/t0000/ws?nudge=2", &key),
        upgrade("/topics/t0000/ws?nudge=x", &key),
        upgrade("/topics/t0000/ws", &format!("{key}Origin: http://evil.example\r\n")),
        upgrade("/topics/t0000/ws", &format!("{key}Origin: http://h\r\n")),
        upgrade(
            "/topics/t0000/ws",
            &format!("{key}Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        ),
        upgrade(
            "/topics/t0000/ws",
            &format!("{key}Sec-WebSocket-Extensions: permessage-deflate; a=\r\n"),
        ),
        get("/topics/t0000/ws", "Upgrade: h2c\r\n"),
        get("/topics/t0000/ws", "Upgrade: websocket\r\n"),
        get("/topics/t0000/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        post("", "AAAAAAAAAAAAAAAA two\n"),
        post("", "!gap"),
        post("Origin: http://evil.example\r\n", MESSAGE),
        post("Authorization: Bearer secret\r\n", "!no"),
        request("POST /topics/a%20b/messages", "Content-Length: 0\r\n"),
        request("POST /topics/t0000/messages", "Content-Length: 2000000\r\n"),
        request("POST /topics/t0000/messages", "Transfer-Encoding: gzip\r\n"),
        request("CONNECT h:80", ""),
        "GET http://h/healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GET http://evil.example/healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.0\r\n\r\n".to_owned(),
        "GET /topics/t0000/poll HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_owned(),
        "GET /topics/t0000/events HTTP/1.0\r\n\r\n".to_owned(),
        "GET /topics/t0000/ws HTTP/1.0\r\n\r\n".to_owned(),
        "GET /healthz\r\n\r\n".to_owned(),
    ]
}

/// The response to one request on a connection of its own: its head, with what differs from run to
/// run replaced, and its body where it is plain text.
async fn exchange(server: &Running, request: &str, cursor: Cursor) -> String {
    let mut raw = server.connect().await;
    raw.send(request).await;
    let mut response = raw.head().await;
    if let Some(date) = field(&response, "Date").or_else(|| field(&response, "date")) {
        let date = date.to_owned();
        response = response.replace(&date, "DATE");
    }
    let (status, is_head) = (response[9..12].to_owned(), request.starts_with("HEAD"));
    let len = field(&response, "Content-Length").filter(|_| !is_head && status != "304");
    let is_text = response.contains("text/plain; charset=utf-8")
        && field(&response, "Content-Encoding").is_none();
    if let Some(len) = len.map(|len| len.parse().expect("a length"))
        && is_text
    {
        let body = raw.exactly(len).await;
        response += std::str::from_utf8(&body).expect("text");
    }
    // The books grow by what is asked here.
    if request.contains("/stats") || request.contains("/metrics") {
        let len = field(&response, "Content-Length").unwrap_or_default().to_owned();
        response = response.replace(&format!("Content-Length: {len}\r"), "Content-Length: N\r");
    }
    without_epoch(&response, cursor)
}

/// The text with the epoch of its cursors replaced, which differs from run to run.
fn without_epoch(text: &str, cursor: Cursor) -> String {
    (0..=3).fold(text.to_owned(), |text, position| {
        let found = Cursor { position, ..cursor }.to_string();
        text.replace(&found, &format!("LIFE{}", &found[4..]))
    })
}

/// Asks a server all of this, in turn.
async fn page(
    change: impl FnOnce(&mut ServerConfig),
    all: impl Fn(Cursor) -> Vec<String>,
) -> String {
    let token = "secret".to_owned();
    let mut has_token = false;
    let server = start(|config| {
        change(config);
        has_token = config.publish_token.is_some();
    })
    .await;
    let mut raw = server.connect().await;
    let fields = format!("Content-Length: {}\r\nAuthorization: Bearer {token}\r\n", MESSAGE.len());
    raw.send(request("POST /topics/t0000/messages", &fields) + MESSAGE).await;
    let (_, cursor) = raw.answer().await;
    let cursor = Cursor::decode(&cursor).expect("a cursor");
    let mut page = String::new();
    for request in all(cursor) {
        let response = exchange(&server, &request, cursor).await;
        let shown = without_epoch(&request, cursor);
        write!(page, "> {}\n{response}\n", shown.trim_end().replace("\r\n", "\n> "))
            .expect("a string takes all");
    }
    page.replace('\r', "")
}

/// Compares with the committed page of this name: there is one for all engines.
fn is_page(name: &str, found: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("wire__{name}"), found);
    });
}

#[tokio::test]
async fn every_path_and_method_gets_the_response_of_the_page() {
    is_page("paths", &page(|_| {}, |_| paths()).await);
}

#[tokio::test]
async fn polls_of_the_newest_get_the_responses_of_the_page() {
    is_page("latest", &page(|_| {}, requests).await);
}

#[tokio::test]
async fn polls_by_tag_with_bodies_compressed_get_the_responses_of_the_page() {
    let every = |config: &mut ServerConfig| {
        config.response = profile("typical");
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::NotModified;
        config.compression = BodyCompression { coding: Compression::Gzip, threshold: 32 };
        config.publish_token = Some("secret".to_owned());
        config.deflate = Some(DeflateLimits::default());
    };
    is_page("every", &page(every, requests).await);
}

#[tokio::test]
async fn polls_with_an_empty_response_get_the_responses_of_the_page() {
    let empty = |config: &mut ServerConfig| {
        config.response = profile("kaazing-2009");
        config.unchanged = Unchanged::Empty;
    };
    is_page("empty", &page(empty, requests).await);
}
