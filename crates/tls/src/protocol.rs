//! What is spoken above TLS, agreed on in its handshake (ALPN, RFC 7301).

use pushbench_protocol::HttpVersion;

/// The registered name of a version.
pub(crate) fn id(version: HttpVersion) -> &'static [u8] {
    version.properties().alpn.as_bytes()
}

/// The version that a handshake agreed on: the first of all where it agreed on none.
pub(crate) fn agreed(name: Option<&[u8]>) -> HttpVersion {
    let is_it = |version: &HttpVersion| name == Some(id(*version));
    HttpVersion::ALL.iter().copied().find(is_it).unwrap_or_default()
}
