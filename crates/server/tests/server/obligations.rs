//! What the RFCs oblige the server to (MUST and MUST NOT of RFC 9110, 9112, 6455, 7692), one row of
//! raw bytes each. What they oblige it to on HTTP/2 (RFC 9113, RFC 8441) stands in `http2.rs`.
//!
//! `http1` and `upgrades` have the rows, `frames` what follows an upgrade.

mod frames;
mod http1;
mod upgrades;

use pushbench_server::DeflateLimits;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::support::{DEADLINE, Running, post, start};

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
    for Row { source, request, expect } in http1::rows().into_iter().chain(upgrades::rows()) {
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
