//! The request line and the header fields of a request.

use httparse::{EMPTY_HEADER, Error};

use super::limits::{FEW, end, room};
use super::places::Places;
use super::{BodyEnd, Fields, HeadError};

const EXPECTED: &str = "a request line as `GET / HTTP/1.1` and fields as `Name: value`";

/// The headers of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'h> {
    /// Bytes of them, the empty line included.
    pub len: usize,
    /// Method, whose case counts.
    pub method: &'h str,
    /// Target as it is written.
    pub target: &'h str,
    /// What follows the request line.
    pub fields: Fields<'h>,
}

impl RequestHead<'_> {
    /// Gives `with` the headers at the front of `bytes`; `None` while they are not whole.
    ///
    /// # Errors
    ///
    /// [`HeadError::Malformed`] and [`HeadError::TooLong`], and whatever `with` says.
    ///
    /// Source: RFC 9112, sections 2.2 (line ends), 3 (request line) and 5 (fields; one that goes on in
    /// the next line is refused).
    pub fn read<T, E: From<HeadError>>(
        bytes: &[u8],
        with: impl FnOnce(&RequestHead<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut many;
        let mut few = [EMPTY_HEADER; FEW];
        let mut request = httparse::Request::new(&mut few);
        let mut parsed = request.parse(bytes);
        if parsed == Err(Error::TooManyHeaders) {
            many = room(bytes);
            request = httparse::Request::new(&mut many);
            parsed = request.parse(bytes);
        }
        let Some(len) = end(bytes, parsed, EXPECTED)? else { return Ok(None) };
        let (Some(method), Some(target)) = (request.method, request.path) else {
            return Err(HeadError::malformed(bytes, EXPECTED).into());
        };
        let places = Places::of(request.headers);
        let fields = Fields::new(&bytes[..len], request.headers, &places);
        with(&RequestHead { len, method, target, fields }).map(Some)
    }

    /// How the body ends: without a length and without chunks there is none.
    ///
    /// # Errors
    ///
    /// [`HeadError::Length`] and [`HeadError::Lengths`] for a length that is none or two that differ,
    /// [`HeadError::TransferCoding`] for a transfer coding other than chunked.
    ///
    /// Source: RFC 9112, section 6.3.
    pub fn body_end(&self) -> Result<BodyEnd, HeadError> {
        Ok(BodyEnd::announced(&self.fields)?.unwrap_or(BodyEnd::Length(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::MAX_HEAD;

    fn read(bytes: &[u8]) -> Result<Option<(usize, String, BodyEnd)>, HeadError> {
        RequestHead::read(bytes, |head| Ok((head.len, head.target.to_owned(), head.body_end()?)))
    }

    #[test]
    fn a_request_is_read_when_its_headers_are_whole_and_not_before() {
        let text = "POST /topics/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
        for cut in 0..text.len() {
            assert_eq!(read(&text.as_bytes()[..cut]), Ok(None), "cut at {cut}");
        }
        let expected = (text.len(), "/topics/a".to_owned(), BodyEnd::Length(5));
        assert_eq!(read((text.to_owned() + "hello").as_bytes()), Ok(Some(expected)));
        let none = read(b"GET / HTTP/1.1\r\n\r\n").map(|read| read.map(|(_, _, body)| body));
        assert_eq!(none, Ok(Some(BodyEnd::Length(0))));
    }

    #[test]
    fn what_could_hide_a_second_request_is_refused() {
        // RFC 9112, sections 5.1, 5.2 and 6.3.
        for fields in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 6\r\n",
            "Content-Length: many\r\n",
            "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Content-Length : 5\r\n",
            "X: a\r\n Content-Length: 5\r\n",
        ] {
            let bytes = format!("POST / HTTP/1.1\r\n{fields}\r\n");
            assert!(read(bytes.as_bytes()).is_err(), "{fields}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(101));
        let found = read(many.as_bytes()).map(|read| read.map(|(len, ..)| len));
        assert_eq!(found, Ok(Some(many.len())), "101 fields hide nothing");
        assert_eq!(read(&[b'G'; MAX_HEAD]), Err(HeadError::TooLong));
        assert!(matches!(read(b"\x16\x03\x01\x02\x00"), Err(HeadError::Malformed { .. })));
    }
}
