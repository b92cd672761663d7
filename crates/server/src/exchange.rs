//! The hub behind a lock, and what wakes those who wait for news.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use bytes::Bytes;
use pushbench_protocol::{Cursor, Timestamp, TopicName, clock};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::alarms::{Alarms, Pause};
use crate::hub::{
    Format, Hub, HubCounts, HubLevels, HubSettings, Next, PollAnswer, PollBody, PollSettings,
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

/// A reader of a topic, which is there as long as it has one.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) exchange: Arc<Exchange>,
    /// Notified at each publish of its topic.
    pub(crate) news: Arc<Notify>,
    topic: TopicId,
}

impl Reader {
    /// See [`Hub::piece`].
    pub(crate) fn piece(&self, position: u64) -> Option<Bytes> {
        self.exchange.lock().hub.piece(self.topic, position)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.exchange.lock().hub.leave(self.topic);
    }
}

/// The answer to a poll, and the reader of the log that it is to be read from, where it is.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: PollAnswer,
    pub(crate) reader: Option<Reader>,
}

/// A subscriber's place, and what wakes it.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Where it stands.
    pub(crate) place: SubscriberPlace,
    pub(crate) reader: Reader,
    /// The cursor it begins at.
    pub(crate) cursor: Cursor,
    /// Messages it has missed before.
    pub(crate) gap: u64,
}

/// What to do with a long poll now.
#[derive(Debug)]
pub(crate) enum LongPoll {
    /// Answer it.
    Answer(Answered),
    /// Keep it open until a publish, which `news` tells, or until the hold is over.
    Hold {
        /// Told of every publish from the decision on.
        news: OwnedNotified,
        /// What to ask for then: where the log stands now. "From now on" is not the same any more.
        after: Cursor,
        /// To be kept as long as the poll is held.
        reader: Reader,
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
        let topic = inner.hub.topic(topic)?;
        Ok(inner.publish(topic, message))
    }

    /// Publishes to a topic that is read, and wakes its subscribers.
    pub(crate) fn publish(&self, topic: TopicId, payload: &[u8]) -> Result<Cursor, PublishError> {
        let message = Message::new(payload)?;
        let mut inner = self.lock();
        inner.hub.takes(topic)?;
        Ok(inner.publish(topic, message))
    }

    /// Answers a poll; polling creates no topic.
    pub(crate) fn answer_poll(
        self: &Arc<Self>,
        topic: &str,
        after: Cursor,
        settings: PollSettings,
    ) -> Answered {
        let mut inner = self.lock();
        let topic = inner.hub.find(topic);
        let answer = inner.hub.answer_poll(topic, after, settings);
        let is_read_later =
            matches!(answer, PollAnswer::Messages { body: PollBody::Pieces(_), .. });
        let reader = topic.filter(|_| is_read_later).map(|topic| {
            inner.hub.stay(topic);
            self.reader(&mut inner, topic)
        });
        Answered { answer, reader }
    }

    /// The handle of a reader that the hub knows of.
    fn reader(self: &Arc<Self>, inner: &mut Inner, topic: TopicId) -> Reader {
        Reader { exchange: Arc::clone(self), news: Arc::clone(inner.news_of(topic)), topic }
    }

    /// Answers a poll, or has it wait for news until `until`. The decision to hold and the beginning
    /// of the wait are one, so that no publish slips in between.
    pub(crate) fn answer_long_poll(
        self: &Arc<Self>,
        topic: &TopicName,
        after: Cursor,
        settings: PollSettings,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<LongPoll, TooManyTopics> {
        let mut inner = self.lock();
        let topic = inner.hub.enter(topic)?;
        let reader = self.reader(&mut inner, topic);
        Ok(match inner.hub.answer_long_poll(topic, after, settings, until, now) {
            Some(answer) => LongPoll::Answer(Answered { answer, reader: Some(reader) }),
            None => LongPoll::Hold {
                news: Arc::clone(&reader.news).notified_owned(),
                after: inner.hub.end(topic),
                reader,
            },
        })
    }

    /// A subscriber's place in a topic.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        topic: &TopicName,
        after: Cursor,
        format: Format,
    ) -> Result<Subscription, TooManyTopics> {
        let mut inner = self.lock();
        let topic = inner.hub.enter(topic)?;
        let reader = self.reader(&mut inner, topic);
        let mut place = inner.hub.subscribe(topic, after, format);
        Ok(Subscription { cursor: inner.hub.cursor(&place), gap: place.take_gap(), place, reader })
    }

    /// Where each of these topics ends; of one that nobody has used, the oldest place. Asking
    /// creates no topic.
    pub(crate) fn ends<'a>(&self, topics: impl Iterator<Item = &'a str>) -> Vec<Cursor> {
        let inner = self.lock();
        let end =
            |topic| inner.hub.find(topic).map_or(Cursor::OLDEST, |topic| inner.hub.end(topic));
        topics.map(end).collect()
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
    fn news_of(&mut self, topic: TopicId) -> &Arc<Notify> {
        if self.news.len() <= topic.0 {
            self.news.resize_with(self.hub.slots(), Arc::default);
        }
        &self.news[topic.0]
    }

    fn publish(&mut self, topic: TopicId, message: Message) -> Cursor {
        let cursor = self.hub.publish(topic, message);
        // Waking only marks tasks as ready: none of them runs before the lock is free.
        self.news_of(topic).notify_waiters();
        cursor
    }
}
