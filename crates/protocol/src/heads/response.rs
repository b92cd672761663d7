//! Response heads: what the server puts before a poll's answer.

use super::request::{EXTENSIONS_FIELD, is_token};
use super::{ProfileError, blocks, built_in};
use crate::Cursor;
use crate::paths::{CURSOR_FIELD, GAP_FIELD};
use crate::transport::Compression;

/// Fields that the server sends before an answer, in their order.
///
/// `{length}` and `{date}` are filled in. Names are written in title case (`Content-Type`), as the
/// server's HTTP library writes them. `Content-*` fields are left out where there is no content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResponseProfile {
    name: String,
    fields: Vec<(String, String)>,
}

/// Status of an answer to a poll.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnswerStatus {
    /// 200: messages.
    Messages,
    /// 204: nothing new.
    Empty,
    /// 304: nothing new since `If-None-Match`.
    NotModified,
}

/// What a chunked answer that does not end carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StreamKind {
    /// Server-sent events (HTML, section 9.2).
    Events,
    /// A line for each message.
    Lines,
}

/// What an answer says about the client's place in the log, after the profile's fields.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AnswerMark {
    /// A `Cursor` field, for the next `?after=`.
    pub cursor: Option<Cursor>,
    /// An `Etag` field, for the next `If-None-Match`.
    pub tag: Option<Cursor>,
    /// A `Gap` field: messages that the log no longer held for this client; 0 is not sent.
    pub gap: u64,
}

const BUILT_IN: [(&str, &str); 3] = [
    ("typical", include_str!("../../profiles/response/typical.head")),
    ("kaazing-2009", include_str!("../../profiles/response/kaazing-2009.head")),
    ("minimal", include_str!("../../profiles/response/minimal.head")),
];

/// What makes an entity tag a weak one (RFC 9110, section 8.8.3).
pub const WEAK: &str = "W/";

/// Length of an HTTP date (RFC 9110, section 5.6.7, IMF-fixdate).
const DATE_LEN: usize = "Sat, 07 Nov 2009 00:32:46 GMT".len();

impl AnswerStatus {
    /// The status line, line end included.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Messages => "HTTP/1.1 200 OK\r\n",
            Self::Empty => "HTTP/1.1 204 No Content\r\n",
            Self::NotModified => "HTTP/1.1 304 Not Modified\r\n",
        }
    }

    /// The status code.
    pub const fn code(self) -> u16 {
        match self {
            Self::Messages => 200,
            Self::Empty => 204,
            Self::NotModified => 304,
        }
    }
}

impl ResponseProfile {
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
    /// If the first line is not `HTTP/1.1 200 OK`, another line no field with a name in title case,
    /// or `Content-Length: {length}` or `Date: {date}` is missing.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let blocks = blocks(text);
        let block = blocks.first().ok_or(ProfileError::Missing { missing: "status line" })?;
        let mut fields = Vec::new();
        for (place, &(line, found)) in block.iter().enumerate() {
            let refuse = |expected| ProfileError::Line { line, found: found.to_owned(), expected };
            if place == 0 {
                if found != "HTTP/1.1 200 OK" {
                    return Err(refuse("the status line `HTTP/1.1 200 OK`"));
                }
                continue;
            }
            let (name, value) = found
                .split_once(": ")
                .filter(|(name, value)| is_token(name) && value.is_ascii())
                .ok_or_else(|| refuse("a field `Name: value`"))?;
            if title_case(name) != name {
                return Err(refuse("a field name in title case, as in `Content-Type`"));
            }
            fields.push((name.to_owned(), value.to_owned()));
        }
        for (needle, missing) in
            [("Content-Length", "`Content-Length: {length}`"), ("Date", "`Date: {date}`")]
        {
            if !fields.iter().any(|(name, _)| name == needle) {
                return Err(ProfileError::Missing { missing });
            }
        }
        Ok(Self { name: name.to_owned(), fields })
    }

    /// The profile's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The profile as the text of a file, which [`Self::parse`] reads back.
    pub fn text(&self) -> String {
        let fields = self.fields.iter().map(|(name, value)| format!("{name}: {value}\n"));
        format!("HTTP/1.1 200 OK\n{}", fields.collect::<String>())
    }

    /// Fields of an answer in their order, filled in. Names are in title case.
    pub fn fields(
        &self,
        status: AnswerStatus,
        body_len: usize,
        date: &str,
        mark: AnswerMark,
    ) -> Vec<(String, String)> {
        let bare = status != AnswerStatus::Messages;
        let mut fields: Vec<_> = self
            .fields
            .iter()
            .filter(|(name, _)| !(bare && name.starts_with("Content-")))
            .map(|(name, value)| {
                let value =
                    value.replace("{length}", &body_len.to_string()).replace("{date}", date);
                (name.clone(), value)
            })
            .collect();
        fields.extend(mark.fields());
        fields
    }

    /// The whole head of a chunked answer that does not end, empty line included: the profile's
    /// fields with `Transfer-Encoding` in the place of `Content-Length`. Events have the content
    /// type that is theirs, and may not be stored.
    pub fn stream_head(&self, kind: StreamKind, date: &str, mark: AnswerMark) -> String {
        whole_head(AnswerStatus::Messages, self.stream_fields(kind, date, mark))
    }

    /// The fields of that head.
    pub(super) fn stream_fields(
        &self,
        kind: StreamKind,
        date: &str,
        mark: AnswerMark,
    ) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = self
            .fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                "Content-Length" => ("Transfer-Encoding".to_owned(), "chunked".to_owned()),
                _ => (name.clone(), value.replace("{date}", date)),
            })
            .collect();
        if kind == StreamKind::Events {
            for (name, value) in
                [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")]
            {
                match fields.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => value.clone_into(known),
                    None => fields.push((name.to_owned(), value.to_owned())),
                }
            }
        }
        fields.extend(mark.fields());
        fields
    }

    /// Length of a stream's head in bytes; it depends on the date's form and not on the date.
    pub fn stream_head_len(&self, kind: StreamKind, mark: AnswerMark) -> usize {
        self.stream_head(kind, &" ".repeat(DATE_LEN), mark).len()
    }

    /// The whole head as sent, empty line included.
    pub fn head(
        &self,
        status: AnswerStatus,
        body_len: usize,
        date: &str,
        mark: AnswerMark,
    ) -> String {
        whole_head(status, self.fields(status, body_len, date, mark))
    }

    /// What a server that compresses bodies with `offered` adds to the fields of an answer; `coded`
    /// says whether it has compressed this one.
    ///
    /// `Vary` says that the body depends on what the request accepts (RFC 9110, section 12.5.5),
    /// unless the profile says so.
    pub fn coding_fields(
        &self,
        status: AnswerStatus,
        offered: Compression,
        coded: bool,
    ) -> Vec<(&'static str, &'static str)> {
        let Some(coding) = offered.content_coding() else { return Vec::new() };
        let mut fields = Vec::new();
        if coded {
            fields.push(("Content-Encoding", coding));
        }
        if status != AnswerStatus::Empty && !self.varies() {
            fields.push(("Vary", "Accept-Encoding"));
        }
        fields
    }

    /// Bytes of [`Self::coding_fields`], and of what makes a tag a weak one: it stands for the body
    /// in either coding, and a strong one may not (RFC 9110, section 8.8.3.3).
    pub fn coding_len(
        &self,
        status: AnswerStatus,
        offered: Compression,
        coded: bool,
        mark: AnswerMark,
    ) -> usize {
        let fields = self.coding_fields(status, offered, coded);
        let fields: usize =
            fields.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        let is_weak = offered.content_coding().is_some() && mark.tag.is_some();
        fields + if is_weak { WEAK.len() } else { 0 }
    }

    fn varies(&self) -> bool {
        self.fields.iter().any(|(name, value)| {
            let mut names = value.split(',').map(str::trim);
            name == "Vary" && names.any(|name| name.eq_ignore_ascii_case("Accept-Encoding"))
        })
    }

    /// Length of the head in bytes; it depends on the date's form and not on the date.
    pub fn head_len(&self, status: AnswerStatus, body_len: usize, mark: AnswerMark) -> usize {
        self.head(status, body_len, &" ".repeat(DATE_LEN), mark).len()
    }
}

impl AnswerMark {
    pub(super) fn fields(self) -> impl Iterator<Item = (String, String)> {
        let cursor = self.cursor.map(|cursor| (title_case(CURSOR_FIELD), cursor.to_string()));
        let tag = self.tag.map(|tag| ("Etag".to_owned(), format!("\"{tag}\"")));
        let gap = (self.gap > 0).then(|| (title_case(GAP_FIELD), self.gap.to_string()));
        [cursor, tag, gap].into_iter().flatten()
    }
}

/// Status line and fields as sent, empty line included.
fn whole_head(status: AnswerStatus, fields: Vec<(String, String)>) -> String {
    let mut head = status.line().to_owned();
    for (name, value) in fields {
        head.push_str(&name);
        head.push_str(": ");
        head.push_str(&value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head
}

/// Length of the head with which the server accepts a WebSocket upgrade, where it has no gap to
/// tell: the fields that RFC 6455, section 4.2.2, demands, the extension agreed on, the cursor, and
/// the date.
pub fn accepted_head_len(extension: Option<&str>) -> usize {
    const ACCEPT_LEN: usize = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".len();
    let fields = [
        ("Upgrade", "websocket".len()),
        ("Connection", "Upgrade".len()),
        ("Sec-Websocket-Accept", ACCEPT_LEN),
        (CURSOR_FIELD, Cursor::LEN),
        ("Date", DATE_LEN),
    ];
    let extension = extension.map(|value| (EXTENSIONS_FIELD, value.len()));
    let fields: usize = fields
        .iter()
        .chain(&extension)
        .map(|(name, value)| name.len() + ": ".len() + value + "\r\n".len())
        .sum();
    "HTTP/1.1 101 Switching Protocols\r\n".len() + fields + "\r\n".len()
}

/// `content-type` as `Content-Type`.
fn title_case(name: &str) -> String {
    let mut upper = true;
    name.chars()
        .map(|letter| {
            let cased =
                if upper { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
            upper = letter == '-';
            cased
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::printable_characters;

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

    #[test]
    fn names_in_another_case_are_refused() {
        assert!(ResponseProfile::parse("file", "HTTP/1.1 200 OK\nETag: x\n").is_err());
    }
}
