//! A request's head: from bytes to fields that are borrowed from them, or to the status that it is
//! refused with before anyone looks at its path (RFC 9112, sections 2 to 6). Pure.
//!
//! No map is made of the fields: the few that decide anything are looked for where they stand. What
//! is refused, and how, is what the engine on `hyper` refuses: the tests ask both.

use std::mem::MaybeUninit;

use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderName, Method, StatusCode, Version};
use httparse::{Error, Header, ParserConfig, Status};
use pushbench_protocol::headers::HEAD_FIELDS;
use pushbench_wire::head::Places;

use super::body::Body;
use super::target::Target;
use crate::first_words::begin_anew;
use crate::respond::Fields;
use crate::respond::fields::text;

/// Longest target in bytes, that of the other engine's library.
const MOST_TARGET_BYTES: usize = u16::MAX as usize - 1;
/// Largest length of a body that is one, that of the other engine's library.
const MOST_BODY_BYTES: u64 = u64::MAX - 2;

/// Room for the fields of one request. None of it is written before there is a field to go there.
pub(super) struct Room<'b>([MaybeUninit<Header<'b>>; HEAD_FIELDS]);

impl Room<'_> {
    pub(super) const fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; HEAD_FIELDS])
    }
}

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head<'h, 'b> {
    pub(super) method: Method,
    pub(super) target: Target<'b>,
    /// HTTP/1.0 or HTTP/1.1.
    pub(super) version: Version,
    pub(super) fields: HeadFields<'h, 'b>,
    /// What is to follow.
    pub(super) body: Body,
    /// Whether the client waits for a 100 before it sends the body.
    pub(super) expects_continue: bool,
    /// Bytes of it.
    pub(super) len: usize,
}

/// The fields of a request as they stand in its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadFields<'h, 'b> {
    fields: &'h [Header<'b>],
    places: Places,
}

impl Fields for HeadFields<'_, '_> {
    fn all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        let name = name.as_str();
        let is_it = move |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.fields[self.places.of_name(name)].iter().filter(is_it).map(|field| field.value)
    }
}

/// What is at the front of a connection's bytes and is no request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Malformed {
    /// It is refused with this status.
    Refused(StatusCode),
    /// It is HTTP/2's preface, in the middle of HTTP/1.1: nothing that could be said would be
    /// understood.
    Preface,
}

impl Malformed {
    pub(super) const BAD: Self = Self::Refused(StatusCode::BAD_REQUEST);
    const TOO_LARGE: Self = Self::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);

    /// The status that it is booked under: the books know one for all that is too large.
    pub(super) const fn booked(self) -> StatusCode {
        match self {
            Self::Refused(StatusCode::URI_TOO_LONG) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Refused(status) => status,
            Self::Preface => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads the head at the front of `bytes`, of at most `most_bytes`; `None` while it is incomplete.
///
/// # Errors
///
/// If it is no head, or larger.
pub(super) fn read<'h, 'b>(
    bytes: &'b [u8],
    room: &'h mut Room<'b>,
    most_bytes: usize,
) -> Result<Option<Head<'h, 'b>>, Malformed> {
    let mut request = httparse::Request::new(&mut []);
    let parsed =
        ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, &mut room.0);
    let len = match parsed {
        Ok(Status::Complete(len)) if len <= most_bytes => len,
        Ok(Status::Partial) if bytes.len() < most_bytes => return Ok(None),
        Ok(Status::Complete(_) | Status::Partial) | Err(Error::TooManyHeaders) => {
            return Err(Malformed::TOO_LARGE);
        }
        Err(Error::Version) if begin_anew(bytes) => return Err(Malformed::Preface),
        Err(_) => return Err(Malformed::BAD),
    };
    let target = request.path.unwrap_or_default();
    if target.len() > MOST_TARGET_BYTES {
        return Err(Malformed::Refused(StatusCode::URI_TOO_LONG));
    }
    let method = request.method.unwrap_or_default();
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Malformed::BAD)?;
    let target = Target::read(target).ok_or(Malformed::BAD)?;
    let version = if request.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let fields: &'h [Header<'b>] = request.headers;
    let fields = HeadFields { fields, places: Places::of(fields) };
    let (body, expects_continue) = framing(&fields, version)?;
    Ok(Some(Head { method, target, version, fields, body, expects_continue, len }))
}

/// How long the body is, and whether it is waited for (RFC 9112, section 6.3). A length behind a
/// transfer coding is not looked at, whatever it says.
fn framing(
    HeadFields { fields, places }: &HeadFields<'_, '_>,
    version: Version,
) -> Result<(Body, bool), Malformed> {
    let mut length = None;
    // Whether the last coding there is is `chunked`; absent where there is none.
    let mut is_chunked = None;
    let mut expects_continue = false;
    let all = [CONTENT_LENGTH, TRANSFER_ENCODING, EXPECT].map(|name| places.of_name(name.as_str()));
    // Most requests have none of them. Where there are some, their order counts.
    let first = all.iter().filter(|range| !range.is_empty()).map(|range| range.start).min();
    let end = all.iter().map(|range| range.end).max();
    for field in &fields[first.unwrap_or(0)..end.unwrap_or(0)] {
        let is = |name: &HeaderName| field.name.eq_ignore_ascii_case(name.as_str());
        if is(&CONTENT_LENGTH) {
            if is_chunked.is_some() {
                continue;
            }
            let found = decimal(field.value).ok_or(Malformed::BAD)?;
            match length {
                None if found > MOST_BODY_BYTES => return Err(Malformed::TOO_LARGE),
                None => length = Some(found),
                Some(known) if known != found => return Err(Malformed::BAD),
                Some(_) => {}
            }
        } else if is(&TRANSFER_ENCODING) {
            if version < Version::HTTP_11 {
                return Err(Malformed::BAD);
            }
            let last = text(field.value).and_then(|value| value.rsplit(',').next());
            is_chunked = Some(last.is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked")));
        } else if is(&EXPECT) {
            expects_continue = field.value.eq_ignore_ascii_case(b"100-continue");
        }
    }
    let body = match is_chunked {
        Some(false) => return Err(Malformed::BAD),
        Some(true) => Body::chunked(),
        None => Body::of(length.unwrap_or(0)),
    };
    // There is nothing to wait for where there is no body, and in HTTP/1.0 (RFC 9110, section
    // 10.1.1).
    let expects_continue = expects_continue && !body.is_over() && version >= Version::HTTP_11;
    Ok((body, expects_continue))
}

/// A number of digits and nothing else. One that no body can have is one all the same: what is
/// refused then is the body.
fn decimal(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
