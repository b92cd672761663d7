//! The head of a response: where it ends, what it says, and where its body ends (RFC 9112).

use httparse::{Header, ParserConfig, Status};
use pushbench_protocol::number::{MAX_BODY, digits};

use crate::Fault;

/// Most fields that a head may have.
const MAX_FIELDS: usize = 100;
/// Longest head, so that a stream which is no HTTP cannot fill memory. All heads before the final
/// one count too.
pub(crate) const MAX_HEAD: usize = 64 * 1024;

/// How a body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BodyEnd {
    /// After so many bytes, so few that lengths can be added up.
    Length(usize),
    /// With the last chunk.
    Chunks,
    /// With the connection.
    Close,
}

/// A head as it was parsed.
#[derive(Debug)]
pub(crate) struct ResponseHead<'h> {
    /// Bytes of it, the empty line included.
    pub(crate) len: usize,
    pub(crate) status: u16,
    /// The minor version: 0 or 1.
    version: u8,
    fields: &'h [Header<'h>],
}

impl ResponseHead<'_> {
    /// Gives `with` the head at the front of `bytes`; `None` while it is not whole.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] if it is no head of HTTP/1, or too long, and whatever `with` says.
    pub(crate) fn read<T>(
        bytes: &[u8],
        with: impl FnOnce(&ResponseHead<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let mut config = ParserConfig::default();
        // A field that goes on in the next line is obsolete, and still to be read (section 5.2).
        config.allow_obsolete_multiline_headers_in_responses(true);
        let len = match config.parse_response(&mut response, bytes) {
            Ok(Status::Complete(len)) if len <= MAX_HEAD => len,
            Ok(Status::Partial) if bytes.len() < MAX_HEAD => return Ok(None),
            _ => return Err(Fault::Malformed),
        };
        let status = response.code.filter(|code| *code >= 100).ok_or(Fault::Malformed)?;
        let version = response.version.ok_or(Fault::Malformed)?;
        with(&ResponseHead { len, status, version, fields: response.headers }).map(Some)
    }

    /// Whether another head follows: 1xx but 101, after which no HTTP does (RFC 9110, section 15.2).
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// The values of a field, in their order.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).map(|field| field.value)
    }

    /// The first value of a field.
    pub(crate) fn value<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The members of a field that is a list, without blanks around them.
    pub(crate) fn members<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let members = |value: &'a [u8]| value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        self.values(name).flat_map(members).filter(|member| !member.is_empty())
    }

    /// Whether a list has this member, in whatever case.
    pub(crate) fn has_member(&self, name: &str, member: &str) -> bool {
        self.members(name).any(|found| found.eq_ignore_ascii_case(member.as_bytes()))
    }

    /// Whether the server closes the connection after this response (RFC 9112, section 9.3).
    pub(crate) fn closes(&self) -> bool {
        let is_kept = self.version > 0 || self.has_member("connection", "keep-alive");
        !is_kept
            || self.has_member("connection", "close")
            // Nobody knows what an old intermediary made of it (section 6.1).
            || (self.version == 0 && self.value("transfer-encoding").is_some())
    }

    /// How the body ends, of a response to a GET or a POST.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] for a length that is none or two that differ, [`Fault::TooLarge`] for
    /// one beyond [`MAX_BODY`], [`Fault::TransferCoding`] for a transfer coding other than chunked:
    /// no request of ours says that it takes one.
    pub(crate) fn body_end(&self) -> Result<BodyEnd, Fault> {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(BodyEnd::Length(0));
        }
        let mut codings = self.members("transfer-encoding");
        match (codings.next(), codings.next()) {
            (None, _) => {}
            // It wins over a length beside it.
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => {
                return Ok(BodyEnd::Chunks);
            }
            (Some(_), _) => return Err(Fault::TransferCoding),
        }
        let mut length = None;
        // A proxy may have put several that are the same into one field (RFC 9110, section 8.6).
        for value in self.values("content-length").flat_map(|value| value.split(|&b| b == b',')) {
            let found = digits(value.trim_ascii()).ok_or(Fault::Malformed)?;
            if length.replace(found).is_some_and(|length| length != found) {
                return Err(Fault::Malformed);
            }
        }
        let Some(length) = length else { return Ok(BodyEnd::Close) };
        match usize::try_from(length) {
            Ok(len) if length <= MAX_BODY => Ok(BodyEnd::Length(len)),
            _ => Err(Fault::TooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, body: Result<BodyEnd, Fault>, closes: bool) {
        let bytes = format!("HTTP/1.{head}\r\n\r\n");
        let read =
            |bytes: &[u8]| ResponseHead::read(bytes, |head| Ok((head.body_end(), head.closes())));
        assert_eq!(read(bytes.as_bytes()), Ok(Some((body, closes))), "{head}");
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes.as_bytes()[..cut]), Ok(None), "{head} cut at {cut}");
        }
    }

    #[test]
    fn a_body_ends_where_its_head_says() {
        use BodyEnd::{Chunks, Close, Length};
        for (head, body, closes) in [
            ("1 200 OK\r\nContent-Length: 5", Ok(Length(5)), false),
            ("1 200 OK\r\nContent-Length: 5, 5\r\ncontent-length: 5", Ok(Length(5)), false),
            ("1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6", Err(Fault::Malformed), false),
            ("1 200 OK\r\nContent-Length: ,", Err(Fault::Malformed), false),
            ("1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5", Ok(Chunks), false),
            ("1 200 OK\r\nTransfer-Encoding: gzip, chunked", Err(Fault::TransferCoding), false),
            ("1 200 OK\r\nTransfer-Encoding: gzip", Err(Fault::TransferCoding), false),
            ("1 200 OK\r\nConnection: foo, CLOSE", Ok(Close), true),
            ("0 200 OK", Ok(Close), true),
            ("0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1", Ok(Length(1)), false),
            ("0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked", Ok(Chunks), true),
            ("1 204 No Content\r\nContent-Length: 5", Ok(Length(0)), false),
            ("1 304 Not Modified\r\nTransfer-Encoding: chunked", Ok(Length(0)), false),
            ("1 200", Ok(Close), false),
            ("1 200 OK\r\nX: one\r\n two\r\nContent-Length: 5", Ok(Length(5)), false),
        ] {
            check(head, body, closes);
        }
    }

    #[test]
    fn what_is_no_head_is_malformed() {
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(MAX_FIELDS + 1));
        for bytes in
            ["SSH-2.0-OpenSSH\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n", &long, &many]
        {
            let read = ResponseHead::read(bytes.as_bytes(), |head| Ok(head.len));
            assert_eq!(read, Err(Fault::Malformed), "{}", &bytes[..bytes.len().min(40)]);
        }
    }
}
