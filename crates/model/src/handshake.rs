//! Bytes of a TLS 1.3 handshake, message by message.
//!
//! Source: RFC 8446, sections 4 and 5, with the extensions, suites and groups that
//! `pushbench_tls::settings` spells out and rustls 0.23 sends for them. All lengths are exact but
//! one: an ECDSA signature on P-256 is 70 to 72 bytes long, by chance, and 71 on average.

use pushbench_wire::record::RECORD_OVERHEAD;

/// What a handshake depends on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handshake {
    /// Whether the server shows a certificate.
    pub kind: HandshakeKind,
    /// Bytes of the server's name; none if it is an address, which is not sent (RFC 6066,
    /// section 3).
    pub server_name: Option<u64>,
    /// Bytes of the registered name of the one protocol that the client offers.
    pub protocol: u64,
    /// Tickets that the server sends.
    pub tickets: u64,
}

/// How the server shows who it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandshakeKind {
    /// By a certificate of so many bytes (DER), the only one of its chain.
    Full {
        /// Bytes of the certificate.
        certificate: u64,
    },
    /// By knowing the session of a ticket.
    Resumed,
}

/// Type and length of a handshake message.
const MESSAGE: u64 = 1 + 3;
/// Type and length of an extension.
const EXTENSION: u64 = 2 + 2;
/// Content type, version and length of a record.
const RECORD: u64 = 5;
/// A hash, and so a Finished, of SHA-256.
const HASH: u64 = 32;
/// A key share of X25519: its group, its length and itself.
const KEY_SHARE: u64 = 2 + 2 + 32;
/// A version, 32 random bytes, and a session number of 32 for the sake of old middleboxes.
const HELLO: u64 = 2 + 32 + (1 + 32);
/// The change of cipher that old middleboxes want to see (section D.4).
const CHANGE_CIPHER: u64 = RECORD + 1;
/// An ECDSA signature on P-256, DER: two integers of 32 bytes, each one longer half of the time.
const SIGNATURE: u64 = 71;
/// What rustls puts in a ticket, encrypted: name of the key, nonce and tag around the session's
/// version, suite, secret, protocol (without its name), application data and times.
const TICKET: u64 = 16 + 12 + 16 + (1 + 2 + 2 + (1 + 32) + 1 + 1 + (1 + 1) + 2 + 8 + 4);

impl Handshake {
    /// The client's hello.
    pub fn client_hello(&self) -> u64 {
        const SUITES: u64 = 2 + 3 * 2;
        const COMPRESSION: u64 = 1 + 1;
        const VERSIONS: u64 = EXTENSION + 1 + 2;
        const GROUPS: u64 = EXTENSION + 2 + 2 * 2;
        const SIGNATURE_SCHEMES: u64 = EXTENSION + 2 + 9 * 2;
        const MASTER_SECRET: u64 = EXTENSION;
        const STATUS_REQUEST: u64 = EXTENSION + 1 + 2 + 2;
        const POINT_FORMATS: u64 = EXTENSION + 1 + 1;
        const KEY_SHARES: u64 = EXTENSION + 2 + KEY_SHARE;
        const PSK_MODES: u64 = EXTENSION + 1 + 1;
        let name = self.server_name.map_or(0, |name| EXTENSION + 2 + 1 + 2 + name);
        let psk = match self.kind {
            HandshakeKind::Full { .. } => 0,
            // Ticket, its age, and the binder that proves to know its secret.
            HandshakeKind::Resumed => EXTENSION + 2 + (2 + self.ticket() + 4) + 2 + (1 + HASH),
        };
        RECORD
            + MESSAGE
            + HELLO
            + SUITES
            + COMPRESSION
            + 2
            + VERSIONS
            + GROUPS
            + SIGNATURE_SCHEMES
            + MASTER_SECRET
            + STATUS_REQUEST
            + POINT_FORMATS
            + KEY_SHARES
            + PSK_MODES
            + self.protocols()
            + name
            + psk
    }

    /// All that the server answers to it: its hello, and what it encrypts in one record.
    pub fn server_flight(&self) -> u64 {
        const SUITE_AND_COMPRESSION: u64 = 2 + 1;
        const VERSION: u64 = EXTENSION + 2;
        const FINISHED: u64 = MESSAGE + HASH;
        let (psk, proof) = match self.kind {
            HandshakeKind::Full { certificate } => {
                let certificate = MESSAGE + 1 + 3 + (3 + certificate + 2);
                (0, certificate + MESSAGE + 2 + 2 + SIGNATURE)
            }
            HandshakeKind::Resumed => (EXTENSION + 2, 0),
        };
        let hello = RECORD
            + MESSAGE
            + HELLO
            + SUITE_AND_COMPRESSION
            + 2
            + VERSION
            + (EXTENSION + KEY_SHARE)
            + psk;
        let name = match (self.kind, self.server_name) {
            (HandshakeKind::Full { .. }, Some(_)) => EXTENSION,
            (HandshakeKind::Resumed, _) | (_, None) => 0,
        };
        let extensions = MESSAGE + 2 + self.protocols() + name;
        hello + CHANGE_CIPHER + RECORD_OVERHEAD + extensions + proof + FINISHED
    }

    /// What ends the handshake for the client.
    pub fn client_finished(&self) -> u64 {
        CHANGE_CIPHER + RECORD_OVERHEAD + MESSAGE + HASH
    }

    /// The tickets that the server sends behind it, in one record.
    pub fn new_tickets(&self) -> u64 {
        const LIFETIME_AND_AGE: u64 = 4 + 4;
        const NONCE: u64 = 1 + 32;
        const NO_EXTENSIONS: u64 = 2;
        let ticket = MESSAGE + LIFETIME_AND_AGE + NONCE + (2 + self.ticket()) + NO_EXTENSIONS;
        match self.tickets {
            0 => 0,
            tickets => RECORD_OVERHEAD + tickets * ticket,
        }
    }

    /// A ticket, which names the server and the protocol.
    fn ticket(&self) -> u64 {
        TICKET + self.server_name.map_or(0, |name| 1 + name) + self.protocol
    }

    /// The extension that offers or chooses one protocol (RFC 7301, section 3.1).
    fn protocols(&self) -> u64 {
        EXTENSION + 2 + 1 + self.protocol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Handshake = Handshake {
        kind: HandshakeKind::Full { certificate: 400 },
        server_name: None,
        protocol: 8,
        tickets: 2,
    };
    const RESUMED: Handshake = Handshake { kind: HandshakeKind::Resumed, ..FULL };

    #[test]
    fn resuming_saves_the_certificate_and_costs_a_ticket() {
        let saved = FULL.server_flight() - RESUMED.server_flight();
        assert_eq!(saved, (4 + 4 + 5 + 400) + (4 + 4 + 71) - 6);
        let more = RESUMED.client_hello() - FULL.client_hello();
        assert_eq!(more, 4 + 2 + (2 + RESUMED.ticket() + 4) + 2 + 33);
    }

    #[test]
    fn an_address_is_no_name_to_be_sent() {
        let named = Handshake { server_name: Some(9), ..FULL };
        assert_eq!(named.client_hello() - FULL.client_hello(), 18);
        assert_eq!(named.server_flight() - FULL.server_flight(), 4);
        assert_eq!(named.ticket() - FULL.ticket(), 10);
    }

    #[test]
    fn no_tickets_take_no_record() {
        assert_eq!(Handshake { tickets: 0, ..FULL }.new_tickets(), 0);
        assert_eq!(FULL.new_tickets() - Handshake { tickets: 1, ..FULL }.new_tickets(), 157);
    }
}
