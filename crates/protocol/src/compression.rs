//! Compression: which bodies and messages, how hard, and the terms of permessage-deflate.

use crate::transport::Compression;

/// Largest window of deflate, as a base-2 logarithm: 32 KiB (RFC 1951, section 2).
pub const MAX_WINDOW_BITS: u8 = 15;
/// Smallest window that zlib's raw deflate takes. RFC 7692 allows 8.
pub const MIN_WINDOW_BITS: u8 = 9;

/// Smallest body in bytes that a server compresses unless told otherwise.
///
/// Below it a body and a usual head fit in one segment of 1,448 bytes together, so that compressing
/// saves no packet, and `Content-Encoding` and gzip's own 18 bytes eat much of what it saves. It is
/// the default of Express' `compression` too.
pub const BODY_THRESHOLD: usize = 1_024;

/// Largest body in bytes that a server compresses if it holds several messages: compressing more would
/// keep everyone else waiting. A client that has fallen behind by more than that gets it as it is.
pub const MOST_CODED_BODY: u64 = 1 << 20;

/// Whether a server of ours compresses a body of so many bytes that holds so many messages, from
/// `threshold` bytes on. A single message is compressed whatever its size, which is bounded besides.
///
/// The server goes by it, the load generator expects it, and the model predicts it.
pub const fn is_body_coded(bytes: u64, messages: u64, threshold: u64) -> bool {
    bytes >= threshold && (messages <= 1 || bytes <= MOST_CODED_BODY)
}

/// Smallest WebSocket message in bytes that is compressed unless the server is told otherwise: any.
///
/// npm `ws` leaves messages under 1,024 bytes as they are, Python's `websockets` none. What was
/// agreed is done here, so that a run shows what deflating small messages costs or saves.
pub const MESSAGE_THRESHOLD: usize = 0;

impl Compression {
    /// How hard it tries: zlib's own default for gzip and deflate, 1 to 9; for `br` a quality of 0
    /// to 11 of which bodies made on the fly get one in the middle, as in nginx's module. `None` is no
    /// compression.
    pub const fn level(self) -> Option<u32> {
        match self {
            Self::None => None,
            Self::Gzip | Self::Deflate => Some(6),
            Self::Brotli => Some(5),
        }
    }

    /// The name of the content coding (RFC 9110, section 8.4.1); `None` where it is none.
    pub const fn content_coding(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Deflate => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// What two ends agree on for permessage-deflate.
///
/// Source: RFC 7692, section 7.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeflateTerms {
    /// Base-2 logarithm of the window that the server compresses with, 9 to 15.
    pub server_window_bits: u8,
    /// The same of the client.
    pub client_window_bits: u8,
    /// Whether the server's messages may refer to those before them.
    pub server_takeover: bool,
    /// The same of the client's.
    pub client_takeover: bool,
}

impl DeflateTerms {
    /// The same terms both ways.
    pub const fn symmetric(window_bits: u8, takeover: bool) -> Self {
        Self {
            server_window_bits: window_bits,
            client_window_bits: window_bits,
            server_takeover: takeover,
            client_takeover: takeover,
        }
    }

    /// The terms that hold if nothing is said about them.
    pub const DEFAULT: Self = Self::symmetric(MAX_WINDOW_BITS, true);

    /// The value of `Sec-WebSocket-Extensions` with which a client asks for these terms. Without a
    /// wish of its own it lets the server limit the client's window, as browsers do.
    pub fn offer(&self) -> String {
        let mut offer = self.with_takeover();
        if self.server_window_bits < MAX_WINDOW_BITS {
            offer.push_str(&format!("; {SERVER_MAX_WINDOW_BITS}={}", self.server_window_bits));
        }
        offer.push_str("; ");
        offer.push_str(CLIENT_MAX_WINDOW_BITS);
        if self.client_window_bits < MAX_WINDOW_BITS {
            offer.push_str(&format!("={}", self.client_window_bits));
        }
        offer
    }

    /// The value with which a server accepts these terms: nothing that holds anyway.
    ///
    /// `names_server_window` is to say the server's window even if it is the largest, which an offer
    /// that names it must be answered with (RFC 7692, section 7.1.2.1).
    pub fn answer(&self, names_server_window: bool) -> String {
        let mut answer = self.with_takeover();
        for (name, bits, is_named) in [
            (SERVER_MAX_WINDOW_BITS, self.server_window_bits, names_server_window),
            (CLIENT_MAX_WINDOW_BITS, self.client_window_bits, false),
        ] {
            if bits < MAX_WINDOW_BITS || is_named {
                answer.push_str(&format!("; {name}={bits}"));
            }
        }
        answer
    }

    fn with_takeover(&self) -> String {
        let mut text = PERMESSAGE_DEFLATE.to_owned();
        for (name, takeover) in [
            (SERVER_NO_CONTEXT_TAKEOVER, self.server_takeover),
            (CLIENT_NO_CONTEXT_TAKEOVER, self.client_takeover),
        ] {
            if !takeover {
                text.push_str("; ");
                text.push_str(name);
            }
        }
        text
    }
}

/// The field that extensions are offered and agreed on in (RFC 6455, section 11.3.2).
pub const EXTENSIONS_FIELD: &str = "Sec-WebSocket-Extensions";

/// The extension's name.
pub const PERMESSAGE_DEFLATE: &str = "permessage-deflate";
/// The server's messages do not refer to those before them (RFC 7692, section 7.1.1.1).
pub const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
/// The client's messages do not refer to those before them (section 7.1.1.2).
pub const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
/// The server's largest window (section 7.1.2.1).
pub const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
/// The client's largest window (section 7.1.2.2).
pub const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_wishes_an_offer_is_the_one_of_browsers_and_its_answer_the_bare_name() {
        assert_eq!(DeflateTerms::DEFAULT.offer(), "permessage-deflate; client_max_window_bits");
        assert_eq!(DeflateTerms::DEFAULT.answer(false), "permessage-deflate");
    }

    #[test]
    fn every_wish_is_in_the_offer_and_in_the_answer() {
        let terms = DeflateTerms::symmetric(10, false);
        let expected = "permessage-deflate; server_no_context_takeover; \
                        client_no_context_takeover; server_max_window_bits=10; \
                        client_max_window_bits=10";
        assert_eq!(terms.offer(), expected);
        assert_eq!(terms.answer(false), expected);
        let largest = "permessage-deflate; server_max_window_bits=15";
        assert_eq!(DeflateTerms::DEFAULT.answer(true), largest);
    }
}
