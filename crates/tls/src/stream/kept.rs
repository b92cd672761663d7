//! Bytes of a connection that wait for something.

use tokio::io::ReadBuf;

use crate::engine::Outlet;

/// Ciphertext that has come and cannot be handled yet.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) kept: Vec<u8>,
    /// Of those, bytes of whole records: parts of a message that is longer than a record.
    pub(super) handled: usize,
    /// The peer has said that nothing more will come.
    pub(super) is_over: bool,
    /// Nothing more comes.
    pub(super) has_ended: bool,
    /// What came was refused: the engine must not be asked again.
    pub(super) has_failed: bool,
}

/// Plaintext that has not been asked for yet.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) bytes: Vec<u8>,
    pub(super) taken: usize,
}

/// Ciphertext that the socket has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    pub(super) bytes: Vec<u8>,
    pub(super) sent: usize,
    /// Where records that carry the stream end; those behind are TLS's own.
    pub(super) stream_end: usize,
}

impl Unsent {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Where an engine's output goes: to whoever reads, and what does not fit is kept.
pub(super) struct Sink<'a, 'b> {
    pub(super) asked: Option<&'a mut ReadBuf<'b>>,
    pub(super) waiting: &'a mut Waiting,
    pub(super) outgoing: &'a mut Unsent,
    pub(super) is_over: &'a mut bool,
}

impl Outlet for Sink<'_, '_> {
    fn stream(&mut self, mut plaintext: &[u8]) {
        if let Some(asked) = &mut self.asked
            && self.waiting.bytes.is_empty()
        {
            let (now, later) = plaintext.split_at(plaintext.len().min(asked.remaining()));
            asked.put_slice(now);
            plaintext = later;
        }
        self.waiting.bytes.extend_from_slice(plaintext);
    }

    fn answer(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing.bytes
    }

    fn is_over(&mut self) {
        *self.is_over = true;
    }
}
