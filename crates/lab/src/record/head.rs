//! What the relay needs to know of the headers of requests and responses.

use std::io;

use pushbench_wire::chunk::NotChunked;
use pushbench_wire::head::{self, BodyEnd, HeadError, ResponseHead};

/// Bytes that are not HTTP/1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NotHttp {
    #[error("no headers of HTTP/1: {0}")]
    Head(#[from] HeadError),
    #[error(transparent)]
    Body(#[from] NotChunked),
}

impl From<NotHttp> for io::Error {
    fn from(error: NotHttp) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
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
    pub(crate) body: BodyEnd,
}

/// What matters of a response's head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RelayedHead {
    /// Bytes of it, the empty line included.
    pub(crate) len: usize,
    pub(crate) status: u16,
    pub(crate) body: BodyEnd,
    /// Whether the connection ends with the response.
    pub(crate) closes: bool,
}

impl RequestHead {
    /// The head at the front of `bytes`; `None` while it is not whole.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, NotHttp> {
        head::RequestHead::read(bytes, |head| {
            Ok(Self {
                len: head.len,
                path: head.target.to_owned(),
                is_head: head.method == "HEAD",
                host: HostField::of(&mut head.fields.values("host")),
                body: head.body_end()?,
            })
        })
    }
}

impl HostField {
    fn of(values: &mut dyn Iterator<Item = &[u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(host), None) => Self::One(String::from_utf8_lossy(host).into_owned()),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl RelayedHead {
    /// The head of the final response at the front of `bytes`, to a HEAD or to another request; `None`
    /// while it is not whole. `interim` is how many bytes of responses before it were read past.
    pub(crate) fn read_final(
        bytes: &[u8],
        to_head: bool,
        interim: &mut usize,
    ) -> Result<Option<Self>, NotHttp> {
        ResponseHead::read_final(bytes, interim, |head| {
            let body = if to_head { BodyEnd::Length(0) } else { head.body_end()? };
            let closes = head.closes() || body == BodyEnd::Close;
            Ok(Self { len: head.len, status: head.status, body, closes })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_it_is_for() {
        let text = "POST /topics/a/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
        let expected = RequestHead {
            len: text.len(),
            path: "/topics/a/messages".to_owned(),
            is_head: false,
            host: HostField::One("h".to_owned()),
            body: BodyEnd::Length(5),
        };
        assert_eq!(RequestHead::read((text.to_owned() + "hello").as_bytes()), Ok(Some(expected)));
        let text = "HEAD / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n";
        let request = RequestHead::read(text.as_bytes()).expect("HTTP").expect("whole");
        assert!(request.is_head && request.host == HostField::Several);
    }

    #[test]
    fn a_response_to_a_head_has_no_body_and_one_without_an_end_closes() {
        let read = |head: &str, to_head| {
            let bytes = format!("HTTP/1.1 {head}\r\n\r\n");
            let read = RelayedHead::read_final(bytes.as_bytes(), to_head, &mut 0);
            let head = read.expect("HTTP").expect("whole");
            (head.body, head.closes)
        };
        let length = "200 OK\r\nContent-Length: 9";
        assert_eq!(read(length, true), (BodyEnd::Length(0), false));
        assert_eq!(read(length, false), (BodyEnd::Length(9), false));
        assert_eq!(read("200 OK", false), (BodyEnd::Close, true));
        assert_eq!(read("200 OK", true), (BodyEnd::Length(0), false));
        assert_eq!(
            read("204 No Content\r\nConnection: x, Close", false),
            (BodyEnd::Length(0), true)
        );
    }

    #[test]
    fn a_request_whose_lengths_differ_is_passed_to_nobody() {
        // The relay would pass on as much as the first says, and the server read what the other says.
        let bytes = b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n";
        let lengths = HeadError::Lengths { first: 5, second: 6 };
        assert_eq!(RequestHead::read(bytes), Err(NotHttp::Head(lengths)));
    }
}
