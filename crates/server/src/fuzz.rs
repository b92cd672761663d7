//! A door for the fuzz targets in `crates/fuzz`: this crate's readers of bytes from outside, each
//! with what must hold whatever the bytes are. Panics where it does not.

use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY};

use crate::config::DeflateLimits;
use crate::engine::lean::fuzz::requests as read_requests;
use crate::websocket::{extensions, fuzz_frames, handshake};

/// What a WebSocket client sends: the same wherever reads end.
pub fn frames(bytes: &[u8], step: usize, is_compressed: bool) {
    let read = |step: usize| fuzz_frames(bytes.chunks(step.max(1)), is_compressed);
    assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
}

/// Requests one after the other, and their bodies: the same wherever reads end.
pub fn requests(bytes: &[u8], step: usize) {
    let whole = read_requests(bytes, bytes.len());
    assert_eq!(read_requests(bytes, step), whole, "in steps of {step}");
}

/// The fields of an upgrade: an offer of extensions, and a key.
pub fn upgrade(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut fields = HeaderMap::new();
    fields.insert(SEC_WEBSOCKET_EXTENSIONS, value.clone());
    fields.insert(SEC_WEBSOCKET_KEY, value);
    let limits =
        DeflateLimits { window_bits: 12, context_takeover: true, ..DeflateLimits::default() };
    if let Ok(Some(agreed)) = extensions::negotiate(&fields, Some(limits)) {
        assert!(agreed.terms.server_window_bits <= 12, "no more than the server has");
    }
    let _ = handshake::accept(http::Version::HTTP_11, &fields);
}

/// The target of a request: its topic and the parameters of its query.
pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(uri) = text.parse::<http::Uri>() else { return };
    crate::respond::fuzz_target(uri.path(), uri.query().unwrap_or_default());
}
