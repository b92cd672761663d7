//! Both engines are asked the same, and must give the same bytes: good requests and bad ones, one
//! after the other on a connection, with what follows each read to its end.

use pushbench_protocol::{
    AllowedHosts, Compression, Cursor, Deliver, ResponseProfile, ServerEngine, Unchanged,
};
use pushbench_server::{BodyCompression, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::support::{DEADLINE, KEY, Running, post, start};

/// Ends each connection: whatever came before, what is said to it is the last.
const LAST: &str = "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// What is sent on connections of their own.
fn conversations(cursor: Cursor) -> Vec<String> {
    let line = |line: &str, fields: &str| format!("{line}\r\nHost: h\r\n{fields}\r\n");
    let get = |path: &str, fields: &str| line(&format!("GET {path} HTTP/1.1"), fields);
    let head = |path: &str, fields: &str| line(&format!("HEAD {path} HTTP/1.1"), fields);
    let old = |path: &str, fields: &str| line(&format!("GET {path} HTTP/1.0"), fields);
    let publish =
        |fields: &str, body: &str| line("POST /topics/t0000/messages HTTP/1.1", fields) + body;
    let keep = "Connection: keep-alive\r\n";
    let close = "Connection: close\r\n";
    let upgrade =
        format!("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n");
    let mut all = Vec::new();
    // Every kind of response to a poll, with and without content, kept and closed, old and new.
    for path in [
        "/topics/t0000/poll".to_owned(),
        format!("/topics/t0000/poll?after={cursor}"),
        "/topics/t0009/poll".to_owned(),
        format!("/topics/t0000/long-poll?after={cursor}&hold=0s"),
        "/PollingStock//PollingStock".to_owned(),
    ] {
        for fields in [
            String::new(),
            close.to_owned(),
            "Accept-Encoding: gzip\r\n".to_owned(),
            format!("If-None-Match: \"{cursor}\"\r\nAccept-Encoding: gzip\r\n"),
        ] {
            all.push(get(&path, &fields) + &head(&path, &fields));
            all.push(old(&path, &(fields.clone() + keep)) + &old(&path, &fields));
        }
    }
    all.extend([
        // One after the other, and what differs by whether the connection goes on.
        get("/healthz", "") + &get("/healthz", "") + &head("/healthz", ""),
        head("/ends", "") + &get("/ends", ""),
        get("/ends", close),
        get("/nothing", close),
        get("/nothing", keep) + &get("/topics/t0000/ws", close),
        old("/healthz", "") + "never read",
        old("/healthz", keep) + &old("/nothing", keep) + &old("/healthz", ""),
        old("/healthz", "Connection: Keep-Alive, x\r\n"),
        old("/topics/t0000/ws", keep) + &old("/topics/t0000/events", keep),
        "GET /healthz HTTP/1.0\r\n\r\n".to_owned(),
        get("/topics/t0000/ws", &format!("{upgrade}Connection: close, Upgrade\r\n")),
        get("/topics/t0000/events", close),
        get("/healthz", "Connection: x\r\nConnection: close\r\n"),
        // Bodies where none is asked for.
        get("/healthz", "Content-Length: 3\r\n") + "abc",
        get("/healthz", "Transfer-Encoding: chunked\r\n") + "1\r\na\r\n0\r\n\r\n",
        get("/topics/t0009/long-poll?hold=1ms", "Content-Length: 3\r\n") + "abc",
        line("POST /nothing HTTP/1.1", "Content-Length: 3\r\n") + "abc",
        // Publishing.
        publish("Content-Length: 3\r\n", "one") + &publish("Content-Length: 3\r\n", "two"),
        publish("Content-Length: 0\r\n", ""),
        publish("", ""),
        publish("Transfer-Encoding: chunked\r\n", "3\r\none\r\n0\r\n\r\n"),
        publish("Transfer-Encoding: chunked\r\n", "3\r\none\r\n0\r\nA: b\r\n\r\n"),
        publish("Transfer-Encoding: chunked\r\n", "3;a=b\r\none\r\n0\r\n\r\n"),
        publish("Transfer-Encoding: chunked\r\n", "3;a\none\r\n0\r\n\r\n"),
        publish("Transfer-Encoding: chunked\r\n", "x\r\n"),
        publish("Transfer-Encoding: chunked\r\n", "3\r\nfour\r\n0\r\n\r\n"),
        publish("Transfer-Encoding: chunked\r\nContent-Length: 9\r\n", "1\r\na\r\n0\r\n\r\n"),
        publish("Expect: 100-continue\r\nContent-Length: 3\r\n", "one"),
        publish("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n"),
        publish("Expect: 100-continue\r\nContent-Length: 0\r\n", ""),
        publish("Expect: something\r\nContent-Length: 3\r\n", "one"),
        publish("Content-Length: 2000000\r\n", ""),
        publish("Content-Length: 9223372036854775808\r\n", ""),
        publish("Content-Length: 18446744073709551614\r\n", ""),
        publish("Content-Length: 18446744073709551615\r\n", ""),
        publish("Content-Length: 18446744073709551616\r\n", ""),
        publish("Content-Length: 003\r\nContent-Length: 3\r\n", "one"),
        publish("Content-Length: 3, 3\r\n", "one"),
        publish("Content-Length: 3 \r\n", "one"),
        line("POST /topics/t0000/messages HTTP/1.0", "Content-Length: 3\r\n") + "one",
        line(
            "POST /topics/t0000/messages HTTP/1.0",
            "Expect: 100-continue\r\nContent-Length: 3\r\n",
        ) + "one",
        // What is no request.
        get("/healthz", "") + "GET /\r\n\r\n",
        old("/healthz", keep) + "GET /\r\n\r\n",
        "\r\n\r\n\r\nGET /healthz HTTP/1.1\nHost: h\n\n".to_owned(),
        get("/healthz", "A:\tb\t\r\n"),
        get("/healthz", ": b\r\n"),
        get("/healthz", "A\r\n"),
        get("/healthz", "A: \u{80}\r\n"),
        get("/healthz", "A: b\rc\r\n"),
        get("/he|lthz", ""),
        get("/he\u{e4}lthz", ""),
        get("/healthz#x?y", ""),
        get("http://h", ""),
        get("//h/healthz", ""),
        get("h:80", ""),
        get("?", ""),
        line("OPTIONS * HTTP/1.1", ""),
        line("CONNECT h:80 HTTP/1.1", ""),
        line("CONNECT /topics/t0000/ws HTTP/1.1", &format!("{upgrade}Connection: Upgrade\r\n")),
        line("GET /healthz HTTP/1.2", ""),
        line("GET /healthz http/1.1", ""),
        line("GET  /healthz HTTP/1.1", ""),
        line("G(T /healthz HTTP/1.1", ""),
        "PRI * HTTP/2.0\r\n\r\n".to_owned(),
        "PRI * HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        get("/healthz", "") + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        get("/healthz", &"A: b\r\n".repeat(99)),
        get("/healthz", &"A: b\r\n".repeat(100)),
    ]);
    all
}

/// All that a server sends on one connection, with what differs from run to run replaced.
async fn said(server: &Running, conversation: &str, cursor: Cursor) -> String {
    let mut raw = server.connect().await;
    let stream = &mut raw.stream;
    // It may have heard enough before the end.
    let _ = stream.write_all((conversation.to_owned() + LAST).as_bytes()).await;
    let mut said = Vec::new();
    // A session goes on, and is told nothing.
    let quiet = DEADLINE / 50;
    let mut piece = [0; 4_096];
    while let Ok(read) = timeout(quiet, stream.read(&mut piece)).await {
        match read {
            Ok(1..) => said.extend_from_slice(&piece[..read.expect("checked")]),
            Ok(0) => {
                said.extend_from_slice(b"(end)");
                break;
            }
            Err(error) => {
                said.extend_from_slice(format!("({})", error.kind()).as_bytes());
                break;
            }
        }
    }
    let mut said = said.escape_ascii().to_string();
    // A cursor begins with its epoch, which each server has of its own; positions are the same.
    for position in 0..100 {
        let found = Cursor { position, ..cursor }.to_string();
        said = said.replace(&found, &format!("CURSOR{position}"));
    }
    let dates = said.match_indices("Date: ").map(|(at, _)| said[at + 6..at + 35].to_owned());
    let dates: Vec<_> = dates.collect();
    dates.iter().fold(said.clone(), |said, date| said.replace(date, "DATE"))
}

/// A server with a message, and the message's cursor.
async fn server(engine: ServerEngine, change: fn(&mut ServerConfig)) -> (Running, Cursor) {
    let server = start(|config| {
        config.hosts = AllowedHosts::Named(vec!["h".to_owned()]);
        change(config);
        config.engine = engine;
    })
    .await;
    let mut raw = server.connect().await;
    raw.send(post("a message of some length. ".repeat(8).as_bytes())).await;
    let (_, cursor) = raw.answer().await;
    (server, Cursor::decode(&cursor).expect("a cursor"))
}

async fn compare(change: fn(&mut ServerConfig)) {
    let (axum, axum_cursor) = server(ServerEngine::Axum, change).await;
    let (lean, lean_cursor) = server(ServerEngine::Lean, change).await;
    let asked = |cursor| conversations(cursor).into_iter();
    let mut faults = Vec::new();
    for (of_axum, of_lean) in asked(axum_cursor).zip(asked(lean_cursor)) {
        let expected = said(&axum, &of_axum, axum_cursor).await;
        let found = said(&lean, &of_lean, lean_cursor).await;
        if expected != found {
            faults.push(format!("{}\n  axum {expected}\n  lean {found}", of_axum.escape_debug()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let (axum, lean) = (axum.stats().await, lean.stats().await);
    assert_eq!(axum.refused, lean.refused);
    for (class, expected) in &axum.connections {
        assert_eq!(lean.connections[class], *expected, "{class}");
    }
}

fn profile(name: &str) -> ResponseProfile {
    ResponseProfile::built_in(name).expect("built in")
}

#[tokio::test]
async fn both_engines_say_the_same_of_the_newest() {
    compare(|config| config.response = profile("minimal")).await;
}

#[tokio::test]
async fn both_engines_say_the_same_of_every_message_compressed() {
    compare(|config| {
        config.response = profile("typical");
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::NotModified;
        config.compression = BodyCompression { coding: Compression::Gzip, threshold: 32 };
    })
    .await;
}

#[tokio::test]
async fn both_engines_say_the_same_with_headers_of_ones_own() {
    compare(|config| {
        let text = "HTTP/1.1 200 OK\nX-Own: 1\nvary: Origin\nVary: X-y\nETag: \"own\"\n\
            Connection: keep-alive\nConnection: X-Own\nTrailer: a\ncontent-length: {length}\n\
            Content-TYPE: text/plain\nDate: {date}\nLast-Modified: {date}\nWWW-Authenticate: x\n";
        config.response = ResponseProfile::parse("own", text).expect("a profile");
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::Empty;
        config.compression = BodyCompression { coding: Compression::Brotli, threshold: 32 };
    })
    .await;
}
