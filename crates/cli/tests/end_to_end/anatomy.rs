//! `pushbench anatomy`: real exchanges, every byte of them.

use serde_json::Value;

use crate::support::{Bench, Server};

const ALL: [&str; 6] = ["short-poll", "long-poll", "sse", "stream", "websocket", "nudge"];

/// The anatomies of one command, as JSON.
fn anatomies(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let ended = bench.play(&[&["anatomy", "--format", "json"], arguments].concat());
    assert_eq!(ended.code, 0, "{ended}");
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(document["format"], "pushbench-anatomy");
    document["anatomies"].as_array().expect("a list").clone()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// The passages of the step with this title.
fn passages<'a>(anatomy: &'a Value, title: &str) -> &'a [Value] {
    let mut steps = list(anatomy, "steps").iter();
    let step = steps.find(|step| step["title"] == title);
    list(step.unwrap_or_else(|| panic!("no step `{title}`")), "passages")
}

fn parts(passage: &Value) -> &[Value] {
    list(passage, "parts")
}

/// Bytes of the parts of a kind, of those that the parts themselves hold.
fn bytes_of<'a>(parts: impl IntoIterator<Item = &'a Value>, kind: &str) -> usize {
    let parts = parts.into_iter().filter(|part| part["kind"] == kind);
    parts.map(|part| part["hex"].as_str().expect("digits").len() / 2).sum()
}

fn detail<'a>(part: &'a Value, name: &str) -> &'a str {
    let mut details = list(part, "details").iter();
    let detail = details.find(|detail| detail["name"] == name);
    detail.unwrap_or_else(|| panic!("no `{name}` in {part}"))["value"].as_str().expect("a text")
}

#[test]
fn the_published_poll_is_871_characters_and_909_bytes_of_headers() {
    let bench = Bench::new();
    let [poll] =
        &anatomies(&bench, &["short-poll", "--headers", "kaazing-2009", "--payload", "21"])[..]
    else {
        panic!("one was asked for")
    };
    let passages = passages(poll, "A poll");
    let all = || passages.iter().flat_map(parts);
    assert_eq!(bytes_of(all(), "header"), 909);
    assert_eq!(bytes_of(all(), "payload"), 21);
    assert_eq!(bytes_of(parts(&passages[0]), "header"), 716);
    let printable: usize = all()
        .filter(|part| part["kind"] == "header")
        .map(|part| part["text"].as_str().expect("text").replace(['\r', '\n'], "").len())
        .sum();
    assert_eq!(printable, 871);
    let cookie = all().find(|part| part["name"] == "Cookie").expect("it has one");
    assert_eq!(cookie["source"], "RFC 6265, section 5.4");
}

#[test]
fn a_message_of_20_bytes_has_a_frame_header_of_2_and_its_envelope_is_decoded() {
    let bench = Bench::new();
    let all = anatomies(&bench, &[]);
    assert_eq!([&all[0]["transport"], &all[1]["transport"]], ["short-poll", "websocket"]);
    let [frame] = passages(&all[1], "A message") else { panic!("the server alone speaks") };
    assert_eq!(bytes_of(parts(frame), "framing"), 2);
    assert_eq!(bytes_of(parts(frame), "payload"), 20);
    let payload = &parts(frame)[2];
    assert_eq!(detail(payload, "number"), "0");
    assert!(detail(payload, "due").ends_with(" s"));
    assert_eq!(detail(payload, "filler"), "4 B");

    let [up, down] = passages(&all[1], "The client sends") else { panic!("there and back") };
    assert_eq!((bytes_of(parts(up), "framing"), bytes_of(parts(down), "framing")), (6, 2));
    let unmasked = detail(&parts(up)[3], "unmasked");
    assert_eq!(unmasked, parts(down)[2]["text"], "what was masked is what came back");
}

#[test]
fn the_key_of_the_rfc_is_answered_as_the_rfc_says_and_each_step_is_shown() {
    let bench = Bench::new();
    let all = anatomies(&bench, &["websocket", "--key", "dGhlIHNhbXBsZSBub25jZQ=="]);
    let [_, answer] = passages(&all[0], "The upgrade") else { panic!("a request and an answer") };
    let accept = parts(answer)
        .iter()
        .find(|part| {
            part["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case("sec-websocket-accept"))
        })
        .expect("a 101 has one");
    assert!(accept["text"].as_str().expect("text").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(
        detail(accept, "joined"),
        "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    );
    assert_eq!(
        detail(accept, "SHA-1"),
        "b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea"
    );
    assert_eq!(detail(accept, "base64"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/// Sizes at which a frame's length takes another form, a chunk's another digit, a message another
/// segment.
#[test]
fn by_every_transport_the_parts_add_up_to_what_four_hands_counted() {
    let bench = Bench::new();
    for payload in ["16", "126", "3000", "70_000"] {
        for anatomy in anatomies(&bench, &[&ALL[..], &["--payload", payload]].concat()) {
            let connections = list(&anatomy, "connections");
            for (at, connection) in connections.iter().enumerate() {
                let steps = || {
                    list(&anatomy, "steps").iter().filter(move |step| step["connection"] == at + 1)
                };
                for (place, direction) in ["up", "down"].into_iter().enumerate() {
                    let said = steps()
                        .flat_map(|step| list(step, "passages"))
                        .filter(|passage| passage["direction"] == direction);
                    let bytes: usize = said
                        .flat_map(parts)
                        .map(|part| part["hex"].as_str().expect("digits").len() / 2)
                        .sum();
                    let books = &connection["books"];
                    for hand in ["parts", "socket", "kernel", "server"] {
                        let label =
                            format!("{} {payload} {hand} {direction}", anatomy["transport"]);
                        assert_eq!(books[hand][place], bytes, "{label}");
                    }
                }
                let counted = steps().map(|step| step["segments"]["up"].as_u64().expect("counted"));
                assert!(counted.sum::<u64>() >= 3, "SYN, ACK and more: {connection}");
                let fields = list(&connection["headers"], "fields");
                let len: u64 =
                    fields.iter().map(|field| field["len"].as_u64().expect("a length")).sum();
                assert_eq!(connection["headers"]["len"], len);
            }
            let payload: u64 = payload.replace('_', "").parse().expect("a number");
            let down = list(&anatomy, "totals")
                .iter()
                .find(|total| total["kind"] == "payload")
                .expect("it was delivered")["down"]
                .as_u64();
            let times = if anatomy["transport"] == "websocket" { 2 } else { 1 };
            assert_eq!(down, Some(payload * times), "{}", anatomy["transport"]);
        }
    }
}

#[test]
fn a_server_that_runs_already_is_taken_apart_too_whatever_it_delivers() {
    let bench = Bench::new();
    for settings in [
        &["--deliver", "every"][..],
        &["--deliver", "latest", "--unchanged", "not-modified"],
        &["--publish-token", "secret", "--idle-timeout", "1m"],
    ] {
        let server = Server::start(&bench, settings);
        let url = server.url();
        let mut arguments = [&ALL[..], &["--target", &url]].concat();
        if settings.contains(&"secret") {
            arguments.extend(["--publish-token", "secret"]);
        }
        // Twice: the second time the topic has messages already, and none of them is delivered.
        for _ in 0..2 {
            for anatomy in anatomies(&bench, &arguments) {
                let totals = list(&anatomy, "totals");
                let payload = totals.iter().find(|total| total["kind"] == "payload");
                let has_spoken =
                    anatomy["transport"] == "websocket" && !settings.contains(&"secret");
                let expected = if has_spoken { 40 } else { 20 };
                assert_eq!(payload.expect("delivered")["down"], expected, "{anatomy}");
                assert!(list(&anatomy, "connections")[0]["books"]["server"].is_null());
            }
        }
        assert_eq!(server.end().code, 0);
    }
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let bench = Bench::new();
    for (arguments, code, said) in [
        (&["banana"][..], 2, "expected one of short-poll, long-poll"),
        (&["--key", "short"], 2, "expected 16 bytes in base64"),
        (&["--payload", "15"], 2, "expected 16 to"),
        (&["--message", "!gap"], 2, "a notice"),
        (&["--headers", "banana"], 1, "unknown header profile `banana`"),
        (&["sse", "--headers", "kaazing-2009"], 1, "cannot ask for sse"),
        (&["--target", "http://127.0.0.1:1"], 1, "cannot be reached: 127.0.0.1:1"),
        (&["--target", "http://192.0.2.1:80"], 1, "not on this host"),
    ] {
        let ended = bench.play(&[&["anatomy"], arguments].concat());
        assert_eq!(ended.code, code, "{ended}");
        assert!(ended.stderr.contains(said), "{said}: {ended}");
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn the_page_needs_nothing_beside_it_and_your_text_is_no_markup() {
    let bench = Bench::new();
    let arguments =
        ["anatomy", "--format", "html", "--message", "<script>alert('x')</script>", "-o", "a.html"];
    let ended = bench.play(&arguments);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended}");
    let page = std::fs::read_to_string(bench.path().join("a.html")).expect("written");
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
    for needs in ["<script", "<link", " src=", "@import", "url("] {
        assert!(!page.contains(needs), "{needs}");
    }
    assert!(page.contains("prefers-color-scheme: dark"));
    let opened = page.matches("<div").count();
    assert_eq!(opened, page.matches("</div>").count());
}

#[test]
fn text_keeps_within_100_columns_and_has_colour_only_where_it_is_asked_for() {
    let bench = Bench::new();
    let arguments = [&["anatomy", "--cookie-bytes", "2000"], &ALL[..]].concat();
    let plain = bench.play(&arguments);
    assert_eq!(plain.code, 0, "{plain}");
    for line in plain.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(!plain.stdout.contains('\x1b'));
    for (variable, flag, has_colour) in [
        ("CLICOLOR_FORCE", None, true),
        ("CLICOLOR_FORCE", Some("--no-color"), false),
        ("NO_COLOR", None, false),
    ] {
        let mut arguments = vec!["anatomy", "short-poll"];
        arguments.extend(flag);
        let mut command = bench.program(&arguments);
        let output = command.env(variable, "1").output().expect("it runs");
        assert!(output.status.success());
        assert_eq!(output.stdout.contains(&0x1b), has_colour, "{variable} {flag:?}");
    }
}
