//! What the bytes of a unit were for.

use std::ops::AddAssign;

/// Bytes by what they were for, as the books have them; each byte is in one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Parts {
    /// A message as it was published.
    pub payload: u64,
    /// What the server's own protocol puts around a message: JSON, channel names, ids, escapes.
    pub wrapping: u64,
    /// What marks units off: line ends, separators, lengths, names of an event's fields.
    pub framing: u64,
    /// Heartbeats, acknowledgements, comments: what is neither a message nor around one.
    pub control: u64,
    /// What is said before the first message can come.
    pub handshake: u64,
    /// What no rule of the adapter explains.
    pub unexplained: u64,
}

impl Parts {
    /// All of them.
    pub fn total(&self) -> u64 {
        let Self { payload, wrapping, framing, control, handshake, unexplained } = self;
        payload + wrapping + framing + control + handshake + unexplained
    }
}

impl AddAssign for Parts {
    fn add_assign(&mut self, other: Self) {
        self.payload += other.payload;
        self.wrapping += other.wrapping;
        self.framing += other.framing;
        self.control += other.control;
        self.handshake += other.handshake;
        self.unexplained += other.unexplained;
    }
}
