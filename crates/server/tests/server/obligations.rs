//! What the RFCs oblige the server to (MUST and MUST NOT of RFC 9110, 9112, 6455, 7692), one row of
//! raw bytes each. What they oblige it to on HTTP/2 (RFC 9113, RFC 8441) stands in `http2.rs`.

use pushbench_server::DeflateLimits;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::support::{DEADLINE, KEY, Running, frame, post, start};

/// A request, and what its response must be.
struct Row {
    /// Document and section.
    source: &'static str,
    request: String,
    expect: Expect,
}

struct Expect {
    status: &'static str,
    /// Lines of the response's head that must be there.
    has: &'static [&'static str],
    /// Text that must not be in it, whatever its case.
    lacks: &'static [&'static str],
    /// Whether the server must close the connection then.
    closes: bool,
}

const fn status(status: &'static str) -> Expect {
    Expect { status, has: &[], lacks: &[], closes: false }
}

impl Expect {
    const fn has(self, has: &'static [&'static str]) -> Self {
        Self { has, ..self }
    }

    const fn lacks(self, lacks: &'static [&'static str]) -> Self {
        Self { lacks, ..self }
    }

    const fn closes(self) -> Self {
        Self { closes: true, ..self }
    }
}

fn row(source: &'static str, request: impl Into<String>, expect: Expect) -> Row {
    Row { source, request: request.into(), expect }
}

/// A request line and fields; `Host: h` comes first.
fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

/// An upgrade whose fields are these.
fn handshake(fields: &[(&str, &str)]) -> String {
    let fields: String =
        fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    get("/topics/t0000/ws", &fields)
}

const UPGRADE: [(&str, &str); 4] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
];

/// The good upgrade, with one field replaced, or left out where `value` is empty.
fn handshake_with(name: &str, value: &str) -> String {
    let mut fields: Vec<_> = UPGRADE
        .into_iter()
        .map(|(known, good)| (known, if known == name { value } else { good }))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if !name.is_empty() && !UPGRADE.iter().any(|(known, _)| *known == name) {
        fields.push((name, value));
    }
    handshake(&fields)
}

fn rows() -> Vec<Row> {
    let healthz = "GET /healthz HTTP/1.1\r\n";
    let body = "POST /topics/t0000/messages HTTP/1.1\r\nHost: h\r\n";
    vec![
        // Messages and their framing.
        row(
            "9112 2.2: a bare line feed may end a line",
            "GET /healthz HTTP/1.1\nHost: h\n\n",
            status("200"),
        ),
        row(
            "9112 2.2: an empty line before a request is passed over",
            format!("\r\n{}", get("/healthz", "")),
            status("200"),
        ),
        row(
            "9112 2.3, 9110 2.5: a later minor version is understood",
            "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("200").has(&["HTTP/1.1 200 OK"]),
        ),
        row(
            "9112 3: what is no request line is 400",
            "GET /healthz\r\nHost: h\r\n\r\n",
            status("400").closes(),
        ),
        row("9112 3.2: no Host is 400", format!("{healthz}\r\n"), status("400")),
        row(
            "9112 3.2: two Hosts are 400",
            format!("{healthz}Host: h\r\nHost: h\r\n\r\n"),
            status("400"),
        ),
        row(
            "9112 3.2: two Hosts that differ are 400",
            format!("{healthz}Host: h\r\nHost: evil.example\r\n\r\n"),
            status("400"),
        ),
        row(
            "9112 3.2: a Host that is none is 400",
            format!("{healthz}Host: a b\r\n\r\n"),
            status("400"),
        ),
        row(
            "9112 3.2: a Host with user information is 400",
            format!("{healthz}Host: u@h\r\n\r\n"),
            status("400"),
        ),
        row("9110 4.2.1: an empty Host is 400", format!("{healthz}Host:\r\n\r\n"), status("400")),
        row(
            "9112 3.2: HTTP/1.0 may name no Host",
            "GET /healthz HTTP/1.0\r\n\r\n",
            status("200").closes(),
        ),
        row(
            "9112 3.2.2: the absolute form is taken",
            "GET http://h/healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("200"),
        ),
        row(
            "9112 3.2.2: the absolute form wins over Host",
            "GET http://evil.example/healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("421"),
        ),
        row(
            "9110 7.4: a request for another host is not served",
            format!("{healthz}Host: evil.example\r\n\r\n"),
            status("421"),
        ),
        row(
            "9112 5.1: a blank before the colon is 400",
            format!("{healthz}Host: h\r\nX : y\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9112 5.2: a folded field is 400",
            format!("{healthz}Host: h\r\nX: y\r\n z\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9110 5.5: a field with NUL is 400",
            format!("{healthz}Host: h\r\nX: a\0b\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9110 9.1: an unknown method is refused",
            "BREW /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405").has(&["Allow: GET,HEAD"]),
        ),
        row(
            "9110 9.1: methods know their case",
            "get /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405"),
        ),
        // Bodies.
        row(
            "9112 6.1: a coding that is not undone is no text",
            format!("{body}Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            status("501").closes(),
        ),
        row(
            "9112 6.1: codings in two fields are no text either",
            format!(
                "{body}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            ),
            status("501").closes(),
        ),
        row(
            "9112 6.3: a request whose last coding is not chunked is 400",
            format!("{body}Transfer-Encoding: gzip\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9112 6.1: chunked twice is refused",
            format!("{body}Transfer-Encoding: chunked, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            status("501").closes(),
        ),
        row(
            "9112 6.1: HTTP/1.0 has no transfer coding",
            "POST /topics/t0000/messages HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status("400").closes(),
        ),
        row(
            "9112 6.3: a length and a coding at once close the connection",
            format!(
                "{body}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            ),
            status("200").closes(),
        ),
        row(
            "9112 6.3: a length that is none is 400",
            format!("{body}Content-Length: x\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9112 6.3: a signed length is 400",
            format!("{body}Content-Length: +1\r\n\r\nx"),
            status("400").closes(),
        ),
        row(
            "9112 6.3: two lengths that differ are 400",
            format!("{body}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
            status("400").closes(),
        ),
        row(
            "9112 7.1.1: chunk extensions are passed over",
            format!("{body}Transfer-Encoding: Chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n"),
            status("200"),
        ),
        row(
            "9112 7.1.2: trailers are passed over",
            format!("{body}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n"),
            status("200"),
        ),
        row(
            "9112 7.1: a chunk size that overflows is 400",
            format!("{body}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx"),
            status("400").closes(),
        ),
        row(
            "9110 10.1.1: 100 is said before a body that waits for it",
            format!("{body}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"),
            status("100"),
        ),
        // Responses.
        row(
            "9110 15.5.6: 405 says what is allowed",
            "DELETE /topics/t0000/messages HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405").has(&["Allow: POST"]),
        ),
        row(
            "9110 15.5.6: so does a stream's",
            "HEAD /topics/t0000/events HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405").has(&["Allow: GET"]),
        ),
        row(
            "9110 15.5.6: and what is only read",
            "POST /stats HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
            status("405").has(&["Allow: GET,HEAD"]),
        ),
        row(
            "9110 15.5.22: 426 says what to upgrade to",
            get("/topics/t0000/ws", ""),
            status("426").has(&["Upgrade: websocket", "Connection: Upgrade"]),
        ),
        row(
            "9110 15.3.5: 204 has neither length nor coding",
            get("/topics/none/poll", ""),
            status("204").lacks(&["content-length", "transfer-encoding"]),
        ),
        row(
            "9110 9.3.2: HEAD has the length and no body",
            "HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("200").has(&["Content-Length: 3"]),
        ),
        row(
            "9110 6.6.1: a clock says the date",
            get("/healthz", ""),
            status("200").has(&["Date: "]),
        ),
        row(
            "9110 7.6.1: close and keep-alive are not said at once",
            get("/topics/full/poll", "Connection: close\r\n"),
            status("200").has(&["Connection: close"]).lacks(&["keep-alive"]).closes(),
        ),
        row(
            "9112 9.3: HTTP/1.0 is closed unless it asks",
            "GET /topics/full/poll HTTP/1.0\r\nHost: h\r\n\r\n",
            status("200").lacks(&["keep-alive"]).closes(),
        ),
        row(
            "9112 9.3: and kept where it asks",
            "GET /topics/full/poll HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
            status("200").has(&["Connection: keep-alive"]),
        ),
        // The upgrade.
        row(
            "6455 4.2.2: 101 spells its fields",
            handshake_with("", ""),
            status("101").has(&[
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            ]),
        ),
        row(
            "6455 4.1: a handshake is a GET",
            handshake_with("", "").replacen("GET", "HEAD", 1),
            status("405").has(&["Allow: GET,CONNECT"]),
        ),
        row(
            "6455 4.2.2: what is not asked for is not agreed on",
            handshake_with("", ""),
            status("101").lacks(&["sec-websocket-extensions", "sec-websocket-protocol"]),
        ),
        row(
            "6455 4.2.2: no subprotocol that the server does not speak",
            handshake_with("Sec-WebSocket-Protocol", "chat, superchat"),
            status("101").lacks(&["sec-websocket-protocol"]),
        ),
        row(
            "6455 4.2.1: tokens know no case",
            handshake_with("Upgrade", "WebSocket"),
            status("101"),
        ),
        row(
            "6455 4.2.1: Connection is a list",
            handshake_with("Connection", "keep-alive, upgrade"),
            status("101"),
        ),
        row(
            "6455 4.2.1: Upgrade must name it",
            handshake_with("Upgrade", "h2c"),
            status("426").has(&["Upgrade: websocket"]),
        ),
        row(
            "6455 4.2.1: Connection must name it",
            handshake_with("Connection", "keep-alive"),
            status("400"),
        ),
        row(
            "6455 4.2.1: there must be a key",
            handshake_with("Sec-WebSocket-Key", ""),
            status("400"),
        ),
        row(
            "6455 4.2.1: of sixteen bytes",
            handshake_with("Sec-WebSocket-Key", "c2hvcnQ="),
            status("400"),
        ),
        row(
            "6455 11.3.1: and only one",
            handshake_with("Sec-WebSocket-Key ", KEY),
            status("400").closes(),
        ),
        row(
            "6455 4.4: another version is told the right one",
            handshake_with("Sec-WebSocket-Version", "8"),
            status("426").has(&["Sec-WebSocket-Version: 13", "Upgrade: websocket"]),
        ),
        row(
            "6455 4.2.1: the method is GET",
            handshake_with("", "").replacen("GET", "POST", 1),
            status("405").has(&["Allow: "]),
        ),
        row(
            "6455 10.2: a page of another host is refused",
            handshake_with("Origin", "http://evil.example"),
            status("403"),
        ),
        row(
            "6454 4: a default port is the same origin",
            handshake_with("Origin", "http://h:80"),
            status("101"),
        ),
        row(
            "6455 9.1: what is no list of extensions fails",
            handshake_with("Sec-WebSocket-Extensions", "permessage-deflate;"),
            status("400"),
        ),
        row(
            "6455 9.1: an unknown extension is not agreed on",
            handshake_with("Sec-WebSocket-Extensions", "x-unknown"),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
        row(
            "7692 7.1.2.2: no more than the offered window is said",
            handshake_with(
                "Sec-WebSocket-Extensions",
                "permessage-deflate; client_max_window_bits=8",
            ),
            status("101")
                .has(&["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=8"]),
        ),
        row(
            "7692 7.1.2.2: and nothing where it was not offered",
            handshake_with("Sec-WebSocket-Extensions", "permessage-deflate"),
            status("101").lacks(&["client_max_window_bits"]),
        ),
        row(
            "7692 7.1.2.1: a window that is not there is declined",
            handshake_with(
                "Sec-WebSocket-Extensions",
                "permessage-deflate; server_max_window_bits=8",
            ),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
        row(
            "7692 7.1: a parameter twice is declined",
            handshake_with(
                "Sec-WebSocket-Extensions",
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            ),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
        row(
            "7692 7.1: an unknown parameter is declined",
            handshake_with("Sec-WebSocket-Extensions", "permessage-deflate; mystery"),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
    ]
}

/// The server that the rows ask: a message in topic `full`, a profile that keeps connections alive.
async fn asked() -> Running {
    let server = start(|config| {
        config.response =
            pushbench_protocol::ResponseProfile::built_in("typical").expect("built in");
        config.deflate = Some(DeflateLimits::default());
    })
    .await;
    let mut raw = server.connect().await;
    let request = String::from_utf8(post(b"x")).expect("ASCII").replacen("t0000", "full", 1);
    raw.send(request).await;
    let (head, _) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    server
}

#[tokio::test]
async fn the_server_does_what_the_rfcs_oblige_it_to() {
    let server = asked().await;
    let mut faults = Vec::new();
    for Row { source, request, expect } in rows() {
        let mut raw = server.connect().await;
        raw.send(&request).await;
        let head = raw.head().await;
        let lower = head.to_ascii_lowercase();
        let mut must = |ok: bool, what: &str| {
            if !ok {
                faults.push(format!("{source}: {what}\n{request}\n{head}"));
            }
        };
        must(head[..12].ends_with(expect.status), expect.status);
        for line in expect.has {
            must(head.lines().any(|found| found.starts_with(line)), line);
        }
        for text in expect.lacks {
            must(!lower.contains(text), text);
        }
        if expect.closes {
            let mut rest = Vec::new();
            let closed = timeout(DEADLINE, raw.stream.read_to_end(&mut rest)).await;
            must(closed.is_ok_and(|closed| closed.is_ok()), "closes in order");
        }
        // Nobody else is harmed by it.
        let mut other = server.connect().await;
        other.send(get("/healthz", "")).await;
        must(other.head().await.starts_with("HTTP/1.1 200 "), "and goes on");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// RFC 6455, sections 5 and 7.4: frames and the close code that each must bring.
#[tokio::test]
async fn a_frame_that_breaks_the_protocol_closes_with_its_code() {
    let server = start(|_| {}).await;
    let unmasked = b"\x81\x01x".to_vec();
    for (source, bytes, code) in [
        ("5.1: a client masks", unmasked, 1002),
        ("5.2: reserved bits are 0", frame(0xc1, b"x"), 1002),
        ("5.2: reserved opcodes are none", frame(0x83, b"x"), 1002),
        ("5.2: a length is in its shortest form", b"\x81\xfe\0\x01\0\0\0\0x".to_vec(), 1002),
        ("5.4: a continuation continues something", frame(0x80, b"x"), 1002),
        ("5.4: messages are not mixed", [frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("5.5: control frames are whole", frame(0x09, b"x"), 1002),
        ("5.5: and short", frame(0x89, &[b'x'; 126]), 1002),
        ("5.5.1: half a code is none", frame(0x88, b"\x03"), 1002),
        ("7.4.1: some codes are not sent", frame(0x88, b"\x03\xed"), 1002),
        ("5.5.1: a close frame is answered with one", frame(0x88, b"\x03\xe8"), 1000),
        ("8.1: text is UTF-8", frame(0x81, b"\xff"), 1007),
        ("5.5.1: so is a reason", frame(0x88, b"\x03\xe8\xff"), 1007),
        ("7.4.1: a type that is not taken", frame(0x82, b"\xff\0"), 1003),
        ("7.4.1: a message that is too big", frame(0x81, &vec![b'x'; (1 << 20) + 1]), 1009),
    ] {
        let mut raw = server.subscribe().await;
        raw.send(bytes).await;
        assert_eq!(raw.closed().await, Some(code), "{source}");
        assert!(raw.at_end().await, "{source}");
    }
    let mut raw = server.subscribe().await;
    raw.send([frame(0x89, b"ping"), frame(0x8a, b"unasked"), frame(0x89, b"")].concat()).await;
    let pong = raw.frame().await.expect("a pong");
    assert_eq!(pong.first, 0x8a, "5.5.2: a ping is answered, an unasked pong is not");
}
