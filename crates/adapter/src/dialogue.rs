//! What one client and its server say to each other, whoever wrote the server.
//!
//! A carrier moves bytes; a [`Dialogue`] knows what they are. It is asked what to do next until it
//! says that it is open ([`Next`]), and handed what came. After that a client that is pushed to hands
//! over what arrives, and one that polls asks for its next request.

use std::time::Duration;

use crate::request::Request;
use crate::rules::Received;
use crate::split::unit::{Edge, SplitError};
use crate::values::FillError;

/// What to do next, in the opening.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// Send this request and hand over its response.
    Request(Request),
    /// Open the connection by this request, and say so.
    Connect(Request),
    /// Send this over the connection.
    Send(Outgoing),
    /// Hand over what comes.
    Receive,
    /// Nothing: messages may come, or be polled for.
    Open,
}

/// What to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outgoing {
    /// Over the client's connection, as one message.
    Message {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it is a binary one, and not text.
        is_binary: bool,
    },
    /// A request of its own.
    Request(Request),
}

/// A response, all of it.
#[derive(Clone, Copy, Debug)]
pub struct Response<'r> {
    /// Its status code.
    pub status: u16,
    /// Its headers, as they came.
    pub headers: &'r [(&'r str, &'r [u8])],
    /// Its body without chunks and content codings.
    pub body: &'r [u8],
}

/// What came of a poll.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Polled {
    /// So many messages, at least one.
    Messages(u64),
    /// None.
    Nothing,
    /// None, but something that no rule explains: whether there was anything new is not known.
    Unexplained,
}

/// What went wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DialogueError {
    /// Something to send could not be put together.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// What came could not be split.
    #[error("what came cannot be split: {0}")]
    Split(#[from] SplitError),
    /// A status that the adapter does not expect.
    #[error("{what} got the status {found}, expected {expected}; the body begins \"{excerpt}\"")]
    Status {
        /// In response to what.
        what: String,
        /// The status.
        found: u16,
        /// What would do.
        expected: String,
        /// The first bytes of the body.
        excerpt: String,
    },
    /// Something else than the step expects.
    #[error("{what} got \"{excerpt}\", expected what `expect` says")]
    Unexpected {
        /// In which step.
        what: String,
        /// The first bytes of what came.
        excerpt: String,
    },
    /// A packet that code does not expect.
    #[error("{what} got a packet that begins with {first:#04x}, expected {expected}")]
    Packet {
        /// In which step.
        what: String,
        /// Its first byte.
        first: u8,
        /// What would do.
        expected: &'static str,
    },
    /// A value that is not where the adapter says.
    #[error("{what} has no `{name}` where `{key}` says it is, in \"{excerpt}\"")]
    NoValue {
        /// In which response.
        what: String,
        /// The value's name.
        name: String,
        /// The key that says where it is: `carry` or `get`.
        key: &'static str,
        /// The first and the last bytes of what came.
        excerpt: String,
    },
    /// A response in which rules look for JSON, and that is none: cut off, or something else.
    #[error(
        "{what} got a body of {len} bytes that is no JSON ({why}), expected JSON, which `message` \
         and `each` look into: \"{excerpt}\""
    )]
    NotJson {
        /// In which response.
        what: String,
        /// Its length in bytes.
        len: u64,
        /// Where reading it ended.
        why: String,
        /// The first and the last bytes of it.
        excerpt: String,
    },
    /// Something that the adapter says is an error of the server's.
    #[error("{what}: the server says \"{excerpt}\"")]
    Refused {
        /// In which step.
        what: String,
        /// The first bytes of what it says.
        excerpt: String,
    },
    /// The dialogue was asked for what does not come now.
    #[error("{found} came, expected {expected}")]
    OutOfTurn {
        /// What came.
        found: &'static str,
        /// What would have been in turn.
        expected: &'static str,
    },
}

impl DialogueError {
    /// The key of the adapter that what came does not agree with, for whoever looks for its line;
    /// `None` where it is not one of a transport's own.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Split(_) => Some("split"),
            Self::NotJson { .. } => Some("message"),
            Self::NoValue { key: "carry", .. } => Some("carry"),
            Self::NoValue { .. } | Self::Unexpected { .. } | Self::Packet { .. } => Some("steps"),
            Self::Refused { .. } => Some("error"),
            Self::Fill(_) | Self::Status { .. } | Self::OutOfTurn { .. } => None,
        }
    }
}

/// What one client and its server say to each other.
///
/// Everything that comes is said to `receive` as it is taken apart, with what its bytes are for. What
/// has to be sent because of it waits in [`Dialogue::reply`].
pub trait Dialogue: std::fmt::Debug + Send {
    /// What to do next in the opening.
    ///
    /// # Errors
    ///
    /// If something to send cannot be put together.
    fn next(&mut self) -> Result<Next, DialogueError>;

    /// The connection that [`Next::Connect`] asked for is open.
    ///
    /// # Errors
    ///
    /// If none was asked for.
    fn on_connected(&mut self) -> Result<(), DialogueError>;

    /// A response came, to a request of the opening or to a poll.
    ///
    /// # Errors
    ///
    /// If it is not what the adapter expects.
    fn on_response(
        &mut self,
        response: &Response<'_>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<Polled, DialogueError>;

    /// Bytes came over the connection, of a message or of a body, without the carrier's framing.
    ///
    /// # Errors
    ///
    /// If they cannot be split, or are not what the opening expects.
    fn on_bytes(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError>;

    /// Bytes that came and are part of no unit yet.
    fn pending(&self) -> u64;

    /// The next poll.
    ///
    /// # Errors
    ///
    /// If it cannot be put together, or nothing is polled.
    fn poll(&mut self) -> Result<Request, DialogueError>;

    /// What is due in reply to what came, the oldest first: to heartbeats, and to messages that are
    /// acknowledged one by one. Asked after whatever was handed over, until it says `None`.
    ///
    /// # Errors
    ///
    /// If it cannot be put together.
    fn reply(&mut self) -> Result<Option<Outgoing>, DialogueError>;

    /// How often what is to be sent so that the server does not close; `None` for never.
    ///
    /// # Errors
    ///
    /// If it cannot be put together.
    fn keep_alive(&mut self) -> Result<Option<(Duration, Outgoing)>, DialogueError>;

    /// How this client publishes over its connection; `None` where publishers do so by themselves.
    ///
    /// # Errors
    ///
    /// If it cannot be put together.
    fn publish(&mut self, payload: &[u8]) -> Result<Option<Outgoing>, DialogueError>;

    /// What to send before the connection is closed, if anything.
    ///
    /// # Errors
    ///
    /// If it cannot be put together.
    fn close(&mut self) -> Result<Option<Outgoing>, DialogueError>;
}
