//! What comes out of a splitter.

/// What a read ends with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Edge {
    /// Nothing that the splitter knows of: more of the message may come.
    Read,
    /// The end of a message.
    Message,
    /// The end of all that ever comes.
    Stream,
}

/// One unit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Unit<'b> {
    /// Its bytes without what marks it off; of an event, its data.
    pub(crate) bytes: &'b [u8],
    /// The type of an event; empty if it has none.
    pub(crate) event: &'b [u8],
    /// Bytes that mark it off.
    pub(crate) framing: u64,
    /// Bytes of comments before and in it.
    pub(crate) comments: u64,
    /// Bytes of fields of an event that are none of the standard's (HTML, section 9.2.6), with their
    /// line ends.
    pub(crate) ignored: u64,
    /// Whether it has a field that is neither its data nor its type.
    pub(crate) has_fields: bool,
    /// Whether the stream ended in it.
    pub(crate) is_torn: bool,
}

/// Why bytes could not be split.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// A unit that does not end, or says that it is longer.
    #[error("a unit of more than {most} bytes, expected at most that many")]
    TooLong {
        /// The bound.
        most: usize,
    },
    /// A length in front of a unit that takes more bytes than a length may.
    #[error("a length of more than {most} bytes, expected at most that many")]
    LongLength {
        /// The bound.
        most: usize,
    },
    /// A counted unit whose last word is no number.
    #[error("a counted unit whose last word is no number, expected how many bytes follow")]
    NoCount,
    /// A counted unit that goes on behind its last byte.
    #[error("a counted unit without a separator behind its last byte, expected one")]
    NoEnd,
}

impl<'b> Unit<'b> {
    pub(crate) fn of(bytes: &'b [u8]) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Every byte that it took.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64 + self.framing + self.comments + self.ignored
    }
}
