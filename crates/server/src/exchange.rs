//! The hub behind a lock with the passes over its subscribers, and what wakes those who wait for news.

mod passes;

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
use crate::pass::{Pass, SubscriberId};
use crate::wake_ups::{Pause, WakeUps};
use passes::Passes;
pub(crate) use passes::{AnyPort, Visited};

/// The one hub of a server, shared by its connections.
#[derive(Debug)]
pub(crate) struct Exchange {
    inner: Mutex<Inner>,
    /// Beats of the server's heart so far.
    ticks: AtomicU64,
    /// Whether messages are conflated, so that what is next depends on the time.
    conflates: bool,
    wake_ups: WakeUps,
    /// Notified at each beat of the server's heart.
    ticked: Arc<Notify>,
    /// Told when someone is to be visited.
    visits: Notify,
    clock: Clock,
}

#[derive(Debug)]
struct Inner {
    hub: Hub,
    passes: Passes,
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
    /// Its topic.
    pub(crate) fn topic(&self) -> TopicId {
        self.topic
    }

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
        let (hub, passes) = (Hub::new(settings), Passes::default());
        let inner = Mutex::new(Inner { hub, passes, published: Vec::new() });
        let (ticks, wake_ups) = (AtomicU64::new(0), WakeUps::default());
        let (ticked, visits) = (Arc::default(), Notify::new());
        Self { inner, ticks, conflates, wake_ups, ticked, visits, clock }
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
        Ok(self.publish_in(&mut inner, topic, message))
    }

    /// Publishes to a topic that is read, and wakes its subscribers.
    pub(crate) fn publish(&self, topic: TopicId, payload: &[u8]) -> Result<Cursor, PublishError> {
        let message = Message::new(payload)?;
        let mut inner = self.lock();
        inner.hub.takes(topic)?;
        Ok(self.publish_in(&mut inner, topic, message))
    }

    fn publish_in(&self, inner: &mut Inner, topic: TopicId, message: Message) -> Cursor {
        let cursor = inner.publish(topic, message);
        self.tell(inner);
        cursor
    }

    /// The handle of a reader of a topic that the hub has counted already.
    pub(crate) fn reader(self: &Arc<Self>, topic: TopicId) -> Reader {
        let published = Arc::clone(self.lock().published_in(topic));
        Reader { exchange: Arc::clone(self), published, topic }
    }

    /// See [`Hub::next`].
    pub(crate) fn next(&self, place: &mut SubscriberPlace) -> Next {
        self.lock().hub.next(place, self.now())
    }

    /// The time, where anything depends on it.
    fn now(&self) -> Timestamp {
        if self.conflates { self.clock.now() } else { Timestamp::default() }
    }

    /// Has a topic's pass write a subscriber's messages from its place on.
    pub(crate) fn join(&self, place: SubscriberPlace, port: AnyPort) -> SubscriberId {
        let mut inner = self.lock();
        let id = inner.passes.join(place, port);
        self.tell(&inner);
        id
    }

    /// Visits up to `most` subscribers.
    pub(crate) fn visit(&self, most: usize) -> Visited {
        let now = self.now();
        let Inner { hub, passes, .. } = &mut *self.lock();
        passes.visit(hub, now, most)
    }

    /// Whether anyone is to be visited.
    pub(crate) fn has_visits(&self) -> bool {
        self.lock().passes.has_visits()
    }

    /// Waits until someone is to be visited.
    pub(crate) async fn until_visits(&self) {
        self.visits.notified().await;
    }

    /// A moment has come for which a topic's subscribers wait.
    pub(crate) fn moment(&self, topic: TopicId) {
        let mut inner = self.lock();
        inner.passes.moment(topic);
        self.tell(&inner);
    }

    /// Has a task woken at this moment.
    pub(crate) fn wake_at(&self, moment: Timestamp, task: Waker) {
        self.wake_ups.set(moment, task);
    }

    /// Wakes whoever makes the visits, if there are any.
    fn tell(&self, inner: &Inner) {
        if inner.passes.has_visits() {
            self.visits.notify_one();
        }
    }

    /// Asks or changes a topic's pass, which one of its subscribers does.
    pub(crate) fn with_pass<T>(
        &self,
        topic: TopicId,
        ask: impl FnOnce(&Hub, &mut Pass<AnyPort>) -> T,
    ) -> T {
        let mut inner = self.lock();
        let Inner { hub, passes, .. } = &mut *inner;
        let told = passes.change(topic, |pass| ask(hub, pass));
        self.tell(&inner);
        told
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
            self.wake_at(until, task);
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
        self.ticked.notify_waiters();
        for published in &self.lock().published {
            published.notify_waiters();
        }
    }

    /// What is notified at each beat.
    pub(crate) fn ticked(&self) -> &Arc<Notify> {
        &self.ticked
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
        self.passes.published(topic);
        cursor
    }
}
