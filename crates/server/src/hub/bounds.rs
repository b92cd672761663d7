//! What a hub may hold, what it holds and what it has done.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::SlowPolicy;

use crate::log::PayloadError;

/// Bounds of a hub.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HubSettings {
    /// Names this life of the logs; neither 0 nor [`pushbench_protocol::Cursor::MAX_EPOCH`].
    pub epoch: u16,
    /// Topics taken that hold a message, and as many that only wait for one.
    pub topics: NonZeroU32,
    /// Messages each topic keeps.
    pub log: NonZeroU32,
    /// Bytes each topic keeps, its newest message in any case.
    pub log_bytes: u64,
    /// Bytes that all topics together keep; the oldest messages of all go first.
    pub total_log_bytes: u64,
    /// Messages that may wait for one subscriber; at most `log`.
    pub queue: NonZeroU32,
    /// What happens to a subscriber for which more wait.
    pub slow_subscriber: SlowPolicy,
    /// Least time between two messages to one subscriber; the newest replaces those before it.
    /// `None` sends each.
    pub conflate: Option<Duration>,
}

/// A topic of this hub: its place in the order of first use.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TopicId(pub usize);

/// No further topic is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there are {limit} topics already, and the server takes no more")]
pub struct TooManyTopics {
    /// How many it takes.
    pub limit: NonZeroU32,
}

/// Why a message was not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PublishError {
    /// Some transport would change it.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// It would be the first of one topic too many.
    #[error(transparent)]
    Topics(#[from] TooManyTopics),
}

/// What the hub has done since it began.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HubCounts {
    /// Messages taken from publishers.
    pub published: u64,
    /// Messages handed to subscribers or put in answers, repeats included.
    pub sent_messages: u64,
    /// Messages replaced by newer ones before they were sent, where messages are conflated.
    pub superseded: u64,
    /// Messages dropped for slow subscribers.
    pub dropped: BTreeMap<SlowPolicy, u64>,
    /// Subscribers ended by the `disconnect` policy.
    pub disconnected: u64,
}

/// What a hub holds now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HubLevels {
    /// Topics that hold a message or have a reader.
    pub topics: u64,
    /// Messages in all logs.
    pub log_messages: u64,
    /// Bytes in all logs.
    pub log_bytes: u64,
}
