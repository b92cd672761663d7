//! What is spoken above TLS, agreed on in its handshake (ALPN, RFC 7301).

/// A protocol above TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// HTTP/2 (RFC 9113).
    Http2,
    /// HTTP/1.1 (RFC 9112), which is also spoken where nothing was agreed on.
    Http11,
}

impl Protocol {
    /// Every protocol, the one that a server prefers first.
    pub const ALL: &'static [Self] = &[Self::Http2, Self::Http11];

    /// Its registered name.
    pub const fn id(self) -> &'static [u8] {
        match self {
            Self::Http2 => b"h2",
            Self::Http11 => b"http/1.1",
        }
    }

    /// The protocol of that registered name, if it is known.
    pub fn of(id: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|protocol| protocol.id() == id)
    }

    /// The protocol that a handshake agreed on.
    pub(crate) fn agreed(id: Option<&[u8]>) -> Self {
        id.and_then(Self::of).unwrap_or(Self::Http11)
    }
}
