//! Why bytes are refused as the headers of a message.

use super::bound::MAX_HEAD;

/// Why bytes are not the headers of an HTTP/1 message, or do not say where its body ends.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeadError {
    /// The bytes break the grammar of RFC 9112, sections 3 to 5.
    #[error("found `{found}`, expected {expected}")]
    Malformed {
        /// How they begin, escaped.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The headers do not end in time.
    #[error("the headers take more than {MAX_HEAD} bytes, expected at most as many")]
    TooLong,
    /// A length that is no number of bytes (RFC 9110, section 8.6).
    #[error("`Content-Length` is `{found}`, expected decimal digits for less than 2^63")]
    Length {
        /// Its value, escaped.
        found: String,
    },
    /// Lengths that contradict each other (RFC 9112, section 6.3).
    #[error("`Content-Length` is {first} and {second}, expected one length")]
    Lengths {
        /// The first.
        first: u64,
        /// Another.
        second: u64,
    },
    /// A transfer coding that nobody asked for (RFC 9112, section 6.1).
    #[error("`Transfer-Encoding` is `{found}`, expected `chunked` alone")]
    TransferCoding {
        /// Its value, escaped.
        found: String,
    },
}

/// Most bytes that are shown of what was found.
const SHOWN: usize = 40;

impl HeadError {
    pub(super) fn malformed(bytes: &[u8], expected: &'static str) -> Self {
        Self::Malformed { found: shown(bytes), expected }
    }
}

/// The beginning of these bytes as printable ASCII.
pub(super) fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(SHOWN)].escape_ascii().to_string()
}
