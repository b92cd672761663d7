//! Which HTTP a connection in clear speaks, by its first bytes.

use pushbench_protocol::HttpVersion;
use pushbench_wire::http2::PREFACE;

/// The version, once the bytes tell: HTTP/2 begins with its preface (RFC 9113, section 3.4), and everything
/// that does not is for HTTP/1.1 to judge.
pub(crate) fn version(bytes: &[u8]) -> Option<HttpVersion> {
    let len = bytes.len().min(PREFACE.len());
    match bytes[..len] == PREFACE[..len] {
        false => Some(HttpVersion::Http11),
        true if len == PREFACE.len() => Some(HttpVersion::Http2),
        true => None,
    }
}

/// Whether bytes begin a connection where a request should stand, behind the empty lines that may go before
/// one (RFC 9112, section 2.2).
pub(crate) fn begin_anew(bytes: &[u8]) -> bool {
    let first = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or_default();
    bytes[first..].starts_with(PREFACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told_as_soon_as_the_bytes_tell() {
        for len in 0..PREFACE.len() {
            assert_eq!(version(&PREFACE[..len]), None, "{len}");
            let mut other = PREFACE[..=len].to_vec();
            other[len] ^= 1;
            assert_eq!(version(&other), Some(HttpVersion::Http11), "{len}");
        }
        assert_eq!(version(PREFACE), Some(HttpVersion::Http2));
        assert_eq!(version(&[&PREFACE[..], b"more"].concat()), Some(HttpVersion::Http2));
        assert_eq!(version(b"PUT / HTTP/1.1\r\n"), Some(HttpVersion::Http11));
    }
}
