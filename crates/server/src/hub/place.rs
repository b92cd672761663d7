//! Where a subscriber stands: a cursor into the shared log, so that its queue costs no memory.

use bytes::Bytes;
use pushbench_protocol::{Cursor, SlowPolicy};

use super::{HubCounts, HubSettings, TopicId};
use crate::log::{TopicLog, text_frame};

/// A subscriber's place in its topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubscriberPlace {
    topic: TopicId,
    /// Position of the next message to write.
    position: u64,
    /// Head of the log when it subscribed: what was there before is caught up with, not lagged.
    since: u64,
    /// Messages it has missed and was not told about yet.
    untold: u64,
}

/// What to write to a subscriber.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// A message, as a text frame.
    Frame(Bytes),
    /// A notice, as a text frame: this many messages were dropped.
    Notice(Bytes),
    /// Nothing until a publish.
    Wait,
    /// Close with 1013: it lags too far.
    Disconnect,
}

/// What a lag calls for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Keep,
    /// Go on at this position.
    SkipTo(u64),
    Disconnect,
}

impl SubscriberPlace {
    /// The place after `after`. What the log no longer holds is told by [`Self::take_gap`].
    pub(super) fn new(topic: TopicId, log: &TopicLog, after: Cursor) -> Self {
        let (position, untold) = log.resume(after);
        Self { topic, position, since: log.head(), untold }
    }

    /// Its topic.
    pub fn topic(&self) -> TopicId {
        self.topic
    }

    /// Position of the next message it gets.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes the number of messages that the subscriber has missed, to tell it.
    pub fn take_gap(&mut self) -> u64 {
        std::mem::take(&mut self.untold)
    }

    /// Applies the policy; `false` ends the subscriber.
    pub(super) fn judge(
        &mut self,
        log: &TopicLog,
        settings: &HubSettings,
        counts: &mut HubCounts,
    ) -> bool {
        match self.verdict(log, settings) {
            Verdict::Keep => true,
            Verdict::SkipTo(position) => {
                let skipped = position - self.position;
                self.position = position;
                self.untold += skipped;
                *counts.dropped.entry(settings.slow_subscriber).or_default() += skipped;
                true
            }
            Verdict::Disconnect => {
                counts.disconnected += 1;
                false
            }
        }
    }

    /// What its lag calls for: messages published since it came and not written yet, against the
    /// queue. A backlog from before it came is not its fault, as long as the log holds it.
    fn verdict(&self, log: &TopicLog, settings: &HubSettings) -> Verdict {
        let queue = u64::from(settings.queue.get());
        let waiting = log.head() - self.position.max(self.since);
        if waiting <= queue && self.position >= log.oldest() {
            return Verdict::Keep;
        }
        match settings.slow_subscriber {
            SlowPolicy::DropOldest => {
                // While it catches up, the log's own bound may be what it has met.
                let keep = if waiting > queue { log.head() - queue } else { 0 };
                Verdict::SkipTo(keep.max(log.oldest()))
            }
            SlowPolicy::Conflate => Verdict::SkipTo(log.head() - 1),
            SlowPolicy::Disconnect => Verdict::Disconnect,
        }
    }

    /// The next thing to write, once judged.
    pub(super) fn take(&mut self, log: &TopicLog) -> Next {
        if self.untold > 0 {
            return Next::Notice(text_frame(format!("!gap {}", self.take_gap()).as_bytes()));
        }
        match log.get(self.position) {
            Some(message) => {
                self.position += 1;
                Next::Frame(message.frame.clone())
            }
            None => Next::Wait,
        }
    }
}
