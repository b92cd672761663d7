//! Where a subscriber stands: a cursor into the shared log, so that its queue costs no memory.

use std::time::Duration;

use bytes::Bytes;
use pushbench_protocol::paths::GAP_EVENT;
use pushbench_protocol::{Cursor, SlowPolicy, Timestamp};
use pushbench_wire::chunk::encode_chunk;

use super::bounds::{HubCounts, HubSettings, TopicId};
use crate::log::{SharedDeflate, TopicLog, shared_frame, text_frame};

/// How a subscriber is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// A WebSocket text frame for each message.
    Frame,
    /// A compressed WebSocket text frame for each message, the same for all with these settings.
    Deflated(SharedDeflate),
    /// Each message's payload alone, for a session that frames it by itself.
    Payload,
    /// A WebSocket text frame that says that there is a message, for each.
    Nudge,
    /// A chunk with a server-sent event for each message.
    Event,
    /// A chunk with a line for each message.
    Line,
}

/// A subscriber's place in its topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubscriberPlace {
    topic: TopicId,
    format: Format,
    /// Position of the next message to write.
    position: u64,
    /// Head of the log when it subscribed: what was there before is caught up with, not lagged.
    since: u64,
    /// Messages it has missed and was not told about yet.
    untold: u64,
    /// From when on it may be sent a message, where messages are conflated.
    free_at: Timestamp,
}

/// How far a subscriber is behind, and in which format: who is behind by the same gets the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Behind {
    format: Format,
    position: u64,
    untold: u64,
    oldest: u64,
    head: u64,
}

/// What to write to a subscriber.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// A message, in the subscriber's format.
    Message(Bytes),
    /// A notice, in the subscriber's format: so many messages were dropped, or there is one.
    Notice(Bytes),
    /// Nothing until a publish.
    Wait,
    /// Nothing until this moment, and then the newest message.
    Later(Timestamp),
    /// Close, a WebSocket with 1013: it lags too far.
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
    pub(super) fn new(topic: TopicId, log: &TopicLog, after: Cursor, format: Format) -> Self {
        let (position, untold) = log.resume(after);
        let free_at = Timestamp::default();
        Self { topic, format, position, since: log.head(), untold, free_at }
    }

    /// Its topic.
    pub fn topic(&self) -> TopicId {
        self.topic
    }

    /// How it is told.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Position of the next message it gets.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes the number of messages that the subscriber has missed, to tell it.
    pub fn take_gap(&mut self) -> u64 {
        std::mem::take(&mut self.untold)
    }

    /// How far it is behind; `None` where nothing waits for it.
    pub(super) fn behind(&self, log: &TopicLog) -> Option<Behind> {
        let Self { format, position, untold, .. } = *self;
        let (oldest, head) = (log.oldest(), log.head());
        let is_behind = position < head || untold > 0;
        is_behind.then_some(Behind { format, position, untold, oldest, head })
    }

    /// Goes on where another one stands, which was behind by the same.
    pub(super) fn follow(&mut self, other: &Self) {
        self.position = other.position;
        self.untold = other.untold;
        self.free_at = other.free_at;
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
            SlowPolicy::Conflate => Verdict::SkipTo((log.head() - 1).max(log.oldest())),
            SlowPolicy::Disconnect => Verdict::Disconnect,
        }
    }

    /// Whether the newest of its messages may stand for those before it. Who is only told that there
    /// is news has none.
    pub(super) fn is_conflated(&self) -> bool {
        match self.format {
            Format::Frame
            | Format::Deflated(_)
            | Format::Payload
            | Format::Event
            | Format::Line => true,
            Format::Nudge => false,
        }
    }

    /// Goes on at the newest message; gives how many were left out.
    pub(super) fn skip_to_newest(&mut self, log: &TopicLog) -> u64 {
        let newest = log.head().saturating_sub(1).max(self.position);
        newest - std::mem::replace(&mut self.position, newest)
    }

    /// The next thing to write, messages at least `every` apart.
    pub(super) fn take_when_free(
        &mut self,
        log: &TopicLog,
        every: Duration,
        now: Timestamp,
    ) -> Next {
        if now < self.free_at && self.untold == 0 && log.get(self.position).is_some() {
            return Next::Later(self.free_at);
        }
        let next = self.take(log);
        if let Next::Message(_) = next {
            self.free_at = now.plus(every);
        }
        next
    }

    /// The next thing to write, once judged.
    pub(super) fn take(&mut self, log: &TopicLog) -> Next {
        let dropped = self.take_gap();
        if dropped > 0
            && let Some(notice) = self.format.gap(dropped)
        {
            return Next::Notice(notice);
        }
        let at = self.position;
        let piece = match self.format {
            Format::Frame => log.get(at).map(|message| message.frame.clone()),
            Format::Deflated(how) => log.deflated(at, how),
            Format::Payload => log.get(at).map(|message| message.payload.clone()),
            Format::Nudge => log.get(at).map(|_| Bytes::from_static(NUDGE_FRAME)),
            Format::Event => log.event(at),
            Format::Line => log.line(at),
        };
        let Some(piece) = piece else { return Next::Wait };
        self.position += 1;
        match self.format {
            Format::Nudge => Next::Notice(piece),
            Format::Frame
            | Format::Deflated(_)
            | Format::Payload
            | Format::Event
            | Format::Line => Next::Message(piece),
        }
    }
}

/// [`pushbench_protocol::paths::NUDGE_NOTICE`] as a text frame.
const NUDGE_FRAME: &[u8] = b"\x81\x05!news";

impl Format {
    /// Says that so many messages were dropped; `None` where nothing is missed, since who is only
    /// told that there is news fetches all of it.
    fn gap(self, dropped: u64) -> Option<Bytes> {
        let notice = format!("!gap {dropped}");
        match self {
            Self::Frame => Some(text_frame(notice.as_bytes())),
            Self::Deflated(how) => Some(shared_frame(notice.as_bytes(), how)),
            Self::Payload => Some(Bytes::from(notice)),
            Self::Nudge => None,
            Self::Event => {
                let event = format!("event: {GAP_EVENT}\ndata: {dropped}\n\n");
                Some(Bytes::from(encode_chunk(&[event.as_bytes()])))
            }
            Self::Line => Some(Bytes::from(encode_chunk(&[notice.as_bytes(), b"\n"]))),
        }
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::paths::NUDGE_NOTICE;

    use super::*;

    #[test]
    fn a_nudge_is_the_notice_that_the_protocol_names() {
        assert_eq!(text_frame(NUDGE_NOTICE.as_bytes()), NUDGE_FRAME);
    }
}
