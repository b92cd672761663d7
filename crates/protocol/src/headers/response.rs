//! Response heads: what the server puts before a poll's answer.

mod check;
#[cfg(test)]
mod tests;

use super::lines::{FieldLine, has_element, headers, title_case};
use super::mark::{AnswerMark, WEAK};
use super::{ProfileError, built_in};
use crate::Cursor;
use crate::compression::EXTENSIONS_FIELD;
use crate::paths::CURSOR_FIELD;
use crate::transport::Compression;
use check::{check_field, check_repetition, check_size};

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
        let headers = headers(text)?;
        let head = headers.first().ok_or(ProfileError::Missing { missing: "status line" })?;
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

    /// The same from a server that compresses bodies with the first of `coding`; the second says
    /// whether it has compressed this one.
    pub fn answer_fields(
        &self,
        status: AnswerStatus,
        body_len: usize,
        date: &str,
        mark: AnswerMark,
        coding: (Compression, bool),
    ) -> Vec<(String, String)> {
        let mut fields = self.fields(status, body_len, date, AnswerMark::default());
        self.add_coding_fields(&mut fields, status, coding);
        mark.add_to(&mut fields, coding.0.content_coding().is_some());
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
