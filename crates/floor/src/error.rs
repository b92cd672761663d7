//! Why a floor could not be played.

use std::io;
use std::time::Duration;

use pushbench_protocol::number::thousands;

/// Why a floor could not be played.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// A plan that cannot be played.
    #[error("{what}: {}, expected {} to {}", thousands(*value), thousands(*least), thousands(*most))]
    OutOfRange {
        /// Which value.
        what: &'static str,
        /// As given.
        value: u64,
        /// The least there may be.
        least: u64,
        /// The most there may be.
        most: u64,
    },
    /// The system refused something.
    #[error("cannot {doing}: {cause}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        cause: io::Error,
    },
    /// Whoever conducts said something else than a side understands, or the reverse.
    #[error("a line that is no message between the floor's processes: {0:?}")]
    Line(String),
    /// Whoever conducts has ended.
    #[error("the process that conducts has ended")]
    Alone,
    /// It took too long.
    #[error(
        "not done after {}s: {open} of {connections} connections are open; ask for fewer connections \
         or smaller messages",
        deadline.as_secs()
    )]
    TooLong {
        /// The longest life.
        deadline: Duration,
        /// Connections that are still open.
        open: u32,
        /// Those that there were to be.
        connections: u32,
    },
    /// A side fell silent or ended.
    #[error("the {side} of the floor {what}")]
    Side {
        /// `server` or `client`.
        side: &'static str,
        /// What became of it, and what it said.
        what: String,
    },
    /// It was broken off, and a side said why.
    #[error("{error}: {said}")]
    Told {
        /// What whoever conducts saw.
        error: Box<FloorError>,
        /// What the sides said.
        said: String,
    },
    /// More came than was asked for.
    #[error("{found} bytes of a response, expected {expected}: something else writes here")]
    Unasked {
        /// Bytes that came.
        found: u64,
        /// Bytes of a response.
        expected: u64,
    },
    /// What one side sent is not what the other received.
    #[error("the counts of the floor do not add up: {0}")]
    Counts(String),
}

impl FloorError {
    /// Says what was tried.
    pub(crate) fn when(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |cause| Self::System { doing, cause }
    }
}
