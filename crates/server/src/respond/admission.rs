//! What every request must be before a route sees it, and what every response must not say.

use std::net::IpAddr;

use http::header::{CONNECTION, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::{Request, StatusCode, Version};
use pushbench_protocol::Authority;

use super::App;
use crate::engine::axum::answer::{Answer, Refusal};
use crate::fields::has_token;

impl App {
    /// Looks at a request's framing and at the host that it is for. `listener` is where the
    /// connection was accepted.
    ///
    /// # Errors
    ///
    /// The refusal, which is not counted yet.
    pub(crate) fn admit<B>(&self, request: &Request<B>, listener: IpAddr) -> Result<(), Refusal> {
        check_framing(request.headers())?;
        let Some(asked) = asked_host(request)? else { return Ok(()) };
        let authority = Authority::parse(asked).ok_or_else(|| no_host(asked))?;
        if self.hosts.allow(&authority, listener) {
            return Ok(());
        }
        let host = authority.host;
        let reason = format!(
            "the request is for `{host}`, and this server responds to localhost, to the addresses of \
             this machine and to the names that it was given; if it is meant to be reached as \
             `{host}`, start it with `--allow-host {host}`"
        );
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, reason))
    }
}

/// The authority that a request is for; `None` where HTTP/1.0 names none.
///
/// Sources: RFC 9112, sections 3.2 (exactly one `Host`) and 3.2.2 (what stands in the request line
/// wins); RFC 9113, section 8.3.1 (`:authority`, and a `Host` that must not differ).
fn asked_host<B>(request: &Request<B>) -> Result<Option<&str>, Refusal> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err(bad("the request has more than one `Host` field, expected one"));
    }
    let field = match field {
        Some(value) => {
            let text = value.to_str().map_err(|_| no_host("not ASCII"))?;
            Authority::parse(text).ok_or_else(|| no_host(text))?;
            Some(text)
        }
        None => None,
    };
    let line = request.uri().authority().map(http::uri::Authority::as_str);
    match (request.version(), line, field) {
        (Version::HTTP_2, Some(line), Some(field)) if !line.eq_ignore_ascii_case(field) => {
            Err(bad("`Host` and `:authority` differ"))
        }
        (Version::HTTP_2, None, None) => Err(bad("the request has no `:authority`")),
        (Version::HTTP_11, _, None) => Err(bad("the request has no `Host` field")),
        (_, Some(line), _) => Ok(Some(line)),
        (_, None, field) => Ok(field),
    }
}

/// Refuses a body in a coding that is not undone here (RFC 9112, section 6.1).
fn check_framing(fields: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = fields.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    if codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let found = String::from_utf8_lossy(coding.as_bytes());
    let reason = format!("`Transfer-Encoding` is `{found}`, expected `chunked` alone");
    Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, reason))
}

fn bad(reason: impl ToString) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, reason)
}

fn no_host(found: &str) -> Refusal {
    bad(format!("`Host` is `{}`, expected a host and perhaps a port", found.escape_default()))
}

/// Whether the connection ends with the answer to this request: since the client says so, or has no
/// keep-alive (RFC 9112, section 9.3), or since it sent its body in chunks. Such a request may have
/// had a `Content-Length`, too, and then the connection must be closed (section 6.3); the library
/// takes the field away before anyone sees it.
pub(crate) fn is_last<B>(request: &Request<B>) -> bool {
    let has = |token| has_token(request.headers(), &CONNECTION, token);
    has("close")
        || request.headers().contains_key(TRANSFER_ENCODING)
        || (request.version() < Version::HTTP_11 && !has("keep-alive"))
}

/// Says that the connection ends with this response, in place of what a response profile says of
/// it: the library would add the one to the other.
pub(crate) fn say_last(answer: &mut Answer) {
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
