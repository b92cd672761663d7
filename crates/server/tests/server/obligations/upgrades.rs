//! Rows of RFC 6455 and 7692: the upgrade to a WebSocket, and what it agrees on.

use super::{Row, get, row, status};
use crate::support::KEY;

/// An upgrade whose fields are these.
fn handshake(fields: &[(&str, &str)]) -> String {
    let fields: String =
        fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    get("/topics/t0000/ws", &fields)
}

const UPGRADE: [(&str, &str); 4] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
];

/// The good upgrade, with one field replaced, or left out where `value` is empty.
fn handshake_with(name: &str, value: &str) -> String {
    let mut fields: Vec<_> = UPGRADE
        .into_iter()
        .map(|(known, good)| (known, if known == name { value } else { good }))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if !name.is_empty() && !UPGRADE.iter().any(|(known, _)| *known == name) {
        fields.push((name, value));
    }
    handshake(&fields)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "6455 4.2.2: 101 spells its fields",
            handshake_with("", ""),
            status("101").has(&[
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            ]),
        ),
        row(
            "6455 4.1: a handshake is a GET",
            handshake_with("", "").replacen("GET", "HEAD", 1),
            status("405").has(&["Allow: GET,CONNECT"]),
        ),
        row(
            "6455 4.2.2: what is not asked for is not agreed on",
            handshake_with("", ""),
            status("101").lacks(&["sec-websocket-extensions", "sec-websocket-protocol"]),
        ),
        row(
            "6455 4.2.2: no subprotocol that the server does not speak",
            handshake_with("Sec-WebSocket-Protocol", "chat, superchat"),
            status("101").lacks(&["sec-websocket-protocol"]),
        ),
        row(
            "6455 4.2.1: tokens know no case",
            handshake_with("Upgrade", "WebSocket"),
            status("101"),
        ),
        row(
            "6455 4.2.1: Connection is a list",
            handshake_with("Connection", "keep-alive, upgrade"),
            status("101"),
        ),
        row(
            "6455 4.2.1: Upgrade must name it",
            handshake_with("Upgrade", "h2c"),
            status("426").has(&["Upgrade: websocket"]),
        ),
        row(
            "6455 4.2.1: Connection must name it",
            handshake_with("Connection", "keep-alive"),
            status("400"),
        ),
        row(
            "6455 4.2.1: there must be a key",
            handshake_with("Sec-WebSocket-Key", ""),
            status("400"),
        ),
        row(
            "6455 4.2.1: of sixteen bytes",
            handshake_with("Sec-WebSocket-Key", "c2hvcnQ="),
            status("400"),
        ),
        row(
            "6455 11.3.1: and only one",
            handshake_with("Sec-WebSocket-Key ", KEY),
            status("400").closes(),
        ),
        row(
            "6455 4.4: another version is told the right one",
            handshake_with("Sec-WebSocket-Version", "8"),
            status("426").has(&["Sec-WebSocket-Version: 13", "Upgrade: websocket"]),
        ),
        row(
            "6455 4.2.1: the method is GET",
            handshake_with("", "").replacen("GET", "POST", 1),
            status("405").has(&["Allow: "]),
        ),
        row(
            "6455 10.2: a page of another host is refused",
            handshake_with("Origin", "http://evil.example"),
            status("403"),
        ),
        row(
            "6454 4: a default port is the same origin",
            handshake_with("Origin", "http://h:80"),
            status("101"),
        ),
        row(
            "6455 9.1: what is no list of extensions fails",
            handshake_with("Sec-WebSocket-Extensions", "permessage-deflate;"),
            status("400"),
        ),
        row(
            "6455 9.1: an unknown extension is not agreed on",
            handshake_with("Sec-WebSocket-Extensions", "x-unknown"),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
        row(
            "7692 7.1.2.2: no more than the offered window is said",
            handshake_with(
                "Sec-WebSocket-Extensions",
                "permessage-deflate; client_max_window_bits=8",
            ),
            status("101")
                .has(&["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=8"]),
        ),
        row(
            "7692 7.1.2.2: and nothing where it was not offered",
            handshake_with("Sec-WebSocket-Extensions", "permessage-deflate"),
            status("101").lacks(&["client_max_window_bits"]),
        ),
        row(
            "7692 7.1.2.1: a window that is not there is declined",
            handshake_with(
                "Sec-WebSocket-Extensions",
                "permessage-deflate; server_max_window_bits=8",
            ),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
        row(
            "7692 7.1: a parameter twice is declined",
            handshake_with(
                "Sec-WebSocket-Extensions",
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            ),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
        row(
            "7692 7.1: an unknown parameter is declined",
            handshake_with("Sec-WebSocket-Extensions", "permessage-deflate; mystery"),
            status("101").lacks(&["sec-websocket-extensions"]),
        ),
    ]
}
