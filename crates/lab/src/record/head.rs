//! Heads of requests and answers: how long they are, and how their bodies end (RFC 9112, section 6).

use std::io;

use httparse::{Header, Status};
use pushbench_protocol::number::digits;

/// Longest head that is passed on; a request's may be half as long at the server.
pub(crate) const MAX_HEAD: usize = 32 * 1024;
const MAX_FIELDS: usize = 100;

/// Bytes that are no head of HTTP/1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("bytes are no head of HTTP/1, or one of more than {MAX_HEAD} bytes or {MAX_FIELDS} fields")]
pub(crate) struct NotHttp;

impl From<NotHttp> for io::Error {
    fn from(error: NotHttp) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// How a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BodyLength {
    /// After so many bytes.
    Fixed(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// What a request says in `Host`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum HostField {
    One(String),
    None,
    Several,
}

/// What matters of a request's head.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RequestHead {
    /// Bytes of it, the empty line included.
    pub(crate) len: usize,
    pub(crate) path: String,
    pub(crate) is_head: bool,
    pub(crate) host: HostField,
    pub(crate) body: BodyLength,
}

/// What matters of an answer's head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AnswerHead {
    /// Bytes of it, the empty line included.
    pub(crate) len: usize,
    pub(crate) status: u16,
    pub(crate) body: BodyLength,
    /// Whether the connection ends with the answer.
    pub(crate) closes: bool,
}

impl RequestHead {
    /// The head at the front of `bytes`; `None` while it is not whole.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, NotHttp> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let Some(len) = whole(request.parse(bytes), bytes)? else { return Ok(None) };
        Ok(Some(Self {
            len,
            path: request.path.unwrap_or_default().to_owned(),
            is_head: request.method == Some("HEAD"),
            host: host(request.headers),
            body: body(request.headers)?.unwrap_or(BodyLength::Fixed(0)),
        }))
    }
}

impl AnswerHead {
    /// The head at the front of `bytes`, of an answer to a HEAD or to another request; `None` while
    /// it is not whole.
    pub(crate) fn read(bytes: &[u8], to_head: bool) -> Result<Option<Self>, NotHttp> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        let Some(len) = whole(answer.parse(bytes), bytes)? else { return Ok(None) };
        let status = answer.code.ok_or(NotHttp)?;
        let has_body = !to_head && !matches!(status, 100..=199 | 204 | 304);
        let body = if has_body {
            body(answer.headers)?.unwrap_or(BodyLength::UntilClose)
        } else {
            BodyLength::Fixed(0)
        };
        let closes = body == BodyLength::UntilClose
            || named(answer.headers, "connection").any(|value| {
                value
                    .split(|&byte| byte == b',')
                    .any(|t| t.trim_ascii().eq_ignore_ascii_case(b"close"))
            });
        Ok(Some(Self { len, status, body, closes }))
    }
}

fn whole(
    parsed: Result<Status<usize>, httparse::Error>,
    bytes: &[u8],
) -> Result<Option<usize>, NotHttp> {
    match parsed {
        Ok(Status::Complete(len)) => Ok(Some(len)),
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => Ok(None),
        Ok(Status::Partial) | Err(_) => Err(NotHttp),
    }
}

fn host(fields: &[Header<'_>]) -> HostField {
    let mut hosts = named(fields, "host");
    match (hosts.next(), hosts.next()) {
        (None, _) => HostField::None,
        (Some(host), None) => {
            HostField::One(String::from_utf8_lossy(host.trim_ascii()).into_owned())
        }
        (Some(_), Some(_)) => HostField::Several,
    }
}

/// What the fields say of the body; `None` if nothing.
fn body(fields: &[Header<'_>]) -> Result<Option<BodyLength>, NotHttp> {
    if let Some(coding) = named(fields, "transfer-encoding").next() {
        return if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            Ok(Some(BodyLength::Chunked))
        } else {
            Err(NotHttp)
        };
    }
    let Some(length) = named(fields, "content-length").next() else { return Ok(None) };
    digits(length).map(|length| Some(BodyLength::Fixed(length))).ok_or(NotHttp)
}

fn named<'a>(fields: &'a [Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|f| f.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        "POST /topics/a/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
    const ANSWER: &str =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: x, Close\r\n\r\n";

    #[test]
    fn a_head_is_read_when_it_is_whole_and_not_before() {
        for cut in 0..REQUEST.len() {
            assert_eq!(RequestHead::read(&REQUEST.as_bytes()[..cut]), Ok(None), "cut at {cut}");
        }
        for cut in 0..ANSWER.len() {
            assert_eq!(
                AnswerHead::read(&ANSWER.as_bytes()[..cut], false),
                Ok(None),
                "cut at {cut}"
            );
        }
        let request = RequestHead::read((REQUEST.to_owned() + "hello").as_bytes());
        let expected = RequestHead {
            len: REQUEST.len(),
            path: "/topics/a/messages".to_owned(),
            is_head: false,
            host: HostField::One("h".to_owned()),
            body: BodyLength::Fixed(5),
        };
        assert_eq!(request, Ok(Some(expected)));
        let expected =
            AnswerHead { len: ANSWER.len(), status: 200, body: BodyLength::Chunked, closes: true };
        assert_eq!(AnswerHead::read(ANSWER.as_bytes(), false), Ok(Some(expected)));
    }

    #[test]
    fn a_body_ends_as_the_rfc_says() {
        for (head, to_head, body, closes) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", false, BodyLength::Fixed(0), false),
            (
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
                false,
                BodyLength::Fixed(0),
                false,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true, BodyLength::Fixed(0), false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", false, BodyLength::Fixed(9), false),
            ("HTTP/1.1 200 OK\r\n\r\n", false, BodyLength::UntilClose, true),
            (
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
                false,
                BodyLength::Fixed(0),
                false,
            ),
        ] {
            let read = AnswerHead::read(head.as_bytes(), to_head).expect(head).expect(head);
            assert_eq!((read.body, read.closes), (body, closes), "{head}");
        }
        let get = RequestHead::read(b"GET / HTTP/1.1\r\n\r\n").expect("HTTP").expect("whole");
        assert_eq!(get.body, BodyLength::Fixed(0));
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for bytes in [
            &b"\x16\x03\x01\x02\x00"[..],
            b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
            b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            &[b'G'; MAX_HEAD],
        ] {
            assert_eq!(RequestHead::read(bytes), Err(NotHttp));
        }
    }
}
