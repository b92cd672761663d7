//! The hub decides: topics, what a poll is answered, where a subscriber stands.
//!
//! It knows no sockets, no clock and no runtime; `exchange` puts it behind a lock and wakes those
//! who wait, and the routes obey.

mod place;
mod topics;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use pushbench_protocol::{Cursor, Deliver, SlowPolicy, Timestamp, TopicName, Unchanged};

use crate::log::{Message, PayloadError, TopicLog};
pub use place::{Format, Next, SubscriberPlace};
use topics::Topics;

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

/// Where an engine keeps its hub: behind a lock, or as its one thread's own.
pub(crate) trait Hubs {
    /// Lets someone ask the hub, and nobody else meanwhile.
    fn with<T>(&self, ask: impl FnOnce(&mut Hub) -> T) -> T;
}

/// Bounds of a hub.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HubSettings {
    /// Names this life of the logs; neither 0 nor [`Cursor::MAX_EPOCH`].
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

/// How polls are answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PollSettings {
    /// Each message since the cursor, or the newest only.
    pub deliver: Deliver,
    /// What a poll is answered when nothing is new to the client.
    pub unchanged: Unchanged,
}

/// Bodies of more bytes are not copied: they are read from the log as the client takes them.
const MOST_COPIED: u64 = 64 * 1024;

/// What a poll is answered. The caller owns the socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollAnswer {
    /// 200 with this body.
    Messages {
        /// `every`: payloads, each followed by a line feed; `latest`: the newest payload, bare.
        body: PollBody,
        /// The cursor after them.
        next: Cursor,
        /// Messages that the log no longer held for this client.
        gap: u64,
    },
    /// 204: nothing new, or nothing at all yet.
    Empty {
        /// The cursor to go on with.
        next: Cursor,
    },
    /// 304: nothing new since the tag that the client sent.
    NotModified {
        /// The cursor to go on with, the tag again.
        next: Cursor,
    },
}

/// What the answer to a poll carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollBody {
    /// All of it.
    Whole(Bytes),
    /// More than is copied.
    Pieces(Pieces),
}

/// Messages to be read from the log one after the other, each with its line feed, by
/// [`Hub::piece`]. So that they are those of this topic, it must have a reader until then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pieces {
    /// Their topic.
    pub topic: TopicId,
    /// Position of the first.
    pub from: u64,
    /// Position after the last.
    pub to: u64,
    /// Bytes of all of them.
    pub bytes: u64,
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

/// Topics, their logs, and the rules for those who read them.
#[derive(Debug)]
pub struct Hub {
    settings: HubSettings,
    topics: Topics,
    counts: HubCounts,
}

impl Hub {
    /// A hub without topics.
    pub fn new(settings: HubSettings) -> Self {
        let dropped = SlowPolicy::ALL.iter().map(|&policy| (policy, 0)).collect();
        Self {
            settings,
            topics: Topics::new(settings),
            counts: HubCounts { dropped, ..HubCounts::default() },
        }
    }

    /// The topic of this name to publish to, created on first use.
    ///
    /// # Errors
    ///
    /// If it would be one too many.
    pub fn topic(&mut self, name: &TopicName) -> Result<TopicId, TooManyTopics> {
        self.topics.publishable(name)
    }

    /// Whether a message for this topic is taken.
    ///
    /// # Errors
    ///
    /// If it would be the first of one topic too many.
    pub fn takes(&self, topic: TopicId) -> Result<(), TooManyTopics> {
        self.topics.takes(topic)
    }

    /// The topic of this name to read from. It is there until [`Self::leave`], whether it holds a
    /// message or not.
    ///
    /// # Errors
    ///
    /// If one too many would wait for its first message.
    pub fn enter(&mut self, name: &TopicName) -> Result<TopicId, TooManyTopics> {
        self.topics.enter(name)
    }

    /// One reader more of a topic that is there, until [`Self::leave`].
    pub fn stay(&mut self, topic: TopicId) {
        self.topics.stay(topic);
    }

    /// Ends one [`Self::enter`] or [`Self::stay`]. A topic without readers and messages goes.
    pub fn leave(&mut self, topic: TopicId) {
        self.topics.leave(topic);
    }

    /// The topic of this name, if it is there.
    pub fn find(&self, name: &str) -> Option<TopicId> {
        self.topics.find(name)
    }

    /// Every [`TopicId`] is below this.
    pub fn slots(&self) -> usize {
        self.topics.slots()
    }

    /// The bounds that it was made with.
    #[cfg(test)]
    fn settings(&self) -> &HubSettings {
        &self.settings
    }

    /// What the hub has done so far.
    pub fn counts(&self) -> &HubCounts {
        &self.counts
    }

    /// What the hub holds now.
    pub fn levels(&self) -> HubLevels {
        self.topics.levels()
    }

    /// Takes a message and gives the cursor after it.
    pub fn publish(&mut self, topic: TopicId, message: Message) -> Cursor {
        self.counts.published += 1;
        self.topics.publish(topic, message)
    }

    /// One of [`Pieces`]; `None` where the log no longer holds it, since the client took too long.
    pub fn piece(&self, topic: TopicId, position: u64) -> Option<Bytes> {
        self.topics.log(topic).get(position).map(|message| message.line_of_poll().clone())
    }

    /// Answers a short poll of a client that has everything up to `after`; `None` is a topic that
    /// nobody has used yet.
    pub fn answer_poll(
        &mut self,
        topic: Option<TopicId>,
        after: Cursor,
        settings: PollSettings,
    ) -> PollAnswer {
        let Some(topic) = topic else {
            // No log, so no pieces of one.
            return answer_poll(TopicId(0), &self.topics.nothing(), after, settings).0;
        };
        let (answer, sent) = answer_poll(topic, self.topics.log(topic), after, settings);
        self.counts.sent_messages += sent;
        answer
    }

    /// Answers a poll that may be held until `until`; `None` is to keep it open until then, or until
    /// a publish. A short poll is one whose hold is over.
    ///
    /// Whoever obeys `None` must begin to wait for the topic's next publish before that publish can
    /// happen: under the lock that guards this hub.
    pub fn answer_long_poll(
        &mut self,
        topic: TopicId,
        after: Cursor,
        settings: PollSettings,
        until: Timestamp,
        now: Timestamp,
    ) -> Option<PollAnswer> {
        let is_held = now < until && !self.topics.log(topic).after(after).has_news();
        (!is_held).then(|| self.answer_poll(Some(topic), after, settings))
    }

    /// Where a subscriber begins that has everything up to `after`.
    pub fn subscribe(&self, topic: TopicId, after: Cursor, format: Format) -> SubscriberPlace {
        SubscriberPlace::new(topic, self.topics.log(topic), after, format)
    }

    /// The cursor after everything that a topic has taken.
    pub fn end(&self, topic: TopicId) -> Cursor {
        let log = self.topics.log(topic);
        log.cursor(log.head())
    }

    /// The cursor up to which a subscriber has been sent or told about everything.
    pub fn cursor(&self, place: &SubscriberPlace) -> Cursor {
        self.topics.log(place.topic()).cursor(place.position())
    }

    /// Judges how far a subscriber lags; `false` ends it.
    ///
    /// To be called on each publish while its socket takes nothing, so that it is dropped or ended
    /// in time and not when it reads again.
    pub fn keeps(&mut self, place: &mut SubscriberPlace) -> bool {
        let log = self.topics.log(place.topic());
        if self.settings.conflate.is_some() && place.is_conflated() {
            // One message at most waits for it, so it never lags.
            self.counts.superseded += place.skip_to_newest(log);
            return true;
        }
        place.judge(log, &self.settings, &mut self.counts)
    }

    /// The next thing to write to a subscriber whose socket takes more.
    pub fn next(&mut self, place: &mut SubscriberPlace, now: Timestamp) -> Next {
        if !self.keeps(place) {
            return Next::Disconnect;
        }
        let conflate = self.settings.conflate.filter(|_| place.is_conflated());
        let next = self.topics.read(place.topic(), |log| match conflate {
            Some(every) => place.take_when_free(log, every, now),
            None => place.take(log),
        });
        if let Next::Message(_) = next {
            self.counts.sent_messages += 1;
        }
        next
    }
}

/// The rule of polling, and how many messages the answer carries.
fn answer_poll(
    topic: TopicId,
    log: &TopicLog,
    after: Cursor,
    settings: PollSettings,
) -> (PollAnswer, u64) {
    let slice = log.after(after);
    let next = slice.next;
    let nothing_new = !slice.has_news();
    match (settings.deliver, settings.unchanged, log.newest()) {
        (Deliver::Latest, _, None) => (PollAnswer::Empty { next }, 0),
        (_, Unchanged::Empty, _) if nothing_new => (PollAnswer::Empty { next }, 0),
        (_, Unchanged::NotModified, _) if nothing_new => (PollAnswer::NotModified { next }, 0),
        // What was replaced before anyone asked is superseded and no gap.
        (Deliver::Latest, _, Some(newest)) => {
            let body = PollBody::Whole(newest.payload.clone());
            (PollAnswer::Messages { body, next, gap: 0 }, 1)
        }
        (Deliver::Every, _, _) => {
            let sent = slice.messages.len() as u64;
            let (from, to) = (log.head() - sent, log.head());
            let bytes = slice.messages.clone().map(|message| message.line_of_poll().len() as u64);
            let pieces = Pieces { topic, from, to, bytes: bytes.sum() };
            let body = match slice.messages.clone().next() {
                Some(only) if sent == 1 => PollBody::Whole(only.line_of_poll().clone()),
                _ if pieces.bytes <= MOST_COPIED => PollBody::Whole(lines(slice.messages)),
                _ => PollBody::Pieces(pieces),
            };
            (PollAnswer::Messages { body, next, gap: slice.gap }, sent)
        }
    }
}

/// Payloads, each followed by a line feed.
fn lines<'log>(messages: impl Iterator<Item = &'log Message> + Clone) -> Bytes {
    let len = messages.clone().map(|message| message.line_of_poll().len()).sum();
    let mut body = BytesMut::with_capacity(len);
    for message in messages {
        body.put_slice(message.line_of_poll());
    }
    body.freeze()
}

#[cfg(test)]
mod tests;
