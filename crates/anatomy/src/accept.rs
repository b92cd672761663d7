//! How a server proves that it has read the upgrade and not just echoed it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::part::{Detail, hex};

/// The constant that every server appends to the key (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The steps from a `Sec-WebSocket-Key` to its `Sec-WebSocket-Accept`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptKey {
    /// As the client sent it.
    pub key: String,
    /// Key and constant, one behind the other.
    pub joined: String,
    /// SHA-1 of that, 20 bytes.
    pub hash: [u8; 20],
    /// Base64 of the hash: what the server answers.
    pub accept: String,
}

/// Computes what a server must answer to a key (RFC 6455, section 4.2.2).
pub fn accept_key(key: &str) -> AcceptKey {
    let joined = format!("{key}{GUID}");
    let hash: [u8; 20] = Sha1::digest(joined.as_bytes()).into();
    AcceptKey { key: key.to_owned(), accept: STANDARD.encode(hash), joined, hash }
}

impl AcceptKey {
    /// The steps, one a line.
    pub(crate) fn steps(&self) -> [Detail; 5] {
        let note =
            "appended by every WebSocket server: no cache and no plain HTTP server would do so";
        [
            Detail::new("key", &self.key, "as the client sent it, still in base64"),
            Detail::new("constant", GUID, note),
            Detail::new("joined", &self.joined, "60 characters"),
            Detail::new("SHA-1", hex(&self.hash, " "), "20 bytes"),
            Detail::new("base64", &self.accept, "28 characters: the value above"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: RFC 6455, section 1.3, which prints the hash too.
    #[test]
    fn the_rfcs_worked_example_comes_out_at_each_step() {
        let accept = accept_key("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept.joined, "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        assert_eq!(
            hex(&accept.hash, " "),
            "b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea"
        );
        assert_eq!(accept.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accept.joined.len(), 60);
    }
}
