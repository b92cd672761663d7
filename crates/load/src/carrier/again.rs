//! Whether a request is worth another connection.

/// Whether a request to which no response came may be sent again on another connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Again {
    /// It may not: something of a response has come, or it was not the connection's end that it
    /// failed by.
    Never,
    /// Once: the server may have acted on it, but a poll is a GET, which may be repeated; that
    /// attempt is the last (RFC 9110, section 9.2.2).
    Once,
    /// As often as it takes: the server has said that it did nothing about it (RFC 9113, section
    /// 6.8).
    Unprocessed,
}
