//! What is spoken above TLS, agreed on in its handshake (ALPN, RFC 7301).

/// A protocol above TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// HTTP/1.1 (RFC 9112), which is also spoken where nothing was agreed on.
    Http11,
}

impl Protocol {
    /// Every protocol, the one that a server prefers first.
    pub const ALL: &'static [Self] = &[Self::Http11];

    /// Its registered name.
    pub const fn id(self) -> &'static [u8] {
        match self {
            Self::Http11 => b"http/1.1",
        }
    }

    /// The protocol that a handshake agreed on.
    pub(crate) fn agreed(id: Option<&[u8]>) -> Self {
        let known = |id: &[u8]| Self::ALL.iter().copied().find(|protocol| protocol.id() == id);
        id.and_then(known).unwrap_or(Self::Http11)
    }
}
