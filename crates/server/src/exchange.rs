//! The hub behind a lock, and what wakes those who wait for news.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use pushbench_protocol::{Cursor, Timestamp, TopicName, clock};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::alarms::{Alarms, Pause};
use crate::hub::{
    Format, Hub, HubCounts, HubLevels, HubSettings, Next, PollAnswer, PollSettings,
    SubscriberPlace, TooManyTopics, TopicId,
};
use crate::log::{Message, PayloadError};

/// The one hub of a server, shared by its connections.
#[derive(Debug)]
pub(crate) struct Exchange {
    inner: Mutex<Inner>,
    /// Beats of the server's heart so far.
    beats: AtomicU64,
    /// Whether messages are conflated, so that what is next depends on the time.
    conflates: bool,
    alarms: Alarms,
}

#[derive(Debug)]
struct Inner {
    hub: Hub,
    /// By topic: wakes its subscribers.
    news: Vec<Arc<Notify>>,
}

/// A subscriber's place, and what wakes it.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Where it stands.
    pub(crate) place: SubscriberPlace,
    /// Notified at each publish of its topic.
    pub(crate) news: Arc<Notify>,
    /// The cursor it begins at.
    pub(crate) cursor: Cursor,
    /// Messages it has missed before.
    pub(crate) gap: u64,
}

/// What to do with a long poll now.
#[derive(Debug)]
pub(crate) enum LongPoll {
    /// Answer it.
    Answer(PollAnswer),
    /// Keep it open until a publish, which `news` tells, or until the hold is over.
    Hold {
        /// Told of every publish from the decision on.
        news: OwnedNotified,
        /// What to ask for then: where the log stands now. "From now on" is not the same any more.
        after: Cursor,
    },
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error(transparent)]
    Payload(#[from] PayloadError),
    #[error(transparent)]
    Topics(#[from] TooManyTopics),
}

impl Exchange {
    pub(crate) fn new(settings: HubSettings) -> Self {
        let conflates = settings.conflate.is_some();
        let inner = Mutex::new(Inner { hub: Hub::new(settings), news: Vec::new() });
        Self { inner, beats: AtomicU64::new(0), conflates, alarms: Alarms::default() }
    }

    /// Publishes to a topic by name, and wakes its subscribers.
    pub(crate) fn publish_to(
        &self,
        topic: &TopicName,
        payload: &[u8],
    ) -> Result<Cursor, PublishError> {
        let message = Message::new(payload)?;
        let mut inner = self.lock();
        let topic = inner.topic(topic)?;
        Ok(inner.publish(topic, message))
    }

    /// Publishes to a known topic, and wakes its subscribers.
    pub(crate) fn publish(&self, topic: TopicId, payload: &[u8]) -> Result<Cursor, PayloadError> {
        let message = Message::new(payload)?;
        Ok(self.lock().publish(topic, message))
    }

    /// Answers a poll; polling creates no topic.
    pub(crate) fn answer_poll(
        &self,
        topic: &str,
        after: Cursor,
        settings: PollSettings,
    ) -> PollAnswer {
        let mut inner = self.lock();
        let topic = inner.hub.find(topic);
        inner.hub.answer_poll(topic, after, settings)
    }

    /// Answers a poll, or has it wait for news until `until`. The decision to hold and the beginning
    /// of the wait are one, so that no publish slips in between.
    pub(crate) fn answer_long_poll(
        &self,
        topic: &TopicName,
        after: Cursor,
        settings: PollSettings,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<LongPoll, TooManyTopics> {
        let mut inner = self.lock();
        let topic = inner.topic(topic)?;
        Ok(match inner.hub.answer_long_poll(topic, after, settings, until, now) {
            Some(answer) => LongPoll::Answer(answer),
            None => LongPoll::Hold {
                news: Arc::clone(&inner.news[topic.0]).notified_owned(),
                after: inner.hub.end(topic),
            },
        })
    }

    /// A subscriber's place in a topic.
    pub(crate) fn subscribe(
        &self,
        topic: &TopicName,
        after: Cursor,
        format: Format,
    ) -> Result<Subscription, TooManyTopics> {
        let mut inner = self.lock();
        let topic = inner.topic(topic)?;
        let mut place = inner.hub.subscribe(topic, after, format);
        Ok(Subscription {
            cursor: inner.hub.cursor(&place),
            gap: place.take_gap(),
            place,
            news: Arc::clone(&inner.news[topic.0]),
        })
    }

    /// See [`Hub::next`].
    pub(crate) fn next(&self, place: &mut SubscriberPlace) -> Next {
        let now = if self.conflates { clock::now() } else { Timestamp::default() };
        self.lock().hub.next(place, now)
    }

    /// Has a subscriber's task woken at this moment, unless it will be.
    pub(crate) fn pause(
        &self,
        pause: &mut Pause,
        until: Timestamp,
        task: impl FnOnce() -> Option<Waker>,
    ) {
        if pause.is_new(until)
            && let Some(task) = task()
        {
            self.alarms.set(until, task);
        }
    }

    /// Wakes those whose moment has come, for ever.
    pub(crate) async fn wake_on_time(&self) {
        self.alarms.run().await;
    }

    /// See [`Hub::keeps`].
    pub(crate) fn keeps(&self, place: &mut SubscriberPlace) -> bool {
        self.lock().hub.keeps(place)
    }

    /// One beat of the server's heart: wakes every subscriber.
    pub(crate) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Release);
        for news in &self.lock().news {
            news.notify_waiters();
        }
    }

    /// Beats so far.
    pub(crate) fn beats(&self) -> u64 {
        self.beats.load(Ordering::Acquire)
    }

    /// What the hub has done so far.
    pub(crate) fn counts(&self) -> HubCounts {
        self.lock().hub.counts().clone()
    }

    /// What the hub holds now.
    pub(crate) fn levels(&self) -> HubLevels {
        self.lock().hub.levels()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds the hub")
    }
}

impl Inner {
    fn topic(&mut self, name: &TopicName) -> Result<TopicId, TooManyTopics> {
        let topic = self.hub.topic(name)?;
        self.news.resize_with(self.hub.topics(), Arc::default);
        Ok(topic)
    }

    fn publish(&mut self, topic: TopicId, message: Message) -> Cursor {
        let cursor = self.hub.publish(topic, message);
        // Waking only marks tasks as ready: none of them runs before the lock is free.
        self.news[topic.0].notify_waiters();
        cursor
    }
}
