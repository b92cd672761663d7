//! What a request profile must have, and must not.

use crate::headers::ProfileError;
use crate::headers::lines::{HeadLines, has_element};

/// What holds of every request that is sent as it stands.
pub(super) fn check_request(
    head: &HeadLines<'_>,
    lines: &[&str],
    host: &'static str,
) -> Result<(), ProfileError> {
    if !lines.contains(&head.start.text) {
        let expected =
            "the request line `GET {path} HTTP/1.1`, or that of `kaazing-2009` in a poll";
        return Err(head.start.refused(expected));
    }
    let mut hosts = head.named("host");
    let first = hosts.next().ok_or(ProfileError::Missing { missing: host })?;
    if first.value.is_empty() || first.value.contains([' ', '\t', '/', '@', ',']) {
        return Err(first.line.refused("`Host: {host}`, or a name and perhaps a port"));
    }
    if let Some(second) = hosts.next() {
        return Err(ProfileError::Twice { line: second.line.number, name: "Host".to_owned() });
    }
    // The server would wait for it, and take the next request for it.
    let expected = "no body announced: nothing follows the headers of a GET";
    if let Some(length) = head.named("content-length").find(|field| field.value != "0") {
        return Err(length.line.refused(expected));
    }
    match head.named("transfer-encoding").next() {
        Some(coding) => Err(coding.line.refused(expected)),
        None => Ok(()),
    }
}

/// What RFC 6455, section 4.1, demands of an upgrade besides.
pub(super) fn check_upgrade(head: &HeadLines<'_>) -> Result<(), ProfileError> {
    let is = |name, found: &dyn Fn(&str) -> bool| head.named(name).any(|field| found(field.value));
    for (holds, missing) in [
        (is("upgrade", &|it| has_element(it, "websocket")), "`Upgrade: websocket` in its upgrade"),
        (
            is("connection", &|it| has_element(it, "upgrade")),
            "`Connection: Upgrade` in its upgrade",
        ),
        (is("sec-websocket-key", &|it| it == "{key}"), "`Sec-WebSocket-Key: {key}` in its upgrade"),
        (
            is("sec-websocket-version", &|it| it == "13"),
            "`Sec-WebSocket-Version: 13` in its upgrade",
        ),
    ] {
        if !holds {
            return Err(ProfileError::Missing { missing });
        }
    }
    Ok(())
}
