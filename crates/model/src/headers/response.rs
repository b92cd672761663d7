//! What our server sends: responses to polls, streams, and what an upgrade is accepted with.

use pushbench_protocol::{Compression, Cursor, DeflateTerms, Deliver, ResponseProfile, Unchanged};

use super::block::FieldBlock;
use super::extension::agreement;
use super::field::Field;
use super::message::Message;

/// A date of HTTP has 29 characters (RFC 9110, section 5.6.7).
const ANY_DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Our server in a scenario: its header file, and what it compresses with where a client accepts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server<'a> {
    /// The header file.
    pub(crate) file: &'a ResponseProfile,
    /// The coding that it offers.
    pub(crate) offered: Compression,
}

/// What a poll is answered with (RFC 9110, section 15).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    /// 200, with a body.
    Ok,
    /// 204: nothing new.
    NoContent,
    /// 304: what the client has is the newest.
    NotModified,
}

/// What a stream is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StreamOf {
    /// Server-sent events.
    Events,
    /// Lines.
    Lines,
}

/// How a response marks the client's place in the log.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Mark {
    /// In `Cursor`, for the next `?after=`.
    pub(crate) cursor: Option<Cursor>,
    /// In `Etag`, for the next `If-None-Match`.
    pub(crate) tag: Option<Cursor>,
}

/// Whether a body is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coding {
    /// It is as it was published.
    Plain,
    /// It is in the coding that the server offers.
    Coded,
}

impl Coding {
    pub(crate) const fn of(is_coded: bool) -> Self {
        if is_coded { Self::Coded } else { Self::Plain }
    }
}

impl Mark {
    /// A cursor, as streams, held polls and upgrades have it.
    pub(crate) const fn cursor(place: Cursor) -> Self {
        Self { cursor: Some(place), tag: None }
    }

    /// Of a short poll: the next one says a cursor if it wants every message, or a 204 where there is
    /// none; it says a tag if it wants a 304; else it says nothing.
    pub(crate) fn of_short_poll(deliver: Deliver, unchanged: Unchanged, place: Cursor) -> Self {
        let (cursor, tag) = match (deliver, unchanged) {
            (Deliver::Every, Unchanged::NotModified) => (true, true),
            (Deliver::Every, Unchanged::Empty | Unchanged::Resend)
            | (Deliver::Latest, Unchanged::Empty) => (true, false),
            (Deliver::Latest, Unchanged::NotModified) => (false, true),
            (Deliver::Latest, Unchanged::Resend) => (false, false),
        };
        Self { cursor: cursor.then_some(place), tag: tag.then_some(place) }
    }

    /// What the next poll says.
    pub(crate) fn place(self) -> Option<Cursor> {
        self.tag.or(self.cursor)
    }
}

impl Status {
    const fn code(self) -> &'static str {
        match self {
            Self::Ok => "200",
            Self::NoContent => "204",
            Self::NotModified => "304",
        }
    }

    /// Bytes of the status line with its end (RFC 9112, section 4; reasons as RFC 9110 has them).
    const fn line_len(self) -> usize {
        let reason = match self {
            Self::Ok => "OK",
            Self::NoContent => "No Content",
            Self::NotModified => "Not Modified",
        };
        "HTTP/1.1 200 ".len() + reason.len() + "\r\n".len()
    }
}

impl Server<'_> {
    /// Bytes of the headers in front of a body of `body` bytes, or of none, on HTTP/1.1.
    pub(crate) fn response_len(self, status: Status, body: u64, mark: Mark, coding: Coding) -> u64 {
        self.response(status, body, ANY_DATE, mark, coding).len() as u64
    }

    /// The same as HTTP/2 carries them.
    pub(crate) fn response_block(
        self,
        status: Status,
        body: u64,
        date: &str,
        mark: Mark,
        coding: Coding,
    ) -> FieldBlock {
        self.response(status, body, date, mark, coding).block([(":status", status.code())], None)
    }

    /// Bytes of the headers in front of a stream on HTTP/1.1.
    pub(crate) fn stream_len(self, of: StreamOf, place: Cursor, coding: Coding) -> u64 {
        self.stream(of, ANY_DATE, place, coding).len() as u64
    }

    /// The same as HTTP/2 carries them.
    pub(crate) fn stream_block(
        self,
        of: StreamOf,
        date: &str,
        place: Cursor,
        coding: Coding,
    ) -> FieldBlock {
        self.stream(of, date, place, coding).block([(":status", "200")], None)
    }

    fn response(
        self,
        status: Status,
        body: u64,
        date: &str,
        mark: Mark,
        coding: Coding,
    ) -> Message {
        let mut message = self.filled(status, |value| {
            value.replace("{length}", &body.to_string()).replace("{date}", date)
        });
        if status != Status::Ok {
            // They are of content, and there is none.
            message.fields.retain(|field| !field.name.to_ascii_lowercase().starts_with("content-"));
        }
        self.say_coding(&mut message, status, coding);
        self.say_mark(&mut message, mark);
        message
    }

    fn stream(self, of: StreamOf, date: &str, place: Cursor, coding: Coding) -> Message {
        let mut message = self.filled(Status::Ok, |value| value.replace("{date}", date));
        for field in &mut message.fields {
            if field.is("Content-Length") {
                *field = Field::new("Transfer-Encoding", "chunked");
            }
        }
        match of {
            StreamOf::Events => {
                message.set("Content-Type", "text/event-stream");
                message.set("Cache-Control", "no-store");
            }
            StreamOf::Lines => {}
        }
        self.say_coding(&mut message, Status::Ok, coding);
        self.say_mark(&mut message, Mark::cursor(place));
        message
    }

    /// What the header file says, with its holes filled.
    fn filled(self, status: Status, fill: impl Fn(&str) -> String) -> Message {
        let text = self.file.text();
        let mut fields: Vec<_> = text.lines().skip(1).filter_map(Field::of_line).collect();
        for field in &mut fields {
            field.value = fill(&field.value);
        }
        Message { start_len: status.line_len(), fields }
    }

    /// Says what a body is compressed with, and that it would be another for a client that accepts
    /// another coding (RFC 9110, section 12.5.5). A 204 is the same for all.
    fn say_coding(self, message: &mut Message, status: Status, coding: Coding) {
        let Some(offered) = self.offered.content_coding() else { return };
        if coding == Coding::Coded {
            message.add("Content-Encoding", offered);
        }
        let mut varies = message.fields.iter().filter(|field| field.is("Vary"));
        let names_it = varies.any(|field| {
            field.value.split(',').any(|name| name.trim().eq_ignore_ascii_case("Accept-Encoding"))
        });
        if status != Status::NoContent && !names_it {
            message.add("Vary", "Accept-Encoding");
        }
    }

    /// Says the place: a cursor at the end, and a tag in the place of the file's own, or at the end. A
    /// tag is weak where it stands for bodies in two codings (RFC 9110, section 8.8.3.3).
    fn say_mark(self, message: &mut Message, mark: Mark) {
        let has_tag = message.value("Etag").is_some();
        let weak = if self.offered.content_coding().is_some() { "W/" } else { "" };
        let tag = mark.tag.map(|tag| format!("{weak}\"{tag}\""));
        if let Some(tag) = tag.as_ref().filter(|_| has_tag) {
            message.set("Etag", tag);
        }
        if let Some(cursor) = mark.cursor {
            message.fields.push(Field::new("Cursor", cursor.to_string()));
        }
        if let Some(tag) = tag.filter(|_| !has_tag) {
            message.fields.push(Field::new("Etag", tag));
        }
    }
}

/// Bytes of the 101 that accepts an upgrade (RFC 6455, section 4.2.2): the server's own and none of
/// a header file.
pub(crate) fn accepted_len(terms: Option<DeflateTerms>) -> u64 {
    let mut message = Message {
        start_len: "HTTP/1.1 101 Switching Protocols\r\n".len(),
        fields: vec![
            Field::new("Upgrade", "websocket"),
            Field::new("Connection", "Upgrade"),
            // SHA-1 is 20 bytes, 28 in base64.
            Field::new("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ],
    };
    message.fields.extend(accepted(terms, ANY_DATE, Cursor::OLDEST).fields);
    message.len() as u64
}

/// The 200 that accepts an extended CONNECT (RFC 8441, section 5).
pub(crate) fn accepted_block(terms: Option<DeflateTerms>, date: &str, place: Cursor) -> FieldBlock {
    accepted(terms, date, place).block([(":status", "200")], None)
}

/// What either says of the subscription.
fn accepted(terms: Option<DeflateTerms>, date: &str, place: Cursor) -> Message {
    let extension = terms.map(|terms| Field::new("Sec-WebSocket-Extensions", agreement(terms)));
    let fields = [Field::new("Cursor", place.to_string()), Field::new("Date", date)];
    Message {
        start_len: Status::Ok.line_len(),
        fields: extension.into_iter().chain(fields).collect(),
    }
}
