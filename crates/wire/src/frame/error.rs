//! What a server's frames can get wrong.

/// Longest payload of a control frame (RFC 6455, section 5.5).
pub(super) const CONTROL_LIMIT: u64 = 125;

/// Why a client must fail the connection. Sections are those of RFC 6455 where it is not said.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// A bit without a meaning (section 5.2), or one that means compression on a frame other than the
    /// first of a message (RFC 7692, section 6).
    #[error("RSV1 to RSV3 are {found:03b}, expected 000, or 100 on a first frame if so agreed")]
    ReservedBits {
        /// The three bits.
        found: u8,
    },
    /// An opcode without a meaning (section 5.2).
    #[error("the opcode is {found:#x}, expected one that RFC 6455 defines")]
    ReservedOpcode {
        /// The four bits.
        found: u8,
    },
    /// A mask, which only clients use (section 5.1).
    #[error("the frame is masked, expected none of a server's to be")]
    Masked,
    /// A length of which the first bit is set (section 5.2).
    #[error("the payload has {found} bytes, expected less than 2^63")]
    Length {
        /// The length.
        found: u64,
    },
    /// A length in more bytes than it needs (section 5.2).
    #[error(
        "the header has {found} bytes, expected {shortest}, with the length in the fewest bytes"
    )]
    LongLength {
        /// Bytes of the header.
        found: u64,
        /// As many as it needs.
        shortest: u64,
    },
    /// A control frame in fragments (section 5.5).
    #[error("a control frame is fragmented, expected it whole")]
    FragmentedControl,
    /// A control frame that is too long (section 5.5).
    #[error("a control frame has {found} bytes of payload, expected at most {CONTROL_LIMIT}")]
    LongControl {
        /// The length.
        found: u64,
    },
    /// A message within another (section 5.4).
    #[error("a message begins within another, expected a continuation")]
    Interleaved,
    /// A continuation of nothing (section 5.4).
    #[error("a continuation has nothing to continue, expected the first frame of a message")]
    NothingToContinue,
}
