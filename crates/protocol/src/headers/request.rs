//! Request heads: a poll and a WebSocket upgrade, byte for byte.

mod check;
#[cfg(test)]
mod tests;

use super::lines::{HeadLines, headers, values};
use super::mark::entity_tag;
use super::{ProfileError, built_in};
use crate::compression::{EXTENSIONS_FIELD, PERMESSAGE_DEFLATE};
use crate::{Compression, Cursor, DeflateTerms, accepts_coding};
use check::{check_request, check_upgrade};

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

impl HeadTarget<'_> {
    /// The cookie that a head gets which has none of its own, if any is asked for.
    pub fn cookie(&self) -> Option<String> {
        (self.cookie_bytes > 0).then(|| cookie(self.cookie_bytes))
    }
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
    /// The cursor that stands there, if one was put there.
    cursor: Option<Cursor>,
}

/// An upgrade's request head as sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeHead {
    /// The head, empty line included.
    pub bytes: Vec<u8>,
}

const BUILT_IN: [(&str, &str); 6] = [
    ("chrome", include_str!("../../profiles/request/chrome.head")),
    ("firefox", include_str!("../../profiles/request/firefox.head")),
    ("curl", include_str!("../../profiles/request/curl.head")),
    ("minimal", include_str!("../../profiles/request/minimal.head")),
    ("kaazing-2009", include_str!("../../profiles/request/kaazing-2009.head")),
    ("rust", include_str!("../../profiles/request/rust.head")),
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
        let headers = headers(text)?;
        let [poll, rest @ ..] = headers.as_slice() else {
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
        RequestHead { bytes: text.into_bytes(), after_at, tag_at, cursor: None }
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

    /// The same of a client that comes back and has seen everything up to `seen`; as a browser's event
    /// source says it (HTML, section 9.2.3).
    pub fn events_after(
        &self,
        target: HeadTarget<'_>,
        compression: Compression,
        seen: Option<Cursor>,
    ) -> Vec<u8> {
        let mut head = self.events(target, compression);
        if let Some(seen) = seen {
            let end = head.len() - "\r\n".len();
            head.splice(end..end, format!("Last-Event-ID: {seen}\r\n").into_bytes());
        }
        head
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
    /// A head, empty line included, that is sent as it is: it has no place for a cursor.
    pub fn as_it_is(bytes: Vec<u8>) -> Self {
        Self { bytes, after_at: None, tag_at: None, cursor: None }
    }

    /// The head, empty line included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Puts a cursor into `?after=` and `If-None-Match`, where the head has them.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        // Clients that share a head have mostly come to the same place.
        if self.cursor.replace(cursor) == Some(cursor) {
            return;
        }
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

/// A cookie of so many bytes.
fn cookie(bytes: u32) -> String {
    const NAME: &str = "s=";
    NAME.chars().chain(std::iter::repeat('x')).take(bytes as usize).collect()
}

/// Adds `cookie_bytes` of cookie: to the head's own `Cookie` field if it has one, else as a field.
fn with_cookie(mut text: String, cookie_bytes: u32) -> String {
    if cookie_bytes == 0 {
        return text;
    }
    let value = cookie(cookie_bytes);
    let own = values(&text, "cookie").next();
    match own {
        Some(own) if own.is_empty() => text.insert_str(own.end, &value),
        Some(own) => text.insert_str(own.end, &format!("; {value}")),
        None => text.push_str(&format!("Cookie: {value}\r\n")),
    }
    text
}
