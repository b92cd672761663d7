//! Request profiles: what is filled in and added, and what is refused.

use super::*;
use crate::headers::printable_characters;
use crate::paths::KAAZING_POLL;

const TARGET: HeadTarget<'static> = HeadTarget {
    path: "/topics/t0000/poll?after=0000000000000000",
    host: "h:1",
    secure: false,
    cookie_bytes: 0,
};

#[test]
fn the_published_sample_has_692_characters_and_716_bytes() {
    let profile = RequestProfile::built_in("kaazing-2009").expect("built in");
    let head = profile.poll(TARGET, false);
    assert_eq!(printable_characters(head.bytes()), 692);
    assert_eq!(head.bytes().len(), 716);
    assert!(profile.has_own_path());
}

#[test]
fn every_built_in_profile_is_one() {
    for name in RequestProfile::names() {
        let profile = RequestProfile::built_in(name).expect(name);
        let head = profile.poll(TARGET, false);
        assert!(head.bytes().ends_with(b"\r\n\r\n"), "{name}");
        assert!(!head.bytes().contains(&b'{'), "{name} has an unfilled place");
        let upgrade = profile.upgrade(TARGET, "dGhlIHNhbXBsZSBub25jZQ==");
        assert!(!upgrade.bytes.contains(&b'{'), "{name} has an unfilled place");
    }
}

#[test]
fn a_page_that_came_by_tls_says_so_in_its_origin() {
    let profile = RequestProfile::built_in("chrome").expect("built in");
    let clear = profile.upgrade(TARGET, "dGhlIHNhbXBsZSBub25jZQ==").bytes;
    let secure = HeadTarget { secure: true, ..TARGET };
    let secure = profile.upgrade(secure, "dGhlIHNhbXBsZSBub25jZQ==").bytes;
    let text = String::from_utf8(secure.clone()).expect("ASCII");
    assert!(text.contains("\r\nOrigin: https://h:1\r\n"), "{text}");
    assert_eq!(secure.len(), clear.len() + 1);
}

#[test]
fn a_request_for_events_says_so_where_it_says_what_it_accepts() {
    for (name, accepts) in [("chrome", true), ("curl", true), ("minimal", false)] {
        let profile = RequestProfile::built_in(name).expect(name);
        let head = String::from_utf8(profile.events(TARGET, Compression::None)).expect("ASCII");
        assert_eq!(head.contains("\r\nAccept: text/event-stream\r\n"), accepts, "{head}");
        assert_eq!(head.matches("\r\nAccept: ").count(), usize::from(accepts), "{head}");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }
}

#[test]
fn a_cursor_never_changes_the_length_of_a_poll() {
    let profile = RequestProfile::built_in("minimal").expect("built in");
    let mut head = profile.poll(TARGET, true);
    let len = head.bytes().len();
    let cursor = Cursor { epoch: 1_234, position: 77 };
    head.set_cursor(cursor);
    assert_eq!(head.bytes().len(), len);
    let text = String::from_utf8(head.bytes().to_vec()).expect("ASCII");
    assert_eq!(text.matches(&cursor.to_string()).count(), 2, "{text}");
}

#[test]
fn an_offer_comes_in_the_place_of_the_profiles_own_or_at_the_end() {
    let upgrade = |name, terms| {
        let profile = RequestProfile::built_in(name).expect(name);
        let head = profile.upgrade_offering(TARGET, "dGhlIHNhbXBsZSBub25jZQ==", terms);
        String::from_utf8(head.bytes).expect("ASCII")
    };
    let small = Some(DeflateTerms::symmetric(10, true));
    for name in RequestProfile::names() {
        let bare = upgrade(name, None);
        let offers = bare.contains("permessage-deflate");
        assert_eq!(offers, ["chrome", "firefox"].contains(&name), "{name}");
        let usual = upgrade(name, Some(DeflateTerms::DEFAULT));
        assert_eq!(usual == bare, offers, "{name}");
        assert_eq!(usual.matches("\r\nSec-WebSocket-Extensions: ").count(), 1, "{usual}");
        let small = upgrade(name, small);
        let field = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; \
                     client_max_window_bits=10\r\n";
        assert!(small.contains(field), "{small}");
        assert!(small.ends_with("\r\n\r\n") && small.starts_with(&bare[..100]), "{small}");
    }
}

#[test]
fn a_poll_accepts_what_its_profile_does_or_a_field_is_added() {
    for (name, gzip, brotli, is_added) in [
        ("chrome", true, true, false),
        ("firefox", true, false, false),
        ("kaazing-2009", true, false, false),
        ("curl", true, true, true),
        ("minimal", true, true, true),
    ] {
        let profile = RequestProfile::built_in(name).expect(name);
        assert_eq!(profile.accepts(Compression::Gzip), gzip, "{name}");
        assert_eq!(profile.accepts(Compression::Brotli), brotli, "{name}");
        let bare = profile.poll(TARGET, false);
        let fields = PollFields { conditional: false, compression: Compression::Gzip };
        let head = profile.poll_with(TARGET, fields);
        let more = if is_added { "Accept-Encoding: gzip\r\n".len() } else { 0 };
        assert_eq!(head.bytes().len(), bare.bytes().len() + more, "{name}");
    }
}

#[test]
fn where_bodies_may_be_compressed_the_tag_asked_for_is_a_weak_one() {
    let profile = RequestProfile::built_in("minimal").expect("built in");
    let fields = PollFields { conditional: true, compression: Compression::Brotli };
    let mut head = profile.poll_with(TARGET, fields);
    head.set_cursor(Cursor { epoch: 1, position: 2 });
    let text = String::from_utf8(head.bytes().to_vec()).expect("ASCII");
    assert!(text.contains("\r\nIf-None-Match: W/\"0001000000000002\"\r\n"), "{text}");
}

#[test]
fn cookie_bytes_add_exactly_a_field_or_lengthen_the_one_there() {
    for (name, around) in [("minimal", "Cookie: \r\n".len()), ("kaazing-2009", "; ".len())] {
        let profile = RequestProfile::built_in(name).expect("built in");
        let without = profile.poll(TARGET, false).bytes().len();
        for cookie_bytes in [1, 2, 100, 2_000] {
            let with = profile.poll(HeadTarget { cookie_bytes, ..TARGET }, false).bytes().len();
            assert_eq!(with, without + around + cookie_bytes as usize, "{name} {cookie_bytes}");
        }
    }
}

#[test]
fn a_head_is_read_as_http_reads_it() {
    let poll = "\u{feff}GET {path} HTTP/1.1\nhost:{host}\nACCEPT:*/*\nCookie:sid=1\n\
                Accept-Encoding: gzip;q=1.0,deflate;q=0.6, identity;q=0.3, br;q=0\n";
    let upgrade = "GET {path} HTTP/1.1\nHost:{host}\nUpgrade:WebSocket\n\
                   Connection:keep-alive,upgrade\nSec-WebSocket-Key:{key}\n\
                   Sec-WebSocket-Version:13\n";
    let profile = RequestProfile::parse("file", &format!("{poll}\n{upgrade}")).expect("legal");
    assert!(profile.accepts(Compression::Gzip));
    assert!(!profile.accepts(Compression::Brotli));
    let events = String::from_utf8(profile.events(TARGET, Compression::None)).expect("ASCII");
    assert!(events.contains("\r\nACCEPT:text/event-stream\r\n"), "{events}");
    let len =
        |cookie_bytes| profile.poll(HeadTarget { cookie_bytes, ..TARGET }, false).bytes().len();
    assert_eq!(len(100), len(0) + "; ".len() + 100);
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let upgrade = String::from_utf8(profile.upgrade(TARGET, key).bytes).expect("ASCII");
    assert!(upgrade.contains("\r\nUpgrade:WebSocket\r\n"), "sent as it stands: {upgrade}");
    assert!(upgrade.contains(&format!("\r\nSec-WebSocket-Key:{key}\r\n")), "{upgrade}");
    let any = "GET {path} HTTP/1.1\nHost: {host}\nAccept-Encoding: *\n";
    let any = RequestProfile::parse("file", any).expect("legal");
    assert!(any.accepts(Compression::Gzip) && any.accepts(Compression::Brotli));
}

#[test]
fn what_no_server_could_take_is_refused() {
    let upgrade = |fields: &str| {
        format!("GET {{path}} HTTP/1.1\nHost: {{host}}\n\nGET {{path}} HTTP/1.1\n{fields}")
    };
    let whole = "Host: {host}\nUpgrade: websocket\nConnection: Upgrade\n\
                 Sec-WebSocket-Key: {key}\nSec-WebSocket-Version: 13\n";
    assert!(RequestProfile::parse("file", &upgrade(whole)).is_ok());
    for line in whole.lines() {
        let text = upgrade(&whole.replace(&format!("{line}\n"), ""));
        let error = RequestProfile::parse("file", &text).expect_err(line);
        assert!(matches!(error, ProfileError::Missing { .. }), "{line}: {error}");
    }
    for (fields, said) in [
        ("User-Agent: x", "has no `Host`"),
        ("Host: {host}\nhost: b", "line 3 of the header profile is a second `Host`"),
        ("Host: a b", "`Host: {host}`"),
        ("Host:", "`Host: {host}`"),
        ("Host: {host}\nContent-Length: 5", "no body announced"),
        ("Host: {host}\nTransfer-Encoding: chunked", "no body announced"),
    ] {
        let text = format!("GET {{path}} HTTP/1.1\n{fields}\n");
        let error = RequestProfile::parse("file", &text).expect_err(fields).to_string();
        assert!(error.contains(said), "{fields}: {error}");
    }
    let none = "GET {path} HTTP/1.1\nHost: {host}\nContent-Length: 0\n";
    assert!(RequestProfile::parse("file", none).is_ok(), "no body, and it says so");
}

#[test]
fn a_path_of_its_own_is_one_that_our_server_responds_to() {
    let own = format!("GET {KAAZING_POLL} HTTP/1.1\nHost: {{host}}\nReferer: {{path}}\n");
    assert!(RequestProfile::parse("file", &own).expect("legal").has_own_path());
    for line in ["GET /mine HTTP/1.1", "GET {path}&x=1 HTTP/1.1", "GET {path} HTTP/1.0"] {
        let text = format!("{line}\nHost: {{host}}\n");
        assert!(RequestProfile::parse("file", &text).is_err(), "{line}");
        let upgrade = format!("GET {{path}} HTTP/1.1\nHost: {{host}}\n\n{text}");
        assert!(RequestProfile::parse("file", &upgrade).is_err(), "{line}");
    }
}

#[test]
fn a_file_that_is_no_head_is_refused_with_its_line() {
    for (text, line) in [
        ("POST / HTTP/1.1\n", 1),
        ("GET {path} HTTP/1.1\nno field\n", 2),
        ("# why\nGET {path} HTTP/1.1\nHost: {host}\n: x\n", 4),
    ] {
        match RequestProfile::parse("file", text) {
            Err(ProfileError::Line { line: found, .. }) => assert_eq!(found, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(RequestProfile::parse("file", "").is_err());
}
