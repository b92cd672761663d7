//! What every request must be before its path is looked at, and which is the last of its connection.

use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{StatusCode, Version};
use pushbench_protocol::{AllowedHosts, Authority};

use super::fields::{Fields, text};
use super::refusal::Refusal;
use super::request::Request;

/// Looks at a request's framing and at the host that it is for.
pub(super) fn admit<F: Fields + ?Sized>(
    request: &Request<'_, F>,
    hosts: &AllowedHosts,
) -> Result<(), Refusal> {
    check_framing(request.fields)?;
    let Some(authority) = asked_host(request)? else { return Ok(()) };
    if hosts.allow(&authority, request.listener) {
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

/// The authority that a request is for; `None` where HTTP/1.0 names none.
///
/// Sources: RFC 9112, sections 3.2 (exactly one `Host`) and 3.2.2 (what stands in the request line
/// wins); RFC 9113, section 8.3.1 (`:authority`, and a `Host` that must not differ).
fn asked_host<'r, F: Fields + ?Sized>(
    request: &Request<'r, F>,
) -> Result<Option<Authority<'r>>, Refusal> {
    let mut fields = request.fields.all(&HOST);
    let field = fields.next();
    if fields.next().is_some() {
        return Err(bad("the request has more than one `Host` field, expected one"));
    }
    let field = match field {
        Some(value) => {
            let host = text(value).ok_or_else(|| no_host("not ASCII"))?;
            Some((host, authority(host)?))
        }
        None => None,
    };
    let is_by_fields = request.version > Version::HTTP_11;
    match (request.version, request.authority, field) {
        (_, Some(line), Some((field, _))) if is_by_fields && !line.eq_ignore_ascii_case(field) => {
            Err(bad("`Host` and `:authority` differ"))
        }
        (_, None, None) if is_by_fields => Err(bad("the request has no `:authority`")),
        (Version::HTTP_11, _, None) => Err(bad("the request has no `Host` field")),
        (_, Some(line), _) => authority(line).map(Some),
        (_, None, field) => Ok(field.map(|(_, authority)| authority)),
    }
}

fn authority(text: &str) -> Result<Authority<'_>, Refusal> {
    Authority::parse(text).ok_or_else(|| no_host(text))
}

/// Refuses a body in a coding that is not undone here (RFC 9112, section 6.1).
fn check_framing<F: Fields + ?Sized>(fields: &F) -> Result<(), Refusal> {
    let mut codings = fields.all(&TRANSFER_ENCODING);
    let Some(coding) = codings.next() else { return Ok(()) };
    if codings.next().is_none() && coding.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let found = String::from_utf8_lossy(coding);
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
pub(crate) fn is_last<F: Fields + ?Sized>(version: Version, fields: &F) -> bool {
    fields.names(&CONNECTION, "close")
        || fields.has(&TRANSFER_ENCODING)
        || (version < Version::HTTP_11 && !fields.names(&CONNECTION, "keep-alive"))
}
