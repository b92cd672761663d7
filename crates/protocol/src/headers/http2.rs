//! Heads as HTTP/2 carries them: pseudo-fields, names in lower case, nothing about the connection.

use super::limits::{HeadTooLarge, fits};
use super::mark::{WEAK, entity_tag};
use super::request::AFTER;
use super::response::StreamKind;
use super::{AnswerMark, AnswerStatus, ResponseProfile};
use crate::{Compression, Cursor};

/// A head's fields in the order in which they are sent, pseudo-fields first.
///
/// The order of the pseudo-fields is that of the HTTP/2 library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldList {
    fields: Vec<(String, String)>,
    uncompressed: usize,
}

/// Fields that mean one HTTP/1.1 connection, which an HTTP/2 message must not have (RFC 9113,
/// section 8.2.2), and `Host`, which `:authority` replaces.
const OF_ONE_CONNECTION: [&str; 7] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];
/// Fields of an upgrade that have no use on HTTP/2 (RFC 8441, section 5).
const OF_AN_UPGRADE: [&str; 1] = ["sec-websocket-key"];

impl FieldList {
    /// The fields of a request's head as a profile fills it, empty line included.
    ///
    /// # Panics
    ///
    /// If `head` is not what a request profile makes.
    pub fn of_request(head: &[u8], scheme: &str) -> Self {
        Self::of_head(head, |method, path, host| {
            [(":method", method), (":scheme", scheme), (":authority", host), (":path", path)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        })
    }

    /// The fields of an extended CONNECT in place of an upgrade (RFC 8441, section 4).
    ///
    /// # Panics
    ///
    /// If `head` is not what a request profile makes.
    pub fn of_upgrade(head: &[u8], scheme: &str) -> Self {
        Self::of_head(head, |_, path, host| {
            [
                (":method", "CONNECT"),
                (":scheme", scheme),
                (":authority", host),
                (":path", path),
                (":protocol", "websocket"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
        })
    }

    fn of_head(
        head: &[u8],
        pseudo: impl FnOnce(&str, &str, &str) -> Vec<(String, String)>,
    ) -> Self {
        let text = std::str::from_utf8(head).expect("a head is ASCII");
        let mut lines = text.split("\r\n");
        let start = lines.next().expect("a head begins with a line");
        let (method, rest) = start.split_once(' ').expect("a request line has a method");
        let path = rest.split(' ').next().expect("a text has a first part");
        let fields: Vec<_> = lines
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_once(':').expect("a field has a name"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let host = fields.iter().find(|(name, _)| name == "host").map_or("", |(_, host)| host);
        let pseudo = pseudo(method, path, host);
        let mut list = Self::new(pseudo, fields.iter().cloned());
        list.uncompressed += start.len() + 2 + "Host: \r\n".len() + host.len() + 2;
        list
    }

    /// The fields of an answer with this status code.
    pub fn of_answer(code: u16, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut list = Self::new(vec![(":status".to_owned(), code.to_string())], fields);
        list.uncompressed += status_line_len(code) + 2;
        list
    }

    fn new(
        pseudo: Vec<(String, String)>,
        fields: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut list = Self { fields: pseudo, uncompressed: 0 };
        for (name, value) in fields {
            let name = name.to_ascii_lowercase();
            if is_carried(&name) {
                list.uncompressed += name.len() + ": ".len() + value.len() + 2;
                list.fields.push((name, value));
            }
        }
        list
    }

    /// Names and values as they are sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Sets the value of a field that is there.
    pub fn set(&mut self, name: &str, value: &str) {
        if let Some((_, known)) = self.fields.iter_mut().find(|(known, _)| known == name) {
            self.uncompressed += value.len();
            self.uncompressed -= known.len();
            value.clone_into(known);
        }
    }

    /// Puts a cursor into `?after=` and `If-None-Match`, where the request has them.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        const IF_NONE_MATCH: &str = "if-none-match";
        let path = self.value(":path").unwrap_or_default();
        if let Some(at) = path.find(AFTER).map(|at| at + AFTER.len()) {
            let path = format!("{}{cursor}{}", &path[..at], &path[at + Cursor::LEN..]);
            self.set(":path", &path);
        }
        let is_weak = self.value(IF_NONE_MATCH).is_some_and(|tag| tag.starts_with(WEAK));
        self.set(IF_NONE_MATCH, &entity_tag(cursor, is_weak));
    }

    /// Bytes that HTTP/1.1 would write for the same head: its first line, each field with its name,
    /// `: `, value and line end, and the empty line. `Host` counts where there is `:authority`.
    pub const fn uncompressed_len(&self) -> usize {
        self.uncompressed
    }
}

/// Whether our server takes a request's fields as sent by HTTP/2.
///
/// # Errors
///
/// If it responds with 431 (RFC 6585, section 5) instead.
pub fn field_list_fits(list: &FieldList) -> Result<(), HeadTooLarge> {
    let bytes = list.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    fits(bytes, list.iter().filter(|(name, _)| !name.starts_with(':')).count())
}

/// Whether a field of a head is one that HTTP/2 carries; the name in lower case.
pub fn is_carried(name: &str) -> bool {
    !OF_ONE_CONNECTION.contains(&name) && !OF_AN_UPGRADE.contains(&name)
}

/// Length of an HTTP/1.1 status line with its line end. Codes that no poll is answered with count as
/// one with a reason as long as `OK`.
pub fn status_line_len(code: u16) -> usize {
    let known = [AnswerStatus::Messages, AnswerStatus::Empty, AnswerStatus::NotModified];
    let line = known.into_iter().find(|status| status.code() == code);
    line.unwrap_or(AnswerStatus::Messages).line().len()
}

impl ResponseProfile {
    /// The fields of a poll's answer on HTTP/2.
    pub fn answer_list(
        &self,
        status: AnswerStatus,
        body_len: usize,
        date: &str,
        mark: AnswerMark,
    ) -> FieldList {
        self.coded_answer_list(status, body_len, date, mark, (Compression::None, false))
    }

    /// The same from a server that compresses bodies with the first of `coding`; the second says
    /// whether it has compressed this one.
    pub fn coded_answer_list(
        &self,
        status: AnswerStatus,
        body_len: usize,
        date: &str,
        mark: AnswerMark,
        coding: (Compression, bool),
    ) -> FieldList {
        let fields = self.answer_fields(status, body_len, date, mark, coding);
        FieldList::of_answer(status.code(), fields)
    }

    /// The fields of the head of an answer that does not end, on HTTP/2.
    ///
    /// Of `coding` see [`ResponseProfile::coded_stream_head`].
    pub fn stream_list(
        &self,
        kind: StreamKind,
        date: &str,
        mark: AnswerMark,
        coding: (Compression, bool),
    ) -> FieldList {
        let code = AnswerStatus::Messages.code();
        FieldList::of_answer(code, self.stream_fields(kind, date, mark, coding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::{HeadTarget, PollFields, RequestProfile};

    fn request(profile: &str) -> FieldList {
        let profile = RequestProfile::built_in(profile).expect("built in");
        let target = HeadTarget { path: "/x?after=1", host: "h:1", secure: false, cookie_bytes: 0 };
        FieldList::of_request(profile.poll(target, false).bytes(), "http")
    }

    #[test]
    fn a_request_keeps_its_order_and_loses_what_is_about_the_connection() {
        let list = request("kaazing-2009");
        let names: Vec<_> = list.iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                ":method",
                ":scheme",
                ":authority",
                ":path",
                "user-agent",
                "accept",
                "accept-language",
                "accept-encoding",
                "accept-charset",
                "referer",
                "cookie"
            ]
        );
        assert_eq!(list.value(":authority"), Some("localhost:8080"));
        let dropped = "Keep-Alive: 300\r\nConnection: keep-alive\r\n".len();
        assert_eq!(list.uncompressed_len(), 716 - dropped);
    }

    #[test]
    fn a_cursor_is_put_where_the_request_says_one_and_a_weak_tag_stays_weak() {
        let profile = RequestProfile::built_in("minimal").expect("built in");
        let path = "/x?after=0000000000000000&hold=1s";
        let target = HeadTarget { path, host: "h:1", secure: false, cookie_bytes: 0 };
        let cursor = Cursor { epoch: 1, position: 2 };
        for (compression, tag) in
            [(Compression::None, "\"CURSOR\""), (Compression::Gzip, "W/\"CURSOR\"")]
        {
            let fields = PollFields { conditional: true, compression };
            let head = profile.poll_with(target, fields);
            let mut list = FieldList::of_request(head.bytes(), "http");
            let len = list.uncompressed_len();
            list.set_cursor(cursor);
            let tag = tag.replace("CURSOR", &cursor.to_string());
            assert_eq!(list.value("if-none-match"), Some(tag.as_str()));
            assert_eq!(list.value(":path"), Some(format!("/x?after={cursor}&hold=1s").as_str()));
            assert_eq!(list.uncompressed_len(), len);
        }
    }

    #[test]
    fn a_compressed_answer_has_the_fields_that_it_has_on_http_1() {
        let mark = AnswerMark { cursor: Some(Cursor::OLDEST), tag: Some(Cursor::OLDEST), gap: 1 };
        for name in ResponseProfile::names() {
            let profile = ResponseProfile::built_in(name).expect("built in");
            for status in [AnswerStatus::Messages, AnswerStatus::Empty, AnswerStatus::NotModified] {
                for is_coded in [false, true] {
                    let list = |offered| {
                        profile.coded_answer_list(status, 5, "now", mark, (offered, is_coded))
                    };
                    let more = list(Compression::Brotli).uncompressed_len()
                        - profile.answer_list(status, 5, "now", mark).uncompressed_len();
                    let coding = profile.coding_len(status, Compression::Brotli, is_coded, mark);
                    assert_eq!(more, coding, "{name} {status:?} {is_coded}");
                    let list = list(Compression::Brotli);
                    assert_eq!(list.value("content-encoding"), is_coded.then_some("br"));
                    assert_eq!(list.iter().last(), Some(("gap", "1")), "{name}");
                }
            }
        }
    }

    #[test]
    fn an_upgrade_becomes_a_connect_without_a_key() {
        let profile = RequestProfile::built_in("minimal").expect("built in");
        let target = HeadTarget { path: "/ws", host: "h:1", secure: false, cookie_bytes: 0 };
        let list = FieldList::of_upgrade(&profile.upgrade(target, "key").bytes, "http");
        let fields: Vec<_> = list.iter().collect();
        assert_eq!(
            fields,
            [
                (":method", "CONNECT"),
                (":scheme", "http"),
                (":authority", "h:1"),
                (":path", "/ws"),
                (":protocol", "websocket"),
                ("sec-websocket-version", "13"),
            ]
        );
    }

    #[test]
    fn an_answer_is_as_long_uncompressed_as_on_http_1_where_nothing_is_dropped() {
        let profile = ResponseProfile::built_in("kaazing-2009").expect("built in");
        let date = "Sat, 07 Nov 2009 00:32:46 GMT";
        let mark = AnswerMark::default();
        let list = profile.answer_list(AnswerStatus::Messages, 21, date, mark);
        assert_eq!(list.uncompressed_len(), 193);
        let stream =
            profile.stream_list(StreamKind::Events, date, mark, (Compression::None, false));
        assert_eq!(stream.value("transfer-encoding"), None);
        assert_eq!(stream.value("content-type"), Some("text/event-stream"));
    }

    #[test]
    fn a_field_that_is_set_anew_keeps_its_place() {
        let mut list = request("minimal");
        let before = list.uncompressed_len();
        list.set(":path", "/y");
        assert_eq!(list.iter().last(), Some((":path", "/y")));
        assert_eq!(list.uncompressed_len() + "/x?after=1".len(), before + "/y".len());
    }
}
