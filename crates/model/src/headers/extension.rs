//! `Sec-WebSocket-Extensions`: what is asked for and agreed on (RFC 7692, section 7.1).

use pushbench_protocol::DeflateTerms;

/// Name of the extension.
pub(super) const DEFLATE: &str = "permessage-deflate";
/// Window, as a base-2 logarithm, that holds where none is said.
const USUAL_WINDOW: u8 = 15;

/// What a client asks for. It always says that the server may limit its window.
pub(super) fn offer(terms: DeflateTerms) -> String {
    let client = terms.client_window_bits;
    let client_window = match client {
        USUAL_WINDOW => "; client_max_window_bits".to_owned(),
        _ => format!("; client_max_window_bits={client}"),
    };
    [DEFLATE, takeover(terms), &server_window(terms), &client_window].concat()
}

/// What a server agrees on: nothing that holds where nothing is said.
pub(super) fn agreement(terms: DeflateTerms) -> String {
    let client = terms.client_window_bits;
    let client_window = match client {
        USUAL_WINDOW => String::new(),
        _ => format!("; client_max_window_bits={client}"),
    };
    [DEFLATE, takeover(terms), &server_window(terms), &client_window].concat()
}

fn takeover(terms: DeflateTerms) -> &'static str {
    match (terms.server_takeover, terms.client_takeover) {
        (true, true) => "",
        (false, true) => "; server_no_context_takeover",
        (true, false) => "; client_no_context_takeover",
        (false, false) => "; server_no_context_takeover; client_no_context_takeover",
    }
}

fn server_window(terms: DeflateTerms) -> String {
    match terms.server_window_bits {
        USUAL_WINDOW => String::new(),
        bits => format!("; server_max_window_bits={bits}"),
    }
}
