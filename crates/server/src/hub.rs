//! The hub decides: topics, what a poll is answered, where a subscriber stands.
//!
//! It knows no sockets, no clock and no runtime; `exchange` puts it behind a lock and wakes those
//! who wait, and the routes obey.

mod place;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use pushbench_protocol::{Cursor, Deliver, SlowPolicy, Timestamp, TopicName, Unchanged};

use crate::log::{Message, TopicLog};
pub use place::{Format, Next, SubscriberPlace};

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

/// Bounds of a hub.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HubSettings {
    /// Names this life of the logs; neither 0 nor [`Cursor::MAX_EPOCH`].
    pub epoch: u16,
    /// Topics taken.
    pub topics: NonZeroU32,
    /// Messages each topic keeps.
    pub log: NonZeroU32,
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

/// What a poll is answered. The caller owns the socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollAnswer {
    /// 200 with this body.
    Messages {
        /// `every`: payloads, each followed by a line feed; `latest`: the newest payload, bare.
        body: Bytes,
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
    names: HashMap<String, TopicId>,
    logs: Vec<TopicLog>,
    counts: HubCounts,
}

impl Hub {
    /// A hub without topics.
    pub fn new(settings: HubSettings) -> Self {
        let dropped = SlowPolicy::ALL.iter().map(|&policy| (policy, 0)).collect();
        Self {
            settings,
            names: HashMap::new(),
            logs: Vec::new(),
            counts: HubCounts { dropped, ..HubCounts::default() },
        }
    }

    /// The topic of this name, created on first use.
    ///
    /// # Errors
    ///
    /// If it would be one too many.
    pub fn topic(&mut self, name: &TopicName) -> Result<TopicId, TooManyTopics> {
        if let Some(&topic) = self.names.get(name.as_str()) {
            return Ok(topic);
        }
        let limit = self.settings.topics;
        if self.logs.len() >= limit.get() as usize {
            return Err(TooManyTopics { limit });
        }
        let topic = TopicId(self.logs.len());
        self.logs.push(TopicLog::new(self.settings.epoch, self.settings.log));
        self.names.insert(name.as_str().to_owned(), topic);
        Ok(topic)
    }

    /// The topic of this name, if it was ever used.
    pub fn find(&self, name: &str) -> Option<TopicId> {
        self.names.get(name).copied()
    }

    /// How many topics there are.
    pub fn topics(&self) -> usize {
        self.logs.len()
    }

    /// What the hub has done so far.
    pub fn counts(&self) -> &HubCounts {
        &self.counts
    }

    /// What the hub holds now.
    pub fn levels(&self) -> HubLevels {
        HubLevels {
            topics: self.logs.len() as u64,
            log_messages: self.logs.iter().map(|log| log.head() - log.oldest()).sum(),
            log_bytes: self.logs.iter().map(TopicLog::bytes).sum(),
        }
    }

    /// Takes a message and gives the cursor after it.
    pub fn publish(&mut self, topic: TopicId, message: Message) -> Cursor {
        self.counts.published += 1;
        self.logs[topic.0].push(message)
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
            let nothing = TopicLog::new(self.settings.epoch, NonZeroU32::MIN);
            return answer_poll(&nothing, after, settings).0;
        };
        let (answer, sent) = answer_poll(&self.logs[topic.0], after, settings);
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
        let is_held = now < until && !self.logs[topic.0].after(after).has_news();
        (!is_held).then(|| self.answer_poll(Some(topic), after, settings))
    }

    /// Where a subscriber begins that has everything up to `after`.
    pub fn subscribe(&self, topic: TopicId, after: Cursor, format: Format) -> SubscriberPlace {
        SubscriberPlace::new(topic, &self.logs[topic.0], after, format)
    }

    /// The cursor after everything that a topic has taken.
    pub fn end(&self, topic: TopicId) -> Cursor {
        let log = &self.logs[topic.0];
        log.cursor(log.head())
    }

    /// The cursor up to which a subscriber has been sent or told about everything.
    pub fn cursor(&self, place: &SubscriberPlace) -> Cursor {
        self.logs[place.topic().0].cursor(place.position())
    }

    /// Judges how far a subscriber lags; `false` ends it.
    ///
    /// To be called on each publish while its socket takes nothing, so that it is dropped or ended
    /// in time and not when it reads again.
    pub fn keeps(&mut self, place: &mut SubscriberPlace) -> bool {
        let log = &self.logs[place.topic().0];
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
        let log = &self.logs[place.topic().0];
        let conflate = self.settings.conflate.filter(|_| place.is_conflated());
        let next = match conflate {
            Some(every) => place.take_when_free(log, every, now),
            None => place.take(log),
        };
        if let Next::Message(_) = next {
            self.counts.sent_messages += 1;
        }
        next
    }
}

/// The rule of polling, and how many messages the answer carries.
fn answer_poll(log: &TopicLog, after: Cursor, settings: PollSettings) -> (PollAnswer, u64) {
    let slice = log.after(after);
    let next = slice.next;
    let nothing_new = !slice.has_news();
    match (settings.deliver, settings.unchanged, log.newest()) {
        (Deliver::Latest, _, None) => (PollAnswer::Empty { next }, 0),
        (_, Unchanged::Empty, _) if nothing_new => (PollAnswer::Empty { next }, 0),
        (_, Unchanged::NotModified, _) if nothing_new => (PollAnswer::NotModified { next }, 0),
        // What was replaced before anyone asked is superseded and no gap.
        (Deliver::Latest, _, Some(newest)) => {
            (PollAnswer::Messages { body: newest.payload.clone(), next, gap: 0 }, 1)
        }
        (Deliver::Every, _, _) => {
            let sent = slice.messages.len() as u64;
            (PollAnswer::Messages { body: lines(slice.messages), next, gap: slice.gap }, sent)
        }
    }
}

/// Payloads, each followed by a line feed.
fn lines<'log>(messages: impl Iterator<Item = &'log Message> + Clone) -> Bytes {
    let len = messages.clone().map(|message| message.payload.len() + 1).sum();
    let mut body = BytesMut::with_capacity(len);
    for message in messages {
        body.put_slice(&message.payload);
        body.put_u8(b'\n');
    }
    body.freeze()
}

#[cfg(test)]
mod tests;
