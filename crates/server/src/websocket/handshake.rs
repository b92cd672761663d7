//! The upgrade request, checked (RFC 6455, section 4.2), and its like on HTTP/2 (RFC 8441).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{StatusCode, Version};
use pushbench_protocol::authority::is_origin_of;
use sha1::{Digest, Sha1};

use crate::respond::fields::Fields;

/// The only version there is (RFC 6455, section 4.4).
pub(crate) const VERSION: &str = "13";

/// Why an upgrade was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum UpgradeError {
    #[error("the request is HTTP/1.0, expected HTTP/1.1")]
    Http10,
    #[error("`Upgrade` does not name websocket")]
    NoUpgrade,
    #[error("`Connection` does not name upgrade")]
    NoConnection,
    #[error("`Sec-WebSocket-Version` is not 13")]
    Version,
    #[error("`:protocol` is not websocket")]
    Protocol,
    #[error("`Sec-WebSocket-Key` is not 16 bytes in base64")]
    Key,
}

impl UpgradeError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Http10 | Self::NoConnection | Self::Protocol | Self::Key => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

/// Checks an upgrade request and gives its `Sec-WebSocket-Accept`.
pub(crate) fn accept<F: Fields + ?Sized>(
    version: Version,
    fields: &F,
) -> Result<String, UpgradeError> {
    if version < Version::HTTP_11 {
        return Err(UpgradeError::Http10);
    }
    if !fields.names(&UPGRADE, "websocket") {
        return Err(UpgradeError::NoUpgrade);
    }
    if !fields.names(&CONNECTION, "upgrade") {
        return Err(UpgradeError::NoConnection);
    }
    if fields.first(&SEC_WEBSOCKET_VERSION) != Some(VERSION.as_bytes()) {
        return Err(UpgradeError::Version);
    }
    let key = fields.only(&SEC_WEBSOCKET_KEY).ok_or(UpgradeError::Key)?;
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == 16 => Ok(accept_key(key)),
        _ => Err(UpgradeError::Key),
    }
}

/// Checks an extended CONNECT (RFC 8441, section 5): it has a protocol and no key.
pub(crate) fn accept_connect<F: Fields + ?Sized>(
    protocol: Option<&str>,
    fields: &F,
) -> Result<(), UpgradeError> {
    if protocol != Some("websocket") {
        return Err(UpgradeError::Protocol);
    }
    if fields.first(&SEC_WEBSOCKET_VERSION) != Some(VERSION.as_bytes()) {
        return Err(UpgradeError::Version);
    }
    Ok(())
}

/// Whether a request comes from a page that may use this server: one of the same host, one that is
/// allowed, or no page at all, since only browsers send `Origin` (RFC 6455, section 10.2).
/// `host` is what the request is for.
pub(crate) fn origin_is_allowed<F: Fields + ?Sized>(
    fields: &F,
    host: Option<&str>,
    allowed: &[String],
) -> bool {
    if !fields.has(&ORIGIN) {
        return true;
    }
    let Some(origin) = fields.only(&ORIGIN) else { return false };
    let same_host = host.is_some_and(|host| is_origin_of(origin, host));
    same_host || allowed.iter().any(|allowed| is_same_origin(origin, allowed))
}

/// RFC 6455, section 4.2.2, step 5.4.
fn accept_key(key: &str) -> String {
    let mut digest = Sha1::new();
    digest.update(key);
    digest.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(digest.finalize())
}

/// Whether two origins are the same.
fn is_same_origin(origin: &str, allowed: &str) -> bool {
    let Some((scheme, authority)) = allowed.split_once("://") else { return false };
    let of_scheme = origin.split_once("://").is_some_and(|(of, _)| of.eq_ignore_ascii_case(scheme));
    origin.eq_ignore_ascii_case(allowed) || (of_scheme && is_origin_of(origin, authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("host", "example.com:80"),
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// The good request with one field replaced, or left out if `value` is empty.
    fn with(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
        GOOD.iter()
            .map(|&(known, good)| (known, if known == name { value } else { good }))
            .chain((name == "origin").then_some(("origin", value)))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted_with_its_key() {
        assert_eq!(
            accept(Version::HTTP_11, &with("", "")[..]).as_deref(),
            Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
    }

    #[test]
    fn a_request_that_lacks_something_is_refused_with_its_status() {
        for (name, value, status) in [
            ("upgrade", "", 426),
            ("upgrade", "h2c", 426),
            ("connection", "", 400),
            ("connection", "close", 400),
            ("sec-websocket-version", "", 426),
            ("sec-websocket-version", "8", 426),
            ("sec-websocket-key", "", 400),
            ("sec-websocket-key", "c2hvcnQ=", 400),
            ("sec-websocket-key", "not base64 at all!!!!!!!", 400),
        ] {
            let error = accept(Version::HTTP_11, &with(name, value)[..]).expect_err(name);
            assert_eq!(error.status().as_u16(), status, "{name}: {value}");
        }
        assert_eq!(accept(Version::HTTP_10, &with("", "")[..]), Err(UpgradeError::Http10));
    }

    #[test]
    fn a_page_of_another_host_is_refused_unless_it_is_on_the_list() {
        let allowed = ["https://lab.example".to_owned()];
        for (origin, expected) in [
            ("", true),
            ("http://example.com:80", true),
            ("http://EXAMPLE.com:80", true),
            ("https://lab.example", true),
            ("http://example.com", true),
            ("https://example.com", false),
            ("https://LAB.example:443", true),
            ("http://lab.example", false),
            ("ws://example.com:80", false),
            ("http://example.com:80/", false),
            ("http://evil.example", false),
            ("null", false),
        ] {
            let found =
                origin_is_allowed(&with("origin", origin)[..], Some("example.com:80"), &allowed);
            assert_eq!(found, expected, "{origin}");
        }
    }
}
