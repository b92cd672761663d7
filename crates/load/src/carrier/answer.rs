//! A response that ends, whatever carried it.

use pushbench_protocol::{Cursor, Phase};

use crate::content_coding::ContentCoding;

/// A response to a poll.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer<'a> {
    /// Status code.
    pub(crate) status: u16,
    /// The head as received, empty line included; nothing where heads are booked as they pass.
    pub(crate) head: &'a [u8],
    /// Bytes of the interim responses before it.
    pub(crate) interim: u64,
    /// The body, without what marks its chunks off.
    pub(crate) body: &'a [u8],
    /// Bytes that mark its chunks off, trailer fields included.
    pub(crate) framing: u64,
    /// From the `Cursor` or the `Etag` field.
    pub(crate) cursor: Option<Cursor>,
    /// From the `Gap` field: messages that the server no longer held.
    pub(crate) gap: u64,
    /// From the `Content-Encoding` field: what the body is compressed with.
    pub(crate) coding: ContentCoding,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}

impl Answer<'_> {
    /// Bytes of all of it.
    pub(crate) fn len(&self) -> u64 {
        self.interim + self.head.len() as u64 + self.body.len() as u64 + self.framing
    }
}

/// A response that was received whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Received {
    /// The phase under which it was booked.
    pub(crate) phase: Phase,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}
