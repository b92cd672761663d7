//! Request heads: a poll and a WebSocket upgrade, byte for byte.

use std::ops::Range;

use super::response::WEAK;
use super::{ProfileError, blocks, built_in};
use crate::compression::PERMESSAGE_DEFLATE;
use crate::{Compression, Cursor, DeflateTerms};

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

/// The field that extensions are offered and agreed on in (RFC 6455, section 11.3.2).
pub const EXTENSIONS_FIELD: &str = "Sec-WebSocket-Extensions";

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
    /// If the first line of a block is no `GET` request line, another line no field, or the upgrade
    /// lacks what RFC 6455, section 4.1, demands.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let blocks = blocks(text);
        let poll = blocks.first().ok_or(ProfileError::Missing { missing: "request head" })?;
        let poll = joined(poll)?;
        let upgrade = match blocks.get(1) {
            Some(block) => joined(block)?,
            None => Self::built_in("minimal")?.upgrade,
        };
        let lower = upgrade.to_ascii_lowercase();
        for (needle, missing) in [
            ("\r\nupgrade: websocket\r\n", "`Upgrade: websocket` in its upgrade"),
            ("\r\nconnection: ", "`Connection` in its upgrade"),
            ("\r\nsec-websocket-key: {key}\r\n", "`Sec-WebSocket-Key: {key}` in its upgrade"),
            ("\r\nsec-websocket-version: 13\r\n", "`Sec-WebSocket-Version: 13` in its upgrade"),
            ("\r\nhost: ", "`Host` in its upgrade"),
        ] {
            if !lower.contains(needle) {
                return Err(ProfileError::Missing { missing });
            }
        }
        Ok(Self { name: name.to_owned(), poll, upgrade })
    }

    /// The profile's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the poll brings its own request line, so that no cursor can be sent.
    pub fn has_own_path(&self) -> bool {
        !self.poll.contains("{path}")
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
            text.push_str(IF_NONE_MATCH);
            if coding.is_some() {
                text.push_str(WEAK);
            }
            text.push('"');
            tag_at = Some(text.len());
            text.push_str(&Cursor::OLDEST.to_string());
            text.push_str("\"\r\n");
        }
        text.push_str("\r\n");
        let line_end = text.find("\r\n").expect("a head has lines");
        let after_at = text[..line_end].find(AFTER).map(|at| at + AFTER.len());
        RequestHead { bytes: text.into_bytes(), after_at, tag_at }
    }

    /// What the poll's `Accept-Encoding` says, if it has one.
    pub fn accepted_codings(&self) -> Option<&str> {
        field(&self.poll, "accept-encoding").map(|value| &self.poll[value])
    }

    /// Whether a poll accepts bodies of this coding: the field names it, or there is no such field
    /// and one is added.
    pub fn accepts(&self, compression: Compression) -> bool {
        let Some(coding) = compression.content_coding() else { return true };
        self.accepted_codings().is_none_or(|accepted| {
            accepted.split(',').any(|found| found.trim().eq_ignore_ascii_case(coding))
        })
    }

    /// The head that opens a stream of server-sent events: the poll's, asking for events where it
    /// says what it accepts.
    pub fn events(&self, target: HeadTarget<'_>) -> Vec<u8> {
        let mut head = String::from_utf8(self.poll(target, false).bytes).expect("a head is ASCII");
        if let Some(at) = head.to_ascii_lowercase().find("\r\naccept: ") {
            let from = at + "\r\naccept: ".len();
            let end = from + head[from..].find("\r\n").expect("each line ends");
            head.replace_range(from..end, "text/event-stream");
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
            match field(&text, "sec-websocket-extensions") {
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

/// Where in a head the value of a field stands; `name` is in lower case.
fn field(head: &str, name: &str) -> Option<Range<usize>> {
    let from = head.to_ascii_lowercase().find(&format!("\r\n{name}: "))? + name.len() + 4;
    Some(from..from + head[from..].find("\r\n")?)
}

fn offers_deflate(value: &str) -> bool {
    value.split(&[',', ';']).any(|part| part.trim() == PERMESSAGE_DEFLATE)
}

/// Lines of a block as they go on the wire, without the empty line at the end.
fn joined(block: &[(usize, &str)]) -> Result<String, ProfileError> {
    let mut text = String::new();
    for (place, &(line, found)) in block.iter().enumerate() {
        let (ok, expected) = if place == 0 {
            (
                found.starts_with("GET ") && found.ends_with(" HTTP/1.1"),
                "a request line `GET {path} HTTP/1.1`",
            )
        } else {
            (found.split_once(':').is_some_and(|(name, _)| is_token(name)), "a field `Name: value`")
        };
        if !ok || !found.is_ascii() {
            return Err(ProfileError::Line { line, found: found.to_owned(), expected });
        }
        text.push_str(found);
        text.push_str("\r\n");
    }
    Ok(text)
}

/// Whether `name` is a field name (RFC 9110, section 5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
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
    let own = text.to_ascii_lowercase().find("\r\ncookie: ");
    match own {
        Some(at) => {
            let end = at + 2 + text[at + 2..].find("\r\n").expect("each line ends");
            text.insert_str(end, &format!("; {value}"));
        }
        None => text.push_str(&format!("Cookie: {value}\r\n")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::printable_characters;

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
            let head = String::from_utf8(profile.events(TARGET)).expect("ASCII");
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
