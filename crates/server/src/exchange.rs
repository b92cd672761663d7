//! The hub behind a lock, and what wakes those who wait for news.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use bytes::Bytes;
use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Cursor, Timestamp, TopicName};
use tokio::sync::Notify;

use crate::hub::{
    Hub, HubCounts, HubLevels, HubSettings, Hubs, Next, PublishError, SubscriberPlace, TopicId,
};
use crate::log::Message;
use crate::wake_ups::{Pause, WakeUps};

/// The one hub of a server, shared by its connections.
#[derive(Debug)]
pub(crate) struct Exchange {
    inner: Mutex<Inner>,
    /// Beats of the server's heart so far.
    ticks: AtomicU64,
    /// Whether messages are conflated, so that what is next depends on the time.
    conflates: bool,
    wake_ups: WakeUps,
    clock: Clock,
}

#[derive(Debug)]
struct Inner {
    hub: Hub,
    /// By topic: wakes its subscribers.
    published: Vec<Arc<Notify>>,
}

/// A reader of a topic, which is there as long as it has one.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) exchange: Arc<Exchange>,
    /// Notified at each publish of its topic.
    pub(crate) published: Arc<Notify>,
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

impl Exchange {
    pub(crate) fn new(settings: HubSettings, clock: Clock) -> Self {
        let conflates = settings.conflate.is_some();
        let inner = Mutex::new(Inner { hub: Hub::new(settings), published: Vec::new() });
        Self { inner, ticks: AtomicU64::new(0), conflates, wake_ups: WakeUps::default(), clock }
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

    /// The handle of a reader of a topic that the hub has counted already.
    pub(crate) fn reader(self: &Arc<Self>, topic: TopicId) -> Reader {
        let published = Arc::clone(self.lock().published_in(topic));
        Reader { exchange: Arc::clone(self), published, topic }
    }

    /// See [`Hub::next`].
    pub(crate) fn next(&self, place: &mut SubscriberPlace) -> Next {
        let now = if self.conflates { self.clock.now() } else { Timestamp::default() };
        self.lock().hub.next(place, now)
    }

    /// Whether a subscriber is not to be sent anything yet.
    pub(crate) fn is_paused(&self, pause: &mut Pause) -> bool {
        pause.lasts(|| self.clock.now())
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
            self.wake_ups.set(until, task);
        }
    }

    /// Wakes those whose moment has come, for ever.
    pub(crate) async fn wake_on_time(&self) {
        self.wake_ups.run(self.clock).await;
    }

    /// See [`Hub::keeps`].
    pub(crate) fn keeps(&self, place: &mut SubscriberPlace) -> bool {
        self.lock().hub.keeps(place)
    }

    /// One beat of the server's heart: wakes every subscriber.
    pub(crate) fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::Release);
        for published in &self.lock().published {
            published.notify_waiters();
        }
    }

    /// Beats so far.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Acquire)
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

impl Hubs for Exchange {
    fn with<T>(&self, ask: impl FnOnce(&mut Hub) -> T) -> T {
        ask(&mut self.lock().hub)
    }
}

impl Inner {
    fn published_in(&mut self, topic: TopicId) -> &Arc<Notify> {
        if self.published.len() <= topic.0 {
            self.published.resize_with(self.hub.slots(), Arc::default);
        }
        &self.published[topic.0]
    }

    fn publish(&mut self, topic: TopicId, message: Message) -> Cursor {
        let cursor = self.hub.publish(topic, message);
        // Waking only marks tasks as ready: none of them runs before the lock is free.
        self.published_in(topic).notify_waiters();
        cursor
    }
}
