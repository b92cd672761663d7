//! A response, but for what an engine adds to all: the date, and what ends a connection.

use bytes::Bytes;
use pushbench_protocol::headers::{AnswerMark, AnswerStatus};

use crate::hub::Pieces;

/// A response with all that decides its bytes, but for the date.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Response {
    /// Under the head of the response profile.
    Poll(PollResponse),
    /// 200 with this content.
    Page { content_type: &'static str, content: Bytes },
}

/// The response to a poll.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PollResponse {
    pub(crate) status: AnswerStatus,
    pub(crate) content: Content,
    pub(crate) mark: AnswerMark,
}

/// The content of a response to a poll.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// All of it, compressed or not.
    Whole { bytes: Bytes, is_coded: bool },
    /// To be read from the log as the client takes it; the hub counts a reader of its topic until
    /// then.
    Pieces(Pieces),
}
