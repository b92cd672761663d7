//! Heads of answers to polls: a response profile's fields, in its order.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use jiff::Timestamp as WallClock;
use jiff::fmt::rfc2822::DateTimePrinter;
use pushbench_protocol::headers::{AnswerMark, AnswerStatus, StreamKind};
use pushbench_protocol::{Compression, ResponseProfile};

use super::content::{Answer, body};
use super::spelling::Spelling;

/// A body as sent.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) is_coded: bool,
}

/// Answers polls with the heads of one profile.
#[derive(Debug)]
pub(crate) struct Headers {
    profile: ResponseProfile,
    /// What bodies may be compressed with.
    offered: Compression,
    /// What streams may be compressed with.
    of_streams: Compression,
    dated: Mutex<Dated>,
    /// How the profile spells its names, where that is not title case.
    spelling: Option<Spelling>,
}

/// A profile's fields of one second, which most responses of that second share.
#[derive(Debug)]
struct Dated {
    unix_second: u64,
    with_content: HeaderMap,
    /// The length that they say.
    content_length: u64,
    bare: HeaderMap,
}

impl Headers {
    pub(crate) fn new(
        profile: ResponseProfile,
        offered: Compression,
        of_streams: Compression,
    ) -> Self {
        let dated = Mutex::new(Dated::new(&profile, unix_second()));
        let spelling = profile.own_spellings().next().map(|_| {
            let fields = profile.fields(AnswerStatus::Messages, 0, "", AnswerMark::default());
            let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
            Spelling::of(&names)
        });
        Self { profile, offered, of_streams, dated, spelling }
    }

    /// The answer with this status, content and mark.
    pub(super) fn answer(&self, status: AnswerStatus, content: Body, mark: AnswerMark) -> Answer {
        let Body { bytes: content, is_coded } = content;
        let len = content.len() as u64;
        let content = match status {
            AnswerStatus::Messages => body(content),
            AnswerStatus::Empty | AnswerStatus::NotModified => axum::body::Body::empty(),
        };
        self.answer_of(status, (content, len), is_coded, mark)
    }

    /// The answer with this content, of so many bytes.
    pub(super) fn answer_of(
        &self,
        status: AnswerStatus,
        (content, len): (axum::body::Body, u64),
        is_coded: bool,
        mark: AnswerMark,
    ) -> Answer {
        let mut answer = Response::new(content);
        *answer.status_mut() =
            StatusCode::from_u16(status.code()).expect("the protocol's codes are HTTP's");
        let fields = answer.headers_mut();
        *fields = self.fields_now(status, len);
        for (name, value) in self.profile.coding_fields(status, self.offered, is_coded) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a field's name");
            // A `Vary` of the profile's own names other fields, and stays.
            fields.append(name, HeaderValue::from_static(value));
        }
        put_mark(fields, mark, self.offered.content_coding().is_some());
        if let Some(spelling) = &self.spelling {
            spelling.spell(&mut answer);
        }
        answer
    }

    /// The head of a stream, compressed or not, for a session that writes it itself.
    pub(crate) fn stream(&self, kind: StreamKind, mark: AnswerMark, is_coded: bool) -> Bytes {
        let coding = (self.of_streams, is_coded);
        Bytes::from(self.profile.coded_stream_head(kind, &http_date(unix_second()), mark, coding))
    }

    /// The fields of a stream's head on HTTP/2.
    pub(crate) fn stream_fields(
        &self,
        kind: StreamKind,
        mark: AnswerMark,
        is_coded: bool,
    ) -> HeaderMap {
        let coding = (self.of_streams, is_coded);
        let list = self.profile.stream_list(kind, &http_date(unix_second()), mark, coding);
        let fields: Vec<_> = list
            .iter()
            .filter(|(name, _)| !name.starts_with(':'))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        map(&fields).expect("a profile has names and values of HTTP alone")
    }

    /// The profile's fields with the date of now and the length of a content, formatted once for all
    /// that have both in common: the next poll mostly gets the same message.
    fn fields_now(&self, status: AnswerStatus, len: u64) -> HeaderMap {
        let now = unix_second();
        let mut dated = self.dated.lock().expect("nothing panics while it holds the headers");
        if dated.unix_second != now {
            *dated = Dated::new(&self.profile, now);
        }
        match status {
            AnswerStatus::Messages => dated.with_length(len).clone(),
            AnswerStatus::Empty | AnswerStatus::NotModified => dated.bare.clone(),
        }
    }
}

impl Dated {
    fn new(profile: &ResponseProfile, unix_second: u64) -> Self {
        let date = http_date(unix_second);
        let fields = |status| {
            map(&profile.fields(status, 0, &date, AnswerMark::default()))
                .expect("a profile has names and values of HTTP alone")
        };
        Self {
            unix_second,
            with_content: fields(AnswerStatus::Messages),
            content_length: 0,
            bare: fields(AnswerStatus::Empty),
        }
    }

    fn with_length(&mut self, len: u64) -> &HeaderMap {
        if self.content_length != len {
            // In its place: the map keeps the order of first insertion.
            self.with_content.insert(CONTENT_LENGTH, HeaderValue::from(len));
            self.content_length = len;
        }
        &self.with_content
    }
}

/// Says where the client stands; the tag is a weak one where it stands for a body in either coding.
pub(super) fn put_mark(fields: &mut HeaderMap, mark: AnswerMark, is_weak: bool) {
    for (name, value) in mark.fields(is_weak) {
        let value = HeaderValue::try_from(value).expect("digits and quotes are ASCII");
        fields.insert(HeaderName::from_static(name), value);
    }
}

fn map(fields: &[(String, String)]) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(fields.len() + 3);
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        map.append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(map)
}

/// The date of now.
pub(crate) fn date_now() -> HeaderValue {
    HeaderValue::try_from(http_date(unix_second())).expect("a date is ASCII")
}

/// A moment as `Sat, 07 Nov 2009 00:32:46 GMT` (RFC 9110, section 5.6.7).
pub(crate) fn http_date(unix_second: u64) -> String {
    let moment = i64::try_from(unix_second).ok().and_then(|s| WallClock::from_second(s).ok());
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&moment.unwrap_or_default())
        .expect("a moment from 1970 to 9999 has a date")
}

#[expect(clippy::disallowed_methods, reason = "a `Date` field carries the wall clock's time")]
pub(crate) fn unix_second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use http::header::ETAG;
    use pushbench_protocol::Cursor;

    use super::*;

    #[test]
    fn a_date_is_written_as_http_wants_it() {
        assert_eq!(http_date(1_257_553_966), "Sat, 07 Nov 2009 00:32:46 GMT");
    }

    #[test]
    fn each_answer_says_the_length_of_its_own_content() {
        let minimal = ResponseProfile::built_in("minimal").expect("built in");
        let headers = Headers::new(minimal, Compression::None, Compression::None);
        for content in ["", "12345", "12345", "1", ""] {
            let answer =
                headers.answer(AnswerStatus::Messages, plain(content), AnswerMark::default());
            assert_eq!(answer.headers()[CONTENT_LENGTH], content.len().to_string());
        }
    }

    #[test]
    fn fields_keep_the_profiles_order() {
        for name in ResponseProfile::names() {
            let profile = ResponseProfile::built_in(name).expect(name);
            let headers = Headers::new(profile.clone(), Compression::None, Compression::None);
            let mark = AnswerMark { cursor: Some(Cursor::NOW), tag: Some(Cursor::NOW), gap: 3 };
            let answer = headers.answer(AnswerStatus::Messages, plain("12345"), mark);
            let expected: Vec<_> = profile
                .fields(AnswerStatus::Messages, 5, "", mark)
                .iter()
                .map(|(name, _)| name.to_ascii_lowercase())
                .collect();
            let found: Vec<_> = answer.headers().keys().map(HeaderName::as_str).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    fn plain(content: &'static str) -> Body {
        Body { bytes: Bytes::from(content), is_coded: false }
    }

    #[test]
    fn what_compressing_adds_to_a_head_is_as_long_as_the_model_says() {
        let mark = AnswerMark { cursor: None, tag: Some(Cursor::NOW), gap: 0 };
        for name in ResponseProfile::names() {
            let profile = ResponseProfile::built_in(name).expect(name);
            for status in [AnswerStatus::Messages, AnswerStatus::Empty, AnswerStatus::NotModified] {
                for is_coded in [false, true] {
                    let is_coded = is_coded && status == AnswerStatus::Messages;
                    let len = |offered| -> usize {
                        let headers = Headers::new(profile.clone(), offered, Compression::None);
                        let content = Body { is_coded, ..plain("12345") };
                        let answer = headers.answer(status, content, mark);
                        let fields = answer.headers().iter();
                        fields.map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
                    };
                    let more = profile.coding_len(status, Compression::Gzip, is_coded, mark);
                    let found = len(Compression::Gzip) - len(Compression::None);
                    assert_eq!(found, more, "{name} {status:?} {is_coded}");
                }
            }
        }
    }

    #[test]
    fn a_compressed_body_says_so_and_that_it_depends_on_the_request() {
        let minimal = ResponseProfile::built_in("minimal").expect("built in");
        let headers = Headers::new(minimal, Compression::Brotli, Compression::None);
        let mark = AnswerMark { cursor: None, tag: Some(Cursor::OLDEST), gap: 0 };
        for is_coded in [false, true] {
            let content = Body { is_coded, ..plain("12345") };
            let answer = headers.answer(AnswerStatus::Messages, content, mark);
            let fields = answer.headers();
            let coding = fields.get("content-encoding").map(HeaderValue::as_bytes);
            assert_eq!(coding, is_coded.then_some(&b"br"[..]));
            assert_eq!(fields["vary"], "Accept-Encoding");
            assert_eq!(fields[ETAG], "W/\"0000000000000000\"");
            assert_eq!(fields[CONTENT_LENGTH], "5");
        }
    }

    #[test]
    fn a_field_that_stands_twice_is_sent_twice_and_the_tag_once() {
        let text = "HTTP/1.1 200 OK\nSet-Cookie: a=1\nset-cookie: b=2\nETag: \"own\"\n\
                    content-length: {length}\nDate: {date}\n";
        let profile = ResponseProfile::parse("file", text).expect("a profile");
        let headers = Headers::new(profile.clone(), Compression::None, Compression::None);
        for mark in
            [AnswerMark::default(), AnswerMark { tag: Some(Cursor::NOW), ..AnswerMark::default() }]
        {
            let answer = headers.answer(AnswerStatus::Messages, plain("12345"), mark);
            let sent: Vec<_> = answer
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned()))
                .filter(|(name, _)| name != "date")
                .collect();
            let expected: Vec<_> = profile
                .fields(AnswerStatus::Messages, 5, "", mark)
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .filter(|(name, _)| name != "date")
                .collect();
            assert_eq!(sent, expected);
        }
    }
}
