//! curl: polls, long polls and streams; and it counts its bytes itself.

use std::process::Command;

use pushbench_protocol::ConnectionClass;
use serde_json::Value;

use super::{needs_all, server};
use crate::support::{Running, publish, wait_until};

const OLDEST: &str = "0000000000000000";

fn curl(arguments: &[&str]) -> Running {
    Running::start(Command::new("curl").args(["--silent", "--show-error"]).args(arguments))
}

#[test]
fn curl_gets_the_messages_by_polling_and_counts_the_bytes_that_the_server_counts() {
    if !needs_all(&["curl"]) {
        return;
    }
    let (_bench, server) = server(&["--unchanged", "not-modified"]);
    publish(server.address, "news", "hello, world");
    let url = format!("{}/topics/news/poll?after={OLDEST}", server.url());
    let asked = curl(&["--write-out", "\n%{json}", "--include", &url]).end();
    let (answer, counts) = asked.stdout.rsplit_once('\n').expect("two parts");
    let counts: Value = serde_json::from_str(counts).expect("JSON");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert_eq!(body, "hello, world", "{asked}");
    let tag = head.lines().find_map(|line| line.strip_prefix("Etag: ")).expect("a tag");

    let class = server.stats().connections[&ConnectionClass::ShortPoll];
    let bytes = |name: &str| counts[name].as_u64().expect("a count");
    assert_eq!(class.received_bytes, bytes("size_request"), "{counts}");
    assert_eq!(class.sent_bytes, bytes("size_header") + bytes("size_download"), "{counts}");

    let unchanged = format!("If-None-Match: {tag}");
    let again = curl(&["--write-out", "%{http_code}", "--header", &unchanged, &url]).end();
    assert_eq!(again.stdout, "304", "{again}");
}

#[test]
fn curl_waits_in_a_long_poll_until_there_is_a_message() {
    if !needs_all(&["curl"]) {
        return;
    }
    let (_bench, server) = server(&[]);
    let url = format!("{}/topics/news/long-poll?after={OLDEST}&hold=100s", server.url());
    let poll = curl(&[&url]);
    wait_until("the poll to be held", || {
        server.stats().connections[&ConnectionClass::LongPoll].received_bytes > 0
    });
    publish(server.address, "news", "worth waiting for");
    let ended = poll.end();
    assert_eq!(ended.stdout, "worth waiting for", "{ended}");

    let short = format!("{}/topics/other/long-poll?after={OLDEST}&hold=100ms", server.url());
    let ended = curl(&["--write-out", "%{http_code}", &short]).end();
    assert_eq!(ended.stdout, "204", "{ended}");
}

#[test]
fn curl_reads_bodies_in_gzip_and_br_as_they_were_published() {
    if !needs_all(&["curl"]) {
        return;
    }
    let message = "{\"symbol\":\"ACME\",\"price\":12.34},".repeat(100);
    for (coding, version) in [("gzip", "--http1.1"), ("br", "--http2-prior-knowledge")] {
        let (_bench, server) = server(&["--compression", coding]);
        publish(server.address, "news", &message);
        for poll in ["poll?after=", "long-poll?hold=10s&after="] {
            let url = format!("{}/topics/news/{poll}{OLDEST}", server.url());
            let wanted = format!("Accept-Encoding: {coding}");
            let asked = |more: &[&str]| curl(&[&[version, &url], more].concat()).end();
            let counted = "\n%{size_download} %header{content-encoding}";
            let asked_for = ["--header", &wanted, "--compressed", "--write-out", counted];
            let ended = asked(&asked_for);
            let (body, said) = ended.stdout.rsplit_once('\n').expect("two parts");
            assert_eq!(body, message, "{coding} {poll}");
            let (len, found) = said.split_once(' ').expect("a length and a coding");
            assert_eq!(found, coding, "{poll}");
            let len: usize = len.parse().expect("a length");
            assert!(len * 10 < message.len(), "{coding} {poll}: {len}");
            assert_eq!(asked(&[]).stdout, message, "{coding} {poll}: who does not ask for it");
        }
    }
}

#[test]
fn curl_listens_to_events_and_to_a_stream() {
    if !needs_all(&["curl"]) {
        return;
    }
    let after = format!("stream?after={OLDEST}");
    for (path, first, second) in
        [("events", "data: one\n\n", "data: two\n\n"), (after.as_str(), "one\n", "one\ntwo\n")]
    {
        let (_bench, server) = server(&[]);
        publish(server.address, "news", "one");
        let listening = curl(&[
            "--no-buffer",
            "--header",
            &format!("Last-Event-ID: {OLDEST}"),
            &format!("{}/topics/news/{path}", server.url()),
        ]);
        wait_until("the first message", || listening.stdout_so_far().contains(first));
        publish(server.address, "news", "two");
        wait_until("the second message", || listening.stdout_so_far().contains(second));
    }
}

/// Flush by flush: each message is decoded by curl's own zlib and brotli when the next is not yet
/// published.
#[test]
fn curl_reads_compressed_streams_message_by_message() {
    if !needs_all(&["curl"]) {
        return;
    }
    for (coding, version) in [("gzip", "--http1.1"), ("br", "--http2-prior-knowledge")] {
        let (_bench, server) = server(&["--stream-compression", coding]);
        let after = format!("stream?after={OLDEST}");
        let mut published = Vec::new();
        for (path, mark) in [("events", "data: "), (after.as_str(), "")] {
            let wanted = format!("Accept-Encoding: {coding}");
            let url = format!("{}/topics/news/{path}", server.url());
            let seen = format!("Last-Event-ID: {OLDEST}");
            let asked = ["--no-buffer", "--compressed", "--include", version];
            let fields = ["--header", &wanted, "--header", &seen, &url];
            let listening = curl(&[&asked[..], &fields].concat());
            for n in 0..5 {
                let message = format!("{{\"symbol\":\"ACME\",\"price\":{n}.5,\"of\":\"{path}\"}}");
                publish(server.address, "news", &message);
                published.push(message);
                let line = format!("{mark}{}\n", published.last().expect("one"));
                wait_until("the message", || listening.stdout_so_far().contains(&line));
            }
            let said = listening.stdout_so_far();
            let head = said.split("\r\n\r\n").next().expect("a head").to_ascii_lowercase();
            assert!(head.contains(&format!("content-encoding: {coding}")), "{head}");
            for message in &published {
                assert!(said.contains(&format!("{mark}{message}\n")), "{coding} {path}: {said}");
            }
        }
    }
}
