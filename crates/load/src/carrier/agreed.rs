//! What a server says it has agreed on in `Sec-WebSocket-Extensions`.
//!
//! Read here and not by the code that the server has for offers, so that the two are held against
//! one another.

use pushbench_protocol::DeflateTerms;
use pushbench_protocol::compression::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, MAX_WINDOW_BITS, MIN_WINDOW_BITS,
    PERMESSAGE_DEFLATE, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};
use pushbench_protocol::number::digits;

/// Whether the server has agreed to what was asked for: nothing, or permessage-deflate with exactly
/// these terms for its own messages. The client's are its own to keep.
pub(crate) fn is_as_asked(value: Option<&str>, asked: Option<DeflateTerms>) -> bool {
    match (value, asked) {
        (None, None) => true,
        (Some(value), Some(asked)) => server_terms(value)
            .is_some_and(|found| found == (asked.server_window_bits, asked.server_takeover)),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// The server's window and takeover; `None` if the value is no answer to an offer of ours.
fn server_terms(value: &str) -> Option<(u8, bool)> {
    let mut parts = value.split(';').map(str::trim);
    parts.next().filter(|name| *name == PERMESSAGE_DEFLATE)?;
    let (mut bits, mut takeover) = (MAX_WINDOW_BITS, true);
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
        let window = || {
            // Decimal without leading zeroes (RFC 7692, section 7.1.2).
            let value = value.filter(|value| !value.starts_with('0'))?;
            let bits = u8::try_from(digits(value.as_bytes())?).ok()?;
            Some(bits).filter(|bits| (8..=MAX_WINDOW_BITS).contains(bits))
        };
        match (name, value) {
            (SERVER_MAX_WINDOW_BITS, Some(_)) => bits = window()?.max(MIN_WINDOW_BITS),
            (CLIENT_MAX_WINDOW_BITS, Some(_)) => drop(window()?),
            (SERVER_NO_CONTEXT_TAKEOVER, None) => takeover = false,
            (CLIENT_NO_CONTEXT_TAKEOVER, None) => {}
            _ => return None,
        }
    }
    Some((bits, takeover))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_agreed_is_what_was_asked_for_or_a_fault() {
        let asked = |bits, takeover| Some(DeflateTerms::symmetric(bits, takeover));
        for (value, terms, expected) in [
            (None, None, true),
            (None, asked(15, true), false),
            (Some("permessage-deflate"), None, false),
            (Some("permessage-deflate"), asked(15, true), true),
            (Some("permessage-deflate; client_max_window_bits=11"), asked(15, true), true),
            (Some("permessage-deflate; server_max_window_bits=\"10\""), asked(10, true), true),
            (Some("permessage-deflate;server_no_context_takeover"), asked(15, false), true),
            (Some("permessage-deflate; server_no_context_takeover"), asked(15, true), false),
            (Some("permessage-deflate; server_max_window_bits=12"), asked(10, true), false),
            (Some("permessage-deflate"), asked(15, false), false),
            (Some("permessage-deflate; server_max_window_bits=16"), asked(15, true), false),
            (Some("permessage-deflate; client_max_window_bits"), asked(15, true), false),
            (Some("permessage-deflate; server_max_window_bits=010"), asked(10, true), false),
            (Some("permessage-deflate; server_max_window_bits=+10"), asked(10, true), false),
            (Some("permessage-deflate; mystery"), asked(15, true), false),
            (Some("x-webkit-deflate-frame"), asked(15, true), false),
        ] {
            assert_eq!(is_as_asked(value, terms), expected, "{value:?} for {terms:?}");
        }
    }
}
