//! What a client offers in `Sec-WebSocket-Extensions`, and what the server takes of it
//! (RFC 6455, section 9.1; RFC 7692, sections 5 and 7.1).

use http::header::SEC_WEBSOCKET_EXTENSIONS;
use pushbench_protocol::DeflateTerms;
use pushbench_protocol::compression::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, MAX_WINDOW_BITS, MIN_WINDOW_BITS,
    PERMESSAGE_DEFLATE, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};

use super::offers::{Extension, Malformed, extensions};
use crate::config::DeflateLimits;
use crate::respond::fields::{Fields, text};

/// What was agreed, and the value that says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Agreed {
    pub(crate) terms: DeflateTerms,
    pub(crate) answer: String,
}

/// What a session does about compression.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SessionDeflate {
    pub(crate) terms: DeflateTerms,
    /// Messages of fewer bytes are left as they are.
    pub(crate) threshold: usize,
}

/// Takes the first offer of permessage-deflate that can be kept, with terms no larger than the
/// server's; `None` if there is none, or the server compresses nothing.
///
/// # Errors
///
/// If the field breaks the grammar. An offer that is well-formed and cannot be taken is passed over.
pub(crate) fn negotiate<F: Fields + ?Sized>(
    fields: &F,
    limits: Option<DeflateLimits>,
) -> Result<Option<Agreed>, Malformed> {
    let mut agreed = None;
    for value in fields.all(&SEC_WEBSOCKET_EXTENSIONS) {
        let Some(list) = text(value) else {
            return Err(Malformed { rest: String::from_utf8_lossy(value).into_owned() });
        };
        for extension in extensions(list)? {
            if let (None, Some(limits)) = (&agreed, limits) {
                agreed = accept(&extension, limits);
            }
        }
    }
    Ok(agreed)
}

/// `None` if the offer cannot be kept: another extension, a parameter that is unknown, stands twice
/// or has a value that it may not have, or a window that zlib has not.
fn accept(extension: &Extension<'_>, limits: DeflateLimits) -> Option<Agreed> {
    if extension.name != PERMESSAGE_DEFLATE {
        return None;
    }
    let mut terms = DeflateTerms::symmetric(limits.window_bits, limits.context_takeover);
    let mut hint = None;
    let mut names_server_window = false;
    for (place, (name, value)) in extension.parameters.iter().enumerate() {
        if extension.parameters[..place].iter().any(|(earlier, _)| earlier == name) {
            return None;
        }
        match (*name, value.as_deref()) {
            (SERVER_NO_CONTEXT_TAKEOVER, None) => terms.server_takeover = false,
            (CLIENT_NO_CONTEXT_TAKEOVER, None) => terms.client_takeover = false,
            (SERVER_MAX_WINDOW_BITS, Some(value)) => {
                let bits = window_bits(value).filter(|bits| *bits >= MIN_WINDOW_BITS)?;
                terms.server_window_bits = terms.server_window_bits.min(bits);
                names_server_window = true;
            }
            (CLIENT_MAX_WINDOW_BITS, None) => hint = Some(MAX_WINDOW_BITS),
            // More than was offered may not be said (section 7.1.2.2). zlib has no window of 256
            // bytes, but what was made with one can be read with any.
            (CLIENT_MAX_WINDOW_BITS, Some(value)) => hint = Some(window_bits(value)?),
            _ => return None,
        }
    }
    // Without that parameter the client may not be told to use less (section 7.1.2.2).
    terms.client_window_bits = match hint {
        Some(hint) => terms.client_window_bits.min(hint),
        None => MAX_WINDOW_BITS,
    };
    Some(Agreed { answer: terms.answer(names_server_window), terms })
}

/// A number from 8 to 15 without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    let bits = value.parse().ok().filter(|bits| (8..=MAX_WINDOW_BITS).contains(bits))?;
    (value == bits.to_string()).then_some(bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELD: &str = "Sec-WebSocket-Extensions";
    const WIDE: DeflateLimits =
        DeflateLimits { window_bits: 15, context_takeover: true, threshold: 0 };
    const NARROW: DeflateLimits =
        DeflateLimits { window_bits: 10, context_takeover: false, threshold: 0 };

    fn answer(limits: DeflateLimits, offers: &[&str]) -> Result<Option<String>, Malformed> {
        let fields: Vec<_> = offers.iter().map(|offer| (FIELD, *offer)).collect();
        Ok(negotiate(&fields[..], Some(limits))?.map(|agreed| agreed.answer))
    }

    #[test]
    fn an_offer_is_answered_with_what_does_not_hold_anyway() {
        for (limits, offer, expected) in [
            (WIDE, "permessage-deflate", "permessage-deflate"),
            (WIDE, "permessage-deflate; client_max_window_bits", "permessage-deflate"),
            (
                WIDE,
                "permessage-deflate;server_max_window_bits=15",
                "permessage-deflate; server_max_window_bits=15",
            ),
            (
                WIDE,
                "permessage-deflate; server_max_window_bits=\"1\\0\" ; client_max_window_bits = 9",
                "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
            ),
            (
                WIDE,
                "permessage-deflate; client_max_window_bits=8",
                "permessage-deflate; client_max_window_bits=8",
            ),
            (
                WIDE,
                "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            ),
            (
                NARROW,
                "permessage-deflate",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=10",
            ),
            (
                NARROW,
                "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=9; client_max_window_bits=10",
            ),
        ] {
            assert_eq!(answer(limits, &[offer]), Ok(Some(expected.to_owned())), "{offer}");
        }
    }

    #[test]
    fn an_offer_that_cannot_be_kept_is_passed_over() {
        for offer in [
            "",
            "x-webkit-deflate-frame",
            "permessage-bzip2; blocks=5",
            "permessage-deflate; mystery",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=ten",
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        ] {
            assert_eq!(answer(WIDE, &[offer]), Ok(None), "{offer}");
            let second = format!("{offer}, permessage-deflate; server_no_context_takeover");
            let expected = "permessage-deflate; server_no_context_takeover".to_owned();
            assert_eq!(answer(WIDE, &[&second]), Ok(Some(expected.clone())), "{second}");
            let apart = [offer, "permessage-deflate; server_no_context_takeover"];
            assert_eq!(answer(WIDE, &apart), Ok(Some(expected)), "{offer}");
        }
    }

    #[test]
    fn the_first_offer_that_can_be_kept_wins() {
        let offer = "permessage-deflate; server_max_window_bits=12, permessage-deflate";
        let expected = "permessage-deflate; server_max_window_bits=12".to_owned();
        assert_eq!(answer(WIDE, &[offer]), Ok(Some(expected)));
    }

    #[test]
    fn what_is_no_list_of_extensions_is_malformed() {
        for offer in [
            "permessage-deflate;",
            "permessage-deflate; =10",
            "permessage-deflate; server_max_window_bits=",
            "permessage-deflate; server_max_window_bits=\"10",
            "permessage-deflate; server_max_window_bits=\"\"",
            "permessage-deflate; server_max_window_bits=\"1 0\"",
            "permessage-deflate server_no_context_takeover",
            "permessage deflate",
            "; server_no_context_takeover",
            "permessage-deflate, (",
        ] {
            assert!(answer(WIDE, &[offer]).is_err(), "{offer}");
        }
    }

    #[test]
    fn a_server_that_compresses_nothing_takes_nothing() {
        let fields = [(FIELD, "permessage-deflate; client_max_window_bits")];
        assert_eq!(negotiate(&fields[..], None), Ok(None));
    }

    #[test]
    fn our_own_offer_is_answered_with_its_terms() {
        for bits in [9, 10, 15] {
            for takeover in [true, false] {
                let terms = DeflateTerms::symmetric(bits, takeover);
                let limits =
                    DeflateLimits { window_bits: bits, context_takeover: takeover, threshold: 0 };
                assert_eq!(answer(limits, &[&terms.offer()]), Ok(Some(terms.answer(false))));
                assert_eq!(answer(WIDE, &[&terms.offer()]), Ok(Some(terms.answer(false))));
            }
        }
    }

    proptest! {
        #[test]
        fn no_field_makes_the_parser_panic(text in "[ -~\t]{0,60}") {
            let _ = extensions(&text);
        }

        #[test]
        fn no_offer_gets_more_than_the_server_has(
            parameters in prop::collection::vec((0_usize..4, 0_u8..18), 0..4),
        ) {
            let mut offer = PERMESSAGE_DEFLATE.to_owned();
            for (which, bits) in parameters {
                let name = [
                    SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER,
                    SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS,
                ][which];
                offer.push_str(&match which {
                    0 | 1 => format!("; {name}"),
                    _ => format!("; {name}={bits}"),
                });
            }
            let fields = [(FIELD, offer.as_str())];
            let agreed = negotiate(&fields[..], Some(NARROW)).expect("grammar");
            if let Some(Agreed { terms, .. }) = agreed {
                prop_assert!((9..=10).contains(&terms.server_window_bits));
                prop_assert!(!terms.server_takeover && !terms.client_takeover);
            }
        }
    }
}
