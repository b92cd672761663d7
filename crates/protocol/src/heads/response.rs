//! Response heads: what the server puts before a poll's answer.

use super::limits::{HEAD_BYTES, HEAD_FIELDS};
use super::lines::{FieldLine, HeadLines, has_element, heads, title_case};
use super::mark::{AnswerMark, WEAK};
use super::{ProfileError, built_in};
use crate::Cursor;
use crate::compression::EXTENSIONS_FIELD;
use crate::paths::{CURSOR_FIELD, GAP_FIELD};
use crate::transport::Compression;

/// Fields that the server sends before an answer, in their order.
///
/// `{length}` and `{date}` are filled in, and an entity tag is the server's where it gives one. All
/// else is sent as it stands, the case of the names included. `Content-*` fields are left out where
/// there is no content.
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

const BUILT_IN: [(&str, &str); 3] = [
    ("typical", include_str!("../../profiles/response/typical.head")),
    ("kaazing-2009", include_str!("../../profiles/response/kaazing-2009.head")),
    ("minimal", include_str!("../../profiles/response/minimal.head")),
];

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
    /// If the first line is not `HTTP/1.1 200 OK`, another line no field that the server can send as
    /// it stands, or `Content-Length: {length}` or `Date: {date}` is missing.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let heads = heads(text)?;
        let head = heads.first().ok_or(ProfileError::Missing { missing: "status line" })?;
        if head.start.text != "HTTP/1.1 200 OK" {
            return Err(head.start.refused("the status line `HTTP/1.1 200 OK`"));
        }
        for (field, missing) in
            [("content-length", "`Content-Length: {length}`"), ("date", "`Date: {date}`")]
        {
            if head.named(field).next().is_none() {
                return Err(ProfileError::Missing { missing });
            }
        }
        head.fields.iter().try_for_each(check_field)?;
        check_repetition(head)?;
        check_size(head)?;
        let owned = |field: &FieldLine<'_>| (field.name.to_owned(), field.value.to_owned());
        Ok(Self { name: name.to_owned(), fields: head.fields.iter().map(owned).collect() })
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

    /// Names of its fields that the server's HTTP library, which writes them in title case, would
    /// spell otherwise.
    pub fn own_spellings(&self) -> impl Iterator<Item = &str> {
        let names = self.fields.iter().map(|(name, _)| name.as_str());
        names.filter(|name| title_case(name) != *name)
    }

    /// Fields of an answer in their order, filled in.
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
            .filter(|(name, _)| !(bare && is_about_content(name)))
            .map(|(name, value)| {
                let value =
                    value.replace("{length}", &body_len.to_string()).replace("{date}", date);
                (name.clone(), value)
            })
            .collect();
        mark.add_to(&mut fields, false);
        fields
    }

    /// The whole head of a chunked answer that does not end, empty line included: the profile's
    /// fields with `Transfer-Encoding` in the place of `Content-Length`. Events have the content
    /// type that is theirs, and may not be stored.
    pub fn stream_head(&self, kind: StreamKind, date: &str, mark: AnswerMark) -> String {
        self.coded_stream_head(kind, date, mark, (Compression::None, false))
    }

    /// The same from a server that compresses streams with the first of `coding`; the second says
    /// whether it compresses this one.
    pub fn coded_stream_head(
        &self,
        kind: StreamKind,
        date: &str,
        mark: AnswerMark,
        coding: (Compression, bool),
    ) -> String {
        whole_head(AnswerStatus::Messages, self.stream_fields(kind, date, mark, coding))
    }

    /// The fields of that head.
    pub(super) fn stream_fields(
        &self,
        kind: StreamKind,
        date: &str,
        mark: AnswerMark,
        coding: (Compression, bool),
    ) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = self
            .fields
            .iter()
            .map(|(name, value)| match name.eq_ignore_ascii_case("content-length") {
                true => ("Transfer-Encoding".to_owned(), "chunked".to_owned()),
                false => (name.clone(), value.replace("{date}", date)),
            })
            .collect();
        if kind == StreamKind::Events {
            for (name, value) in
                [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")]
            {
                match fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                    Some((_, known)) => value.clone_into(known),
                    None => fields.push((name.to_owned(), value.to_owned())),
                }
            }
        }
        self.add_coding_fields(&mut fields, AnswerStatus::Messages, coding);
        mark.add_to(&mut fields, false);
        fields
    }

    /// Adds what a server adds that compresses with the first of `coding`, and this one if the second
    /// says so: behind a field of the same name, as a map of fields keeps them.
    pub(super) fn add_coding_fields(
        &self,
        fields: &mut Vec<(String, String)>,
        status: AnswerStatus,
        (offered, is_coded): (Compression, bool),
    ) {
        for (name, value) in self.coding_fields(status, offered, is_coded) {
            let last = fields.iter().rposition(|(known, _)| known.eq_ignore_ascii_case(name));
            let at = last.map_or(fields.len(), |last| last + 1);
            fields.insert(at, (name.to_owned(), value.to_owned()));
        }
    }

    /// Length of a stream's head in bytes; it depends on the date's form and not on the date.
    pub fn stream_head_len(
        &self,
        kind: StreamKind,
        mark: AnswerMark,
        coding: (Compression, bool),
    ) -> usize {
        self.coded_stream_head(kind, &" ".repeat(DATE_LEN), mark, coding).len()
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
            name.eq_ignore_ascii_case("vary") && has_element(value, "accept-encoding")
        })
    }

    /// Length of the head in bytes; it depends on the date's form and not on the date.
    pub fn head_len(&self, status: AnswerStatus, body_len: usize, mark: AnswerMark) -> usize {
        self.head(status, body_len, &" ".repeat(DATE_LEN), mark).len()
    }
}

/// Whether a response without content has no such field.
fn is_about_content(name: &str) -> bool {
    const PREFIX: &str = "content-";
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Whether the server can send this field as it stands, and means what it says.
fn check_field(field: &FieldLine<'_>) -> Result<(), ProfileError> {
    let FieldLine { line, name, value } = *field;
    let expected = match name.to_ascii_lowercase().as_str() {
        "content-length" if value != "{length}" => {
            "`Content-Length: {length}`, since the length is that of each message"
        }
        "transfer-encoding" => {
            "no `Transfer-Encoding`: a response to a poll has a `Content-Length`, and a stream gets \
             the field from the server"
        }
        "content-encoding" => {
            "no `Content-Encoding`: the server adds it where a transport has `compression`"
        }
        "connection" if has_element(value, "close") => {
            "no `Connection: close`: a transport with connection = \"per-poll\" closes it"
        }
        CURSOR_FIELD | GAP_FIELD => {
            "a field that is not the server's own: it says there how far a client has come"
        }
        _ if format!("{name}: {value}") != line.text => {
            "`Name: value` with one space before the value and none behind it, as the server writes it"
        }
        _ => return Ok(()),
    };
    Err(line.refused(expected))
}

/// Fields of one name may stand twice where HTTP lets them, beside each other: that is how the
/// server's HTTP library writes them.
fn check_repetition(head: &HeadLines<'_>) -> Result<(), ProfileError> {
    for (place, field) in head.fields.iter().enumerate() {
        let is_same = |other: &FieldLine<'_>| other.name.eq_ignore_ascii_case(field.name);
        let Some(earlier) = head.fields[..place].iter().rposition(is_same) else { continue };
        let single = ["content-length", "content-type", "date", "etag"];
        if single.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
            let (line, name) = (field.line.number, field.name.to_owned());
            return Err(ProfileError::Twice { line, name });
        }
        if earlier + 1 != place {
            let expected = "fields of the same name beside each other, as the server writes them";
            return Err(field.line.refused(expected));
        }
    }
    Ok(())
}

/// Room for what the server adds: its own fields, and larger numbers in the place of `{length}`.
fn check_size(head: &HeadLines<'_>) -> Result<(), ProfileError> {
    const ADDED_FIELDS: usize = 8;
    const ADDED_BYTES: usize = 1_024;
    let bytes: usize = head.fields.iter().map(|field| field.line.text.len() + "\r\n".len()).sum();
    let last = head.fields.last().map_or(head.start, |field| field.line);
    if head.fields.len() + ADDED_FIELDS > HEAD_FIELDS {
        return Err(last.refused("at most 92 header fields in all"));
    }
    if bytes + ADDED_BYTES > HEAD_BYTES {
        return Err(ProfileError::Line {
            line: last.number,
            found: format!("{bytes} bytes of headers up to here"),
            expected: "at most 15,360",
        });
    }
    Ok(())
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

    /// What a content delivery network says, but for length and date.
    const REAL: &str = "HTTP/1.1 200 OK\ndate: {date}\ncontent-type: text/html\n\
                        content-length: {length}\nETag: \"5d2f\"\nSet-Cookie: a=1\nset-cookie: b=2\n\
                        X-XSS-Protection: 1; mode=block\nCF-RAY: 8a1-FRA\n";

    #[test]
    fn real_headers_are_sent_as_they_stand() {
        let profile = ResponseProfile::parse("file", REAL).expect("real");
        let sent = |status, mark| profile.head(status, 20, "now", mark);
        let expected =
            REAL.replace("{date}", "now").replace("{length}", "20").replace('\n', "\r\n");
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
}
