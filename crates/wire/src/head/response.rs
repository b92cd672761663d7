//! The status line and the header fields of a response.

use std::mem::MaybeUninit;

use httparse::{Error, ParserConfig};

use super::bound::MAX_HEAD;
use super::limits::{FEW, end, room};
use super::places::Places;
use super::{BodyEnd, Fields, HeadError};

const EXPECTED: &str = "a status line as `HTTP/1.1 200 OK` and fields as `Name: value`";
const NO_INTERIM: &str = "a final response, since HTTP/1.0 has no interim ones";

/// The headers of a response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'h> {
    /// Bytes of them, the empty line included.
    pub len: usize,
    /// Status code, 100 to 999.
    pub status: u16,
    /// What follows the status line.
    pub fields: Fields<'h>,
    /// The minor version: 0 or 1.
    minor_version: u8,
}

impl ResponseHead<'_> {
    /// Gives `with` the headers at the front of `bytes`; `None` while they are not whole.
    ///
    /// # Errors
    ///
    /// [`HeadError::Malformed`] and [`HeadError::TooLong`], and whatever `with` says.
    ///
    /// Source: RFC 9112, sections 2.2 (line ends), 4 (status line) and 5 (fields; one that goes on in
    /// the next line is obsolete, and still to be read).
    pub fn read<T, E: From<HeadError>>(
        bytes: &[u8],
        with: impl FnOnce(&ResponseHead<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut config = ParserConfig::default();
        config.allow_obsolete_multiline_headers_in_responses(true);
        let mut many;
        // Emptied first, they would cost more than reading them: three kilobytes for each response.
        let mut few = [const { MaybeUninit::uninit() }; FEW];
        let mut response = httparse::Response::new(&mut []);
        let mut parsed = config.parse_response_with_uninit_headers(&mut response, bytes, &mut few);
        if parsed == Err(Error::TooManyHeaders) {
            many = room(bytes);
            response = httparse::Response::new(&mut many);
            parsed = config.parse_response(&mut response, bytes);
        }
        let Some(len) = end(bytes, parsed, EXPECTED)? else { return Ok(None) };
        let (Some(status @ 100..), Some(minor_version)) = (response.code, response.version) else {
            return Err(HeadError::malformed(bytes, EXPECTED).into());
        };
        let places = Places::of(response.headers);
        let fields = Fields::new(&bytes[..len], response.headers, &places);
        with(&ResponseHead { len, status, fields, minor_version }).map(Some)
    }

    /// The same of the final response, past the interim ones before it. `interim` is how many bytes
    /// those take that were read past, 0 to begin with; it grows as more are.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`HeadError::Malformed`] for an interim response in HTTP/1.0.
    ///
    /// # Panics
    ///
    /// If `interim` is more than there are bytes.
    ///
    /// Source: RFC 9110, section 15.2 (a client must be able to read one or more of them; HTTP/1.0 has
    /// none, so nobody knows what follows one in it).
    pub fn read_final<T, E: From<HeadError>>(
        bytes: &[u8],
        interim: &mut usize,
        with: impl FnOnce(&ResponseHead<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut with = Some(with);
        loop {
            let here = &bytes[*interim..];
            let read = Self::read(here, |head| {
                if head.is_interim() {
                    return match head.is_in_1_1() {
                        true => Ok(Err(head.len)),
                        false => Err(HeadError::malformed(here, NO_INTERIM).into()),
                    };
                }
                let with = with.take().expect("there is one final response");
                with(head).map(Ok)
            })?;
            match read {
                None => return Ok(None),
                Some(Ok(last)) => return Ok(Some(last)),
                Some(Err(len)) => *interim += len,
            }
            if *interim > MAX_HEAD {
                return Err(HeadError::TooLong.into());
            }
        }
    }

    /// Whether another response follows to the same request: 1xx but 101, after which no HTTP does
    /// (RFC 9110, section 15.2).
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// Whether it is in HTTP/1.1: what HTTP/1.0 did not have, as any 1xx (RFC 9110, section 15.2), is
    /// not to be believed of a response in it.
    pub fn is_in_1_1(&self) -> bool {
        self.minor_version == 1
    }

    /// Whether the server closes the connection after this response (RFC 9112, section 9.3). A body
    /// that ends with the connection closes it too.
    pub fn closes(&self) -> bool {
        let is_kept = self.minor_version > 0 || self.fields.has_member("connection", "keep-alive");
        !is_kept
            || self.fields.has_member("connection", "close")
            // Nobody knows what an old intermediary made of it (section 6.1).
            || (self.minor_version == 0 && self.fields.value("transfer-encoding").is_some())
    }

    /// How the body ends, of a response to any request but a HEAD, whose response has none.
    ///
    /// # Errors
    ///
    /// [`HeadError::Length`] and [`HeadError::Lengths`] for a length that is none or two that differ,
    /// [`HeadError::TransferCoding`] for a transfer coding other than chunked: no request of ours
    /// says that it takes one.
    ///
    /// Source: RFC 9112, section 6.3.
    pub fn body_end(&self) -> Result<BodyEnd, HeadError> {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(BodyEnd::Length(0));
        }
        Ok(BodyEnd::announced(&self.fields)?.unwrap_or(BodyEnd::Close))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (Result<BodyEnd, HeadError>, bool);

    fn read(bytes: &[u8]) -> Result<Option<Found>, HeadError> {
        ResponseHead::read(bytes, |head| Ok((head.body_end(), head.closes())))
    }

    fn check(head: &str, body: Result<BodyEnd, HeadError>, closes: bool) {
        let bytes = format!("HTTP/1.{head}\r\n\r\n");
        assert_eq!(read(bytes.as_bytes()), Ok(Some((body, closes))), "{head}");
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes.as_bytes()[..cut]), Ok(None), "{head} cut at {cut}");
        }
    }

    #[test]
    fn a_body_ends_where_its_headers_say() {
        use BodyEnd::{Chunks, Close, Length};
        let length = |found: &str| Err(HeadError::Length { found: found.to_owned() });
        let coding = |found: &str| Err(HeadError::TransferCoding { found: found.to_owned() });
        let lengths = Err(HeadError::Lengths { first: 5, second: 6 });
        for (head, body, closes) in [
            ("1 200 OK\r\nContent-Length: 5", Ok(Length(5)), false),
            ("1 200 OK\r\nContent-Length: 5, 5\r\ncontent-length: 5", Ok(Length(5)), false),
            ("1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6", lengths, false),
            ("1 200 OK\r\nContent-Length: ,", length(""), false),
            ("1 200 OK\r\nContent-Length: 5x", length("5x"), false),
            ("1 200 OK\r\nContent-Length: 9223372036854775807", Ok(Length(i64::MAX as u64)), false),
            (
                "1 200 OK\r\nContent-Length: 9223372036854775808",
                length("9223372036854775808"),
                false,
            ),
            ("1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5", Ok(Chunks), false),
            ("1 200 OK\r\nTransfer-Encoding: gzip, chunked", coding("gzip, chunked"), false),
            ("1 200 OK\r\nTransfer-Encoding: gzip", coding("gzip"), false),
            ("1 200 OK\r\nConnection: foo, CLOSE", Ok(Close), true),
            ("0 200 OK", Ok(Close), true),
            ("0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1", Ok(Length(1)), false),
            ("0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked", Ok(Chunks), true),
            ("1 204 No Content\r\nContent-Length: 5", Ok(Length(0)), false),
            ("1 304 Not Modified\r\nTransfer-Encoding: chunked", Ok(Length(0)), false),
            ("1 101 Switching Protocols\r\nConnection: Upgrade", Ok(Length(0)), false),
            ("1 200", Ok(Close), false),
            ("1 200 OK\r\nX: one\r\n two\r\nContent-Length: 5", Ok(Length(5)), false),
        ] {
            check(head, body, closes);
        }
    }

    #[test]
    fn what_is_no_response_is_refused_and_says_what_was_found() {
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
        let endless = "HTTP/1.1 200 OK\r\nX: ".to_owned() + &"x".repeat(MAX_HEAD);
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(MAX_HEAD / 6));
        let found =
            |found: &str| HeadError::Malformed { found: found.to_owned(), expected: EXPECTED };
        for (bytes, expected) in [
            ("SSH-2.0-OpenSSH\r\n", found("SSH-2.0-OpenSSH\\r\\n")),
            ("HTTP/2.0 200 OK\r\n\r\n", found("HTTP/2.0 200 OK\\r\\n\\r\\n")),
            ("HTTP/1.1 2000 OK\r\n", found("HTTP/1.1 2000 OK\\r\\n")),
            ("HTTP/1.1 099 Odd\r\n\r\n", found("HTTP/1.1 099 Odd\\r\\n\\r\\n")),
            (
                "HTTP/1.1 200 OK\r\nName : blank\r\n\r\n",
                found("HTTP/1.1 200 OK\\r\\nName : blank\\r\\n\\r\\n"),
            ),
            (&long, HeadError::TooLong),
            (&endless, HeadError::TooLong),
            (&many, HeadError::TooLong),
        ] {
            assert_eq!(read(bytes.as_bytes()), Err(expected), "{}", &bytes[..bytes.len().min(40)]);
        }
    }

    #[test]
    fn fields_are_bounded_by_their_bytes_and_not_by_their_number() {
        for count in [FEW, FEW + 1, 2_000, (MAX_HEAD - 38) / 3] {
            let fields = "a:\n".repeat(count);
            let text = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello");
            let found = ResponseHead::read(text.as_bytes(), |head| {
                Ok::<_, HeadError>((head.len, head.fields.lines().count(), head.body_end()))
            });
            let expected = (text.len() - 5, count + 1, Ok(BodyEnd::Length(5)));
            assert_eq!(found, Ok(Some(expected)), "{count} fields");
            for cut in [text.len() - 6, text.len() / 2, text.len() / 2 + 1] {
                assert_eq!(read(&text.as_bytes()[..cut]), Ok(None), "{count} fields cut at {cut}");
            }
        }
    }

    #[test]
    fn the_final_response_is_found_behind_interim_ones_wherever_reads_end() {
        let first = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        let text =
            format!("{first}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nmore");
        let before = text.find("HTTP/1.1 200").expect("it is there");
        let whole = text.len() - "more".len();
        let status = |head: &ResponseHead<'_>| Ok::<_, HeadError>((head.status, head.len));
        let mut interim = 0;
        for cut in 0..=text.len() {
            let bytes = &text.as_bytes()[..cut];
            let expected = (cut >= whole).then_some((200, whole - before));
            // From the beginning, and from where the last read had come to.
            assert_eq!(
                ResponseHead::read_final(bytes, &mut 0, status),
                Ok(expected),
                "cut at {cut}"
            );
            let read = ResponseHead::read_final(bytes, &mut interim, status);
            assert_eq!(read, Ok(expected), "cut at {cut}");
        }
        assert_eq!(interim, before);
        let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(3_000);
        let read = ResponseHead::read_final(endless.as_bytes(), &mut 0, status);
        assert_eq!(read, Err(HeadError::TooLong));
    }

    #[test]
    fn an_interim_response_in_http_1_0_is_refused_and_a_final_one_is_not() {
        let status = |head: &ResponseHead<'_>| Ok::<_, HeadError>(head.status);
        let read = |text: &str| ResponseHead::read_final(text.as_bytes(), &mut 0, status);
        let last = "HTTP/1.0 200 OK\r\n\r\n";
        assert_eq!(read(last), Ok(Some(200)));
        assert_eq!(read(&format!("HTTP/1.1 100 Continue\r\n\r\n{last}")), Ok(Some(200)));
        for before in ["", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
            let found = read(&format!("{before}HTTP/1.0 100 Go on\r\n\r\n"));
            let shown = "HTTP/1.0 100 Go on\\r\\n\\r\\n".to_owned();
            assert_eq!(found, Err(HeadError::Malformed { found: shown, expected: NO_INTERIM }));
        }
    }

    #[test]
    fn start_line_fields_and_empty_line_are_all_bytes_of_the_headers() {
        for text in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\nC:\t d \r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: one\r\n\ttwo\r\nC: d\r\n\r\n",
            "HTTP/1.1 200 OK\nA: b\n\n",
            "HTTP/1.1 200 OK\nA: b\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n\n",
        ] {
            let bytes = format!("{text}body\r\n");
            let read = ResponseHead::read(bytes.as_bytes(), |head| {
                let lines: Vec<_> = head.fields.lines().map(|field| field.line).collect();
                let all = [head.fields.start_line(), &lines.concat(), head.fields.empty_line()];
                Ok::<_, HeadError>(String::from_utf8(all.concat()).expect("ASCII"))
            });
            assert_eq!(read, Ok(Some(text.to_owned())));
        }
        let read = ResponseHead::read(b"HTTP/1.1 200 OK\r\nC:\t d \r\n\r\n", |head| {
            let field = head.fields.lines().next().expect("a field");
            assert_eq!(
                (field.name, field.value, field.line),
                ("C", &b"d"[..], &b"C:\t d \r\n"[..])
            );
            Ok::<_, HeadError>(())
        });
        assert_eq!(read, Ok(Some(())));
    }
}
