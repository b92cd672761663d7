//! The hub decides: topics, what a poll is answered, where a subscriber stands.
//!
//! It knows no sockets, no clock and no runtime; `exchange` puts it behind a lock and wakes those
//! who wait, and the routes obey.

mod bounds;
mod place;
mod polling;
mod run;
mod topics;

use bytes::Bytes;
use pushbench_protocol::{Cursor, SlowPolicy, Timestamp, TopicName};

use crate::log::Message;
pub use bounds::{HubCounts, HubLevels, HubSettings, PublishError, TooManyTopics, TopicId};
pub use place::{Format, Next, SubscriberPlace};
use polling::answer_poll;
pub use polling::{Pieces, PollAnswer, PollBody, PollSettings};
pub use run::{Run, Waiting};
use topics::Topics;

/// Where an engine keeps its hub: behind a lock, or as its one thread's own.
pub(crate) trait Hubs {
    /// Lets someone ask the hub, and nobody else meanwhile.
    fn with<T>(&self, ask: impl FnOnce(&mut Hub) -> T) -> T;
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
        let is_held = now < until && !self.topics.log(topic).after(after).has_messages();
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

    /// Whether a message waits for a subscriber, or a notice.
    pub fn is_behind(&self, place: &SubscriberPlace) -> bool {
        place.behind(self.topics.log(place.topic())).is_some()
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
        let next = self.step(place, now);
        if let Next::Message(_) = next {
            self.counts.sent_messages += 1;
        }
        next
    }

    /// What a subscriber that was kept waits for, and where that is its socket, the pieces that
    /// [`Self::next`] would give it one after the other. It has not begun any of them by that.
    pub fn waiting(&mut self, place: &SubscriberPlace, now: Timestamp, run: &mut Run) -> Waiting {
        let topic = place.topic();
        let Some(behind) = place.behind(self.topics.log(topic)) else { return Waiting::Publish };
        // Where messages are conflated, when the last one was sent decides too.
        let of = self.settings.conflate.is_none().then_some((topic, behind));
        if of.is_some() && run.is_of(topic, behind) {
            return Waiting::Socket;
        }
        run.begin(of);
        let mut ahead = place.clone();
        loop {
            let next = self.step(&mut ahead, now);
            let is_message = matches!(next, Next::Message(_));
            match next {
                Next::Message(piece) | Next::Notice(piece) => {
                    if !run.push(piece, is_message, &ahead) {
                        return Waiting::Socket;
                    }
                }
                _ if !run.is_empty() => return Waiting::Socket,
                Next::Later(until) => return Waiting::Moment(until),
                Next::Wait | Next::Disconnect => return Waiting::Publish,
            }
        }
    }

    /// Goes on behind the first `pieces` of a subscriber's run: they are written or being written.
    pub fn begun(&mut self, place: &mut SubscriberPlace, run: &Run, pieces: usize) {
        if pieces > 0 {
            let (messages, after) = run.begun(pieces);
            self.counts.sent_messages += messages;
            place.follow(after);
        }
    }

    /// The next thing to write to a subscriber that was kept; it has begun it by that.
    fn step(&mut self, place: &mut SubscriberPlace, now: Timestamp) -> Next {
        let conflate = self.settings.conflate.filter(|_| place.is_conflated());
        self.topics.read(place.topic(), |log| match conflate {
            Some(every) => place.take_when_free(log, every, now),
            None => place.take(log),
        })
    }
}

#[cfg(test)]
mod tests;
