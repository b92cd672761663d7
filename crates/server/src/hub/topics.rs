//! The topics there are: their names, logs and readers, and how much all logs together hold.
//!
//! A topic is there while it holds a message or has a reader. So reading makes none that stays, and
//! the bound on topics is one on topics that were published to; those that only wait for a message
//! have a bound of their own, of the same size.

use std::collections::{BTreeMap, HashMap};

use pushbench_protocol::{Cursor, TopicName};

use super::bounds::{HubLevels, HubSettings, TooManyTopics, TopicId};
use crate::log::{Message, TopicLog};

/// The table of topics.
#[derive(Debug)]
pub(super) struct Topics {
    settings: HubSettings,
    names: HashMap<String, TopicId>,
    slots: Vec<Topic>,
    /// Slots that are free to be used again.
    free: Vec<TopicId>,
    /// Topics that hold a message, by the number of their oldest among all messages taken.
    by_oldest: BTreeMap<u64, TopicId>,
    /// Messages taken so far.
    taken: u64,
    /// Bytes that all logs hold.
    bytes: u64,
    /// Where a new log begins: no cursor of a log that is gone lies beyond it, so that a client that
    /// comes back with one is told of a gap.
    base: u64,
}

#[derive(Debug)]
struct Topic {
    name: String,
    log: TopicLog,
    readers: u32,
}

impl Topics {
    pub(super) fn new(settings: HubSettings) -> Self {
        Self {
            settings,
            names: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            by_oldest: BTreeMap::new(),
            taken: 0,
            bytes: 0,
            base: 0,
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<TopicId> {
        self.names.get(name).copied()
    }

    pub(super) fn log(&self, topic: TopicId) -> &TopicLog {
        &self.slots[topic.0].log
    }

    /// The log of a topic that is not there.
    pub(super) fn nothing(&self) -> TopicLog {
        TopicLog::new(self.settings.epoch, self.settings.log).beginning_at(self.base)
    }

    /// Slots in use and free: every [`TopicId`] is below it.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// A topic to publish to.
    pub(super) fn publishable(&mut self, name: &TopicName) -> Result<TopicId, TooManyTopics> {
        match self.find(name.as_str()) {
            Some(topic) => self.takes(topic).map(|()| topic),
            None if self.is_full() => Err(self.too_many()),
            None => Ok(self.make(name)),
        }
    }

    /// Whether a topic may be published to: one more may be too many.
    pub(super) fn takes(&self, topic: TopicId) -> Result<(), TooManyTopics> {
        match self.log(topic).newest().is_none() && self.is_full() {
            true => Err(self.too_many()),
            false => Ok(()),
        }
    }

    /// A topic to read from, until [`Self::leave`].
    pub(super) fn enter(&mut self, name: &TopicName) -> Result<TopicId, TooManyTopics> {
        let topic = match self.find(name.as_str()) {
            Some(topic) => topic,
            None if self.names.len() - self.by_oldest.len() >= self.limit() => {
                return Err(self.too_many());
            }
            None => self.make(name),
        };
        self.slots[topic.0].readers += 1;
        Ok(topic)
    }

    /// One reader more, until [`Self::leave`].
    pub(super) fn stay(&mut self, topic: TopicId) {
        self.slots[topic.0].readers += 1;
    }

    /// Ends one [`Self::enter`] or [`Self::stay`].
    pub(super) fn leave(&mut self, topic: TopicId) {
        self.slots[topic.0].readers -= 1;
        self.forget_unused(topic);
    }

    /// Takes a message; the oldest of all give it room.
    pub(super) fn publish(&mut self, topic: TopicId, message: Message) -> Cursor {
        let number = self.taken;
        self.taken += 1;
        let cursor = self.change(topic, |log| log.push(message.numbered(number)));
        self.make_room();
        cursor
    }

    /// Lets someone read from a log, which may make it hold a message in one form more.
    pub(super) fn read<T>(&mut self, topic: TopicId, read: impl FnOnce(&TopicLog) -> T) -> T {
        let log = &self.slots[topic.0].log;
        let before = log.bytes();
        let found = read(log);
        let more = log.bytes() - before;
        if more > 0 {
            self.bytes += more;
            self.make_room();
        }
        found
    }

    pub(super) fn levels(&self) -> HubLevels {
        let logs = self.slots.iter().map(|topic| &topic.log);
        HubLevels {
            topics: self.names.len() as u64,
            log_messages: logs.map(|log| log.head() - log.oldest()).sum(),
            log_bytes: self.bytes,
        }
    }

    fn limit(&self) -> usize {
        self.settings.topics.get() as usize
    }

    fn is_full(&self) -> bool {
        self.by_oldest.len() >= self.limit()
    }

    fn too_many(&self) -> TooManyTopics {
        TooManyTopics { limit: self.settings.topics }
    }

    fn make(&mut self, name: &TopicName) -> TopicId {
        let name = name.as_str().to_owned();
        let log = self.nothing().within(self.settings.log_bytes);
        let made = Topic { name: name.clone(), log, readers: 0 };
        let topic = match self.free.pop() {
            Some(topic) => {
                self.slots[topic.0] = made;
                topic
            }
            None => {
                self.slots.push(made);
                TopicId(self.slots.len() - 1)
            }
        };
        self.names.insert(name, topic);
        topic
    }

    /// Changes a log, and keeps the sums.
    fn change<T>(&mut self, topic: TopicId, change: impl FnOnce(&mut TopicLog) -> T) -> T {
        let log = &mut self.slots[topic.0].log;
        let (bytes, oldest) = (log.bytes(), log.oldest_number());
        let made = change(log);
        self.bytes = self.bytes - bytes + log.bytes();
        let now_oldest = log.oldest_number();
        if oldest != now_oldest {
            if let Some(number) = oldest {
                self.by_oldest.remove(&number);
            }
            if let Some(number) = now_oldest {
                self.by_oldest.insert(number, topic);
            }
        }
        made
    }

    /// Drops the oldest messages of all until the logs hold no more than they may. The newest stays
    /// whatever its size: it is what a publisher has just been promised.
    fn make_room(&mut self) {
        while self.bytes > self.settings.total_log_bytes {
            let Some((&number, &topic)) = self.by_oldest.first_key_value() else { return };
            if number + 1 == self.taken {
                return;
            }
            self.change(topic, TopicLog::drop_oldest);
            self.forget_unused(topic);
        }
    }

    fn forget_unused(&mut self, topic: TopicId) {
        let unused = &mut self.slots[topic.0];
        if unused.readers > 0 || unused.log.newest().is_some() {
            return;
        }
        // A slot that is free already has no name.
        if self.names.remove(&std::mem::take(&mut unused.name)).is_some() {
            self.base = self.base.max(unused.log.head());
            self.free.push(topic);
        }
    }
}
