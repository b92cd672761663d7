//! Request heads: a poll and a WebSocket upgrade, byte for byte.

use super::lines::{HeadLines, has_element, heads, values};
use super::mark::entity_tag;
use super::{ProfileError, built_in};
use crate::compression::{EXTENSIONS_FIELD, PERMESSAGE_DEFLATE};
use crate::{Compression, Cursor, DeflateTerms, accepts_coding};

/// Request heads of one browser or tool.
///
/// The file has one or two blocks of lines: the poll, then the upgrade. `{path}`, `{host}`,
/// `{origin}` and `{key}` are filled in; a profile that spells its own path and host is sent as it
/// is, so a published sample can be replayed exactly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestProfile {
    name: String,
    poll: String,
    upgrade: String,
}

/// What a head is filled with.
#[derive(Clone, Copy, Debug)]
pub struct HeadTarget<'a> {
    /// Path and query, from `/`.
    pub path: &'a str,
    /// `Host` value: name and port.
    pub host: &'a str,
    /// Whether the server is reached by TLS, as the page's own address then says.
    pub secure: bool,
    /// Bytes of cookie to add; 0 adds none.
    pub cookie_bytes: u32,
}

/// What is added to a profile's poll.
#[derive(Clone, Copy, Debug)]
pub struct PollFields {
    /// `If-None-Match`, with a weak tag where bodies may be compressed.
    pub conditional: bool,
    /// `Accept-Encoding` with this coding, where the profile has no such field.
    pub compression: Compression,
}

/// A poll's request head as sent, with places that can be refilled without changing its length.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestHead {
    bytes: Vec<u8>,
    after_at: Option<usize>,
    tag_at: Option<usize>,
}

/// An upgrade's request head as sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeHead {
    /// The head, empty line included.
    pub bytes: Vec<u8>,
}

const BUILT_IN: [(&str, &str); 5] = [
    ("chrome", include_str!("../../profiles/request/chrome.head")),
    ("firefox", include_str!("../../profiles/request/firefox.head")),
    ("curl", include_str!("../../profiles/request/curl.head")),
    ("minimal", include_str!("../../profiles/request/minimal.head")),
    ("kaazing-2009", include_str!("../../profiles/request/kaazing-2009.head")),
];

const IF_NONE_MATCH: &str = "If-None-Match: ";
pub(super) const AFTER: &str = "?after=";

impl RequestProfile {
    /// Names of the built-in profiles.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in profile of that name.
    ///
    /// # Errors
    ///
    /// If there is none; the error lists those there are.
    pub fn built_in(name: &str) -> Result<Self, ProfileError> {
        Self::parse(name, built_in(&BUILT_IN, name)?)
    }

    /// Reads a profile file.
    ///
    /// # Errors
    ///
    /// If the first line of a block is no `GET` request line that our server responds to, another
    /// line no field, the host is missing or there twice, a body is announced, or the upgrade lacks
    /// what RFC 6455, section 4.1, demands.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let heads = heads(text)?;
        let [poll, rest @ ..] = heads.as_slice() else {
            return Err(ProfileError::Missing { missing: "request headers" });
        };
        check_request(poll, &[FILLED_LINE, PUBLISHED_LINE], "`Host`")?;
        let upgrade = match rest.first() {
            Some(upgrade) => {
                check_request(upgrade, &[FILLED_LINE], "`Host` in its upgrade")?;
                check_upgrade(upgrade)?;
                joined(upgrade)
            }
            None => Self::built_in("minimal")?.upgrade,
        };
        Ok(Self { name: name.to_owned(), poll: joined(poll), upgrade })
    }

    /// The profile's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The poll and the upgrade as the file has them, with their holes: lines that end in CR LF, and no
    /// empty line.
    pub fn written(&self) -> [&str; 2] {
        [&self.poll, &self.upgrade]
    }

    /// Whether the poll brings its own request line, so that no cursor can be sent.
    pub fn has_own_path(&self) -> bool {
        !self.poll.starts_with(FILLED_LINE)
    }

    /// Hosts that the profile names itself in place of the server's; a server must be told that it
    /// may respond to them.
    pub fn own_hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<_> = [&self.poll, &self.upgrade]
            .into_iter()
            .flat_map(|head| values(head, "host").map(|value| head[value].trim()))
            .filter(|host| !host.contains("{host}"))
            .collect();
        hosts.dedup();
        hosts
    }

    /// The head of a poll; with `conditional` an `If-None-Match` field is added at its end.
    pub fn poll(&self, target: HeadTarget<'_>, conditional: bool) -> RequestHead {
        self.poll_with(target, PollFields { conditional, compression: Compression::None })
    }

    /// The head of a poll, with fields added at its end.
    pub fn poll_with(&self, target: HeadTarget<'_>, fields: PollFields) -> RequestHead {
        let mut text = filled(&self.poll, target);
        let mut tag_at = None;
        let coding = fields.compression.content_coding();
        if let Some(coding) = coding
            && self.accepted_codings().is_none()
        {
            text.push_str(&format!("Accept-Encoding: {coding}\r\n"));
        }
        if fields.conditional {
            let tag = entity_tag(Cursor::OLDEST, coding.is_some());
            text.push_str(&format!("{IF_NONE_MATCH}{tag}\r\n"));
            tag_at = Some(text.len() - "\"\r\n".len() - Cursor::LEN);
        }
        text.push_str("\r\n");
        let line_end = text.find("\r\n").expect("a head has lines");
        let after_at = text[..line_end].find(AFTER).map(|at| at + AFTER.len());
        RequestHead { bytes: text.into_bytes(), after_at, tag_at }
    }

    /// What the poll's `Accept-Encoding` says, if it has one.
    pub fn accepted_codings(&self) -> Option<&str> {
        values(&self.poll, "accept-encoding").next().map(|value| &self.poll[value])
    }

    /// Whether a poll accepts bodies of this coding, as a server reads what it says: or it says
    /// nothing, and a field is added.
    pub fn accepts(&self, compression: Compression) -> bool {
        let Some(coding) = compression.content_coding() else { return true };
        let said = values(&self.poll, "accept-encoding").map(|value| &self.poll[value]);
        self.accepted_codings().is_none() || accepts_coding(said, coding)
    }

    /// The head that opens a stream of server-sent events: the poll's, asking for events where it
    /// says what it accepts, and for this coding of them where it says nothing of codings.
    pub fn events(&self, target: HeadTarget<'_>, compression: Compression) -> Vec<u8> {
        let head = self.poll_with(target, PollFields { conditional: false, compression });
        let mut head = String::from_utf8(head.bytes).expect("a head is ASCII");
        let accepted = values(&head, "accept").next();
        if let Some(value) = accepted {
            head.replace_range(value, "text/event-stream");
        }
        head.into_bytes()
    }

    /// The head of a WebSocket upgrade with this key (24 characters of base64).
    pub fn upgrade(&self, target: HeadTarget<'_>, key: &str) -> UpgradeHead {
        self.upgrade_offering(target, key, None)
    }

    /// The same, asking for these terms of permessage-deflate.
    ///
    /// What the profile itself offers stands where no special terms are asked for: a browser can ask
    /// for none. Other terms take its place, or come at the end where it offers nothing.
    pub fn upgrade_offering(
        &self,
        target: HeadTarget<'_>,
        key: &str,
        terms: Option<DeflateTerms>,
    ) -> UpgradeHead {
        let mut text = filled(&self.upgrade, target).replace("{key}", key);
        if let Some(terms) = terms {
            let offer = terms.offer();
            let own = values(&text, "sec-websocket-extensions").next();
            match own {
                Some(own)
                    if terms == DeflateTerms::DEFAULT && offers_deflate(&text[own.clone()]) => {}
                Some(own) => text.replace_range(own, &offer),
                None => text.push_str(&format!("{EXTENSIONS_FIELD}: {offer}\r\n")),
            }
        }
        text.push_str("\r\n");
        UpgradeHead { bytes: text.into_bytes() }
    }
}

impl RequestHead {
    /// The head, empty line included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Puts a cursor into `?after=` and `If-None-Match`, where the head has them.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        let digits = cursor.encode();
        for at in [self.after_at, self.tag_at].into_iter().flatten() {
            self.bytes[at..at + Cursor::LEN].copy_from_slice(&digits);
        }
    }
}

fn offers_deflate(value: &str) -> bool {
    value.split(&[',', ';']).any(|part| part.trim() == PERMESSAGE_DEFLATE)
}

/// The request line of a poll whose path is filled in.
const FILLED_LINE: &str = "GET {path} HTTP/1.1";
/// That of the published sample: the one other path that our server responds to as to a poll.
const PUBLISHED_LINE: &str = "GET /PollingStock//PollingStock HTTP/1.1";

/// What holds of every request that is sent as it stands.
fn check_request(
    head: &HeadLines<'_>,
    lines: &[&str],
    host: &'static str,
) -> Result<(), ProfileError> {
    if !lines.contains(&head.start.text) {
        let expected =
            "the request line `GET {path} HTTP/1.1`, or that of `kaazing-2009` in a poll";
        return Err(head.start.refused(expected));
    }
    let mut hosts = head.named("host");
    let first = hosts.next().ok_or(ProfileError::Missing { missing: host })?;
    if first.value.is_empty() || first.value.contains([' ', '\t', '/', '@', ',']) {
        return Err(first.line.refused("`Host: {host}`, or a name and perhaps a port"));
    }
    if let Some(second) = hosts.next() {
        return Err(ProfileError::Twice { line: second.line.number, name: "Host".to_owned() });
    }
    // The server would wait for it, and take the next request for it.
    let expected = "no body announced: nothing follows the headers of a GET";
    if let Some(length) = head.named("content-length").find(|field| field.value != "0") {
        return Err(length.line.refused(expected));
    }
    match head.named("transfer-encoding").next() {
        Some(coding) => Err(coding.line.refused(expected)),
        None => Ok(()),
    }
}

/// What RFC 6455, section 4.1, demands of an upgrade besides.
fn check_upgrade(head: &HeadLines<'_>) -> Result<(), ProfileError> {
    let is = |name, found: &dyn Fn(&str) -> bool| head.named(name).any(|field| found(field.value));
    for (holds, missing) in [
        (is("upgrade", &|it| has_element(it, "websocket")), "`Upgrade: websocket` in its upgrade"),
        (
            is("connection", &|it| has_element(it, "upgrade")),
            "`Connection: Upgrade` in its upgrade",
        ),
        (is("sec-websocket-key", &|it| it == "{key}"), "`Sec-WebSocket-Key: {key}` in its upgrade"),
        (
            is("sec-websocket-version", &|it| it == "13"),
            "`Sec-WebSocket-Version: 13` in its upgrade",
        ),
    ] {
        if !holds {
            return Err(ProfileError::Missing { missing });
        }
    }
    Ok(())
}

/// A head as it goes on the wire, without the empty line at its end.
fn joined(head: &HeadLines<'_>) -> String {
    let fields = head.fields.iter().map(|field| field.line.text);
    std::iter::once(head.start.text).chain(fields).map(|line| format!("{line}\r\n")).collect()
}

fn filled(template: &str, target: HeadTarget<'_>) -> String {
    let scheme = if target.secure { "https" } else { "http" };
    let text = template
        .replace("{path}", target.path)
        .replace("{host}", target.host)
        .replace("{origin}", &format!("{scheme}://{}", target.host));
    with_cookie(text, target.cookie_bytes)
}

/// Adds `cookie_bytes` of cookie: to the head's own `Cookie` field if it has one, else as a field.
fn with_cookie(mut text: String, cookie_bytes: u32) -> String {
    if cookie_bytes == 0 {
        return text;
    }
    const NAME: &str = "s=";
    let len = cookie_bytes as usize;
    let value: String = NAME.chars().chain(std::iter::repeat('x')).take(len).collect();
    let own = values(&text, "cookie").next();
    match own {
        Some(own) if own.is_empty() => text.insert_str(own.end, &value),
        Some(own) => text.insert_str(own.end, &format!("; {value}")),
        None => text.push_str(&format!("Cookie: {value}\r\n")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::printable_characters;
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
}
