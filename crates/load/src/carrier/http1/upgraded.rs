//! Whether a response switches to a WebSocket as RFC 6455, section 4.1, demands of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pushbench_protocol::headers::EXTENSIONS_FIELD;
use pushbench_wire::head::ResponseHead;
use sha1::{Digest, Sha1};

use crate::Fault;
use crate::carrier::agreed::is_as_asked;
use crate::carrier::opening::UpgradeRequest;

/// Appended to the key before it is hashed (section 1.3).
const ACCEPT_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Refuses whatever a browser would fail the connection for.
///
/// # Errors
///
/// [`Fault::Upgrade`], or [`Fault::Extension`] if only the extensions are others.
pub(crate) fn check(head: &ResponseHead<'_>, asked: &UpgradeRequest) -> Result<(), Fault> {
    let refuse = |is_so: bool| if is_so { Ok(()) } else { Err(Fault::Upgrade) };
    refuse(head.status == 101)?;
    // HTTP/1.0 has no 101: an intermediary that speaks it cannot have switched.
    refuse(head.is_in_1_1())?;
    let mut upgrades = head.fields.members("upgrade");
    let is_websocket = upgrades.next().is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"));
    refuse(is_websocket && upgrades.next().is_none())?;
    refuse(head.fields.has_member("connection", "upgrade"))?;
    let mut accepts = head.fields.values("sec-websocket-accept");
    refuse(accepts.next().map(<[u8]>::trim_ascii) == Some(accept_key(&asked.key).as_bytes()))?;
    refuse(accepts.next().is_none())?;
    let mut subprotocols = head.fields.values("sec-websocket-protocol");
    if let Some(chosen) = subprotocols.next() {
        refuse(offers(&asked.head, chosen.trim_ascii()) && subprotocols.next().is_none())?;
    }
    // Several fields are one list (section 9.1).
    let extensions: Vec<_> =
        head.fields.values(EXTENSIONS_FIELD).map(String::from_utf8_lossy).collect();
    let extensions = (!extensions.is_empty()).then(|| extensions.join(", "));
    if is_as_asked(extensions.as_deref(), asked.terms) { Ok(()) } else { Err(Fault::Extension) }
}

/// Whether a request offers a subprotocol; its case counts.
fn offers(request: &[u8], subprotocol: &[u8]) -> bool {
    request.split(|&byte| byte == b'\n').any(|line| {
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        name.eq_ignore_ascii_case(b"sec-websocket-protocol")
            && value[1..].split(|&byte| byte == b',').any(|name| name.trim_ascii() == subprotocol)
    })
}

/// The accept key that belongs to a key (section 4.2.2).
pub(crate) fn accept_key(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(ACCEPT_GUID.as_bytes());
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_key_is_the_one_of_rfc_6455_section_1_3() {
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_subprotocol_is_one_of_those_that_were_asked_for() {
        let request = b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: chat, mqtt\r\n\r\n";
        assert!(offers(request, b"mqtt") && offers(request, b"chat"));
        assert!(!offers(request, b"MQTT") && !offers(request, b"") && !offers(b"GET /\r\n", b"a"));
    }
}
