//! Response profiles: the published sample, real headers, and what is refused.

use super::*;
use crate::headers::printable_characters;

#[test]
fn the_published_sample_has_179_characters_and_193_bytes() {
    let profile = ResponseProfile::built_in("kaazing-2009").expect("built in");
    let head = profile.head(
        AnswerStatus::Messages,
        21,
        "Sat, 07 Nov 2009 00:32:46 GMT",
        AnswerMark::default(),
    );
    assert_eq!(printable_characters(head.as_bytes()), 179);
    assert_eq!(head.len(), 193);
}

#[test]
fn an_answer_without_content_has_no_content_fields() {
    for name in ResponseProfile::names() {
        let profile = ResponseProfile::built_in(name).expect(name);
        for status in [AnswerStatus::Empty, AnswerStatus::NotModified] {
            let head = profile.head(status, 0, "", AnswerMark::default());
            assert!(!head.contains("\r\nContent-"), "{name}: {head}");
        }
    }
}

#[test]
fn a_stream_has_the_profiles_fields_and_no_length() {
    let mark = AnswerMark { cursor: Some(Cursor::OLDEST), ..AnswerMark::default() };
    let head = |name, kind| {
        let profile = ResponseProfile::built_in(name).expect("built in");
        profile.stream_head(kind, "now", mark)
    };
    assert_eq!(
        head("minimal", StreamKind::Lines),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: now\r\n\
         Cursor: 0000000000000000\r\n\r\n"
    );
    assert_eq!(
        head("minimal", StreamKind::Events),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: now\r\n\
         Content-Type: text/event-stream\r\nCache-Control: no-store\r\n\
         Cursor: 0000000000000000\r\n\r\n"
    );
    let typical = head("typical", StreamKind::Events);
    assert!(typical.contains("\r\nContent-Type: text/event-stream\r\n"), "{typical}");
    assert_eq!(typical.matches("Cache-Control").count(), 1, "{typical}");
    assert!(!typical.contains("Content-Length"), "{typical}");
}

/// What a content delivery network says, but for length and date.
const REAL: &str = "HTTP/1.1 200 OK\ndate: {date}\ncontent-type: text/html\n\
                    content-length: {length}\nETag: \"5d2f\"\nSet-Cookie: a=1\nset-cookie: b=2\n\
                    X-XSS-Protection: 1; mode=block\nCF-RAY: 8a1-FRA\n";

#[test]
fn real_headers_are_sent_as_they_stand() {
    let profile = ResponseProfile::parse("file", REAL).expect("real");
    let sent = |status, mark| profile.head(status, 20, "now", mark);
    let expected = REAL.replace("{date}", "now").replace("{length}", "20").replace('\n', "\r\n");
    let found = sent(AnswerStatus::Messages, AnswerMark::default());
    assert_eq!(found, format!("{expected}\r\n"));
    let bare = sent(AnswerStatus::Empty, AnswerMark::default());
    assert!(!bare.to_ascii_lowercase().contains("\r\ncontent-"), "{bare}");
    let spellings: Vec<_> = profile.own_spellings().collect();
    let own = ["date", "content-type", "content-length", "ETag", "set-cookie"];
    assert_eq!(spellings, [&own[..], &["X-XSS-Protection", "CF-RAY"]].concat());
}

#[test]
fn the_servers_tag_stands_in_the_place_of_the_profiles() {
    let profile = ResponseProfile::parse("file", REAL).expect("real");
    let mark = AnswerMark { tag: Some(Cursor::OLDEST), ..AnswerMark::default() };
    let head = profile.head(AnswerStatus::Messages, 20, "now", mark);
    assert!(head.contains("\r\nETag: \"0000000000000000\"\r\n"), "{head}");
    assert_eq!(head.to_ascii_lowercase().matches("\r\netag: ").count(), 1, "{head}");
}

#[test]
fn what_the_server_cannot_send_as_it_stands_is_refused_with_its_line() {
    let base = "HTTP/1.1 200 OK\nDate: {date}\n";
    for (fields, said) in [
        ("Content-Length: 101", "line 3"),
        ("Content-Length: {length}\nTransfer-Encoding: chunked", "line 4"),
        ("Content-Length: {length}\nContent-Encoding: gzip", "line 4"),
        ("Content-Length: {length}\nConnection: close", "line 4"),
        ("Content-Length: {length}\nGap: 3", "line 4"),
        ("Content-Length: {length}\ncursor: 5", "line 4"),
        ("Content-Length: {length}\nServer:nginx", "one space"),
        ("Content-Length: {length}\nServer: nginx ", "one space"),
        ("Content-Length: {length}\nX-A: Jos\u{e9}", "ASCII"),
        ("Content-Length: {length}\ndate: {date}", "a second `date`"),
        ("Content-Length: {length}\nVary: a\nX-A: b\nVary: c", "beside each other"),
        ("X-A: b", "has no `Content-Length: {length}`"),
    ] {
        let text = format!("{base}{fields}\n");
        let error = ResponseProfile::parse("file", &text).expect_err(fields).to_string();
        assert!(error.contains(said), "{fields}: {error}");
    }
    for (fields, said) in [
        ("X: y\n".repeat(91), "92 header fields"),
        (format!("X: {}\n", "y".repeat(16_000)), "15,360"),
    ] {
        let text = format!("{base}Content-Length: {{length}}\n{fields}");
        let error = ResponseProfile::parse("file", &text).expect_err("large").to_string();
        assert!(error.contains(said), "{error}");
    }
}
