//! What a client of each kind does: what the figures of a trial are predicted from.

use pushbench_protocol::{ConnectionUse, Unchanged};

use super::Finds;

/// What a short poller does.
#[derive(Clone, Copy)]
pub struct PollWork<'a> {
    /// How often it polls and what its polls find.
    pub finds: &'a Finds,
    /// Seconds between polls whose phase is independent of the messages; `None` where there are no
    /// such, and then nothing is predicted about waiting.
    pub random_interval: Option<f64>,
    /// What a poll without news is answered.
    pub unchanged: Unchanged,
    /// How long a connection lives.
    pub connection: ConnectionUse,
    /// Bytes of the request's head.
    pub request_head: u64,
    /// Bytes of an answer's head, by the length of its body; `None` is an answer without news.
    pub answer_head: &'a dyn Fn(Option<u64>) -> u64,
    /// How answers are compressed.
    pub coded: Coded<'a>,
    /// Bytes of the heads of the poll by which a client connects that opens its connection with its first
    /// request, up and down; `None` of one that connects before.
    pub first_poll: Option<[u64; 2]>,
}

/// How answers are compressed.
#[derive(Clone, Copy)]
pub struct Coded<'a> {
    /// Bytes of a compressed body by how many messages it holds, at least one; `None` where it is
    /// left as it is.
    pub body: &'a dyn Fn(u64) -> Option<u64>,
    /// Bytes of the head before a compressed body, by the length of that.
    pub head: &'a dyn Fn(u64) -> u64,
}

impl Coded<'_> {
    /// No answer is compressed.
    pub const NOT: Coded<'static> = Coded { body: &|_| None, head: &|_| 0 };
}

/// What a long poller does.
#[derive(Clone, Copy)]
pub struct LongPollWork<'a> {
    /// How often it polls and what its polls find.
    pub finds: &'a Finds,
    /// How long a connection lives.
    pub connection: ConnectionUse,
    /// Bytes of the request's head.
    pub request_head: u64,
    /// Bytes of an answer's head, by the length of its body; `None` is an answer without news.
    pub answer_head: &'a dyn Fn(Option<u64>) -> u64,
    /// How answers are compressed.
    pub coded: Coded<'a>,
}

/// What a subscriber does to whom messages are pushed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PushWork {
    /// Bytes of the request that begins it: for a stream, or the upgrade.
    pub request_head: u64,
    /// Bytes of the answer's head: the stream's, or the 101.
    pub answer_head: u64,
    /// Seconds between the server's heartbeats, if it has any.
    pub heartbeat: Option<f64>,
    /// What conflation leaves, if messages are conflated.
    pub conflated: Option<Conflated>,
}

/// Messages that are pushed, the newest at most once in so much time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conflated {
    /// Least seconds between two messages to one client.
    pub every: f64,
    /// Messages sent to one client a second, where they were counted on a schedule; otherwise the
    /// law of [`super::Conflation`] says it.
    pub sent: Option<f64>,
}

/// What a subscriber does who is told that there is news and fetches it.
#[derive(Clone, Copy)]
pub struct NudgeWork<'a> {
    /// The WebSocket that tells.
    pub push: PushWork,
    /// Notices that there is news, a second.
    pub notices: f64,
    /// What is found by whoever asks: one message for each notice, unless more came while it asked.
    pub finds: &'a Finds,
    /// Bytes of the head of a request that fetches.
    pub request_head: u64,
    /// Bytes of its answer's head, by the length of its body.
    pub answer_head: &'a dyn Fn(Option<u64>) -> u64,
}
