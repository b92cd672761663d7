//! What carries messages to the server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use pushbench_adapter::Publishing;
use pushbench_protocol::{Timestamp, clock};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::accounts::published::Published;
use crate::accounts::turns::Late;
use crate::publisher::handed::{Handed, HandedBooks};
use crate::publisher::latest::Latest;
use crate::publisher::line::{Cord, PublisherLine};
use crate::publisher::requests::Taken;
use crate::publisher::sender::{By, SenderThread, TopicSender};
use crate::publisher::subscribers::ToPublish;
use crate::{Plan, PublisherOutcome};

/// What carries messages to the server.
pub(super) enum Way {
    /// Our own server: requests on one connection, which the publisher's thread writes itself.
    Line(PublisherLine),
    /// A third-party server: whoever sends each message by itself.
    Handed(Hands),
}

/// Who takes messages over.
pub(super) struct Hands {
    by_topic: Vec<UnboundedSender<Handed>>,
    books: Arc<HandedBooks>,
    /// `None` where subscribers send them.
    sender: Option<SenderThread>,
}

impl Way {
    /// Opens what the plan's server is published to by; `None` where it publishes by itself.
    pub(super) fn open(
        plan: &Plan,
        published: &Arc<Published>,
        subscribers: &ToPublish,
    ) -> io::Result<Option<Self>> {
        let Some(adapted) = &plan.adapted else {
            return Ok(Some(Self::Line(PublisherLine::open(plan.target)?)));
        };
        let books = Arc::new(HandedBooks::default());
        let mut by_topic = Vec::new();
        let mut senders = Vec::new();
        let mut of_subscribers = Vec::new();
        for topic in 0..plan.scenario.workload.topics.get() {
            // No subscriber has this number.
            let client = u64::from(plan.scenario.workload.clients.get()) + u64::from(topic);
            let values = adapted.values_of(plan, topic, client, clock::now());
            let publishing = adapted.transport.publishing(values.clone());
            let (to, messages) = unbounded_channel();
            by_topic.push(to);
            let by = match publishing.map_err(io::Error::other)? {
                Publishing::Requests(publisher) => {
                    published.are_concurrent();
                    By::Requests(publisher, Taken::new(Arc::clone(published), topic))
                }
                Publishing::Connection(dialogue) => By::Connection(dialogue),
                Publishing::Subscriber => {
                    of_subscribers.push(messages);
                    continue;
                }
                Publishing::Theirs => return Ok(None),
            };
            senders.push(TopicSender { by, values, messages });
        }
        let sender = match senders.is_empty() {
            true => None,
            false => Some(SenderThread::start(adapted, senders, Arc::clone(&books))?),
        };
        subscribers.put(of_subscribers);
        Ok(Some(Self::Handed(Hands { by_topic, books, sender })))
    }

    /// Where the lateness of the latest message is told.
    pub(super) fn latest(&self) -> Latest {
        match self {
            Self::Line(_) => Latest::default(),
            Self::Handed(hands) => hands.books.latest(),
        }
    }

    /// Where it is told that something has failed.
    pub(super) fn has_failed(&self) -> Arc<AtomicBool> {
        match self {
            Self::Line(line) => line.has_failed(),
            Self::Handed(hands) => hands.books.has_failed(),
        }
    }

    /// What ends a write that blocks.
    pub(super) fn cord(&self) -> Option<Cord> {
        match self {
            Self::Line(line) => Some(line.cord()),
            Self::Handed(_) => None,
        }
    }

    /// Ends it and adds what was seen, having waited for so long for the last responses; `None` if a
    /// thread is gone.
    pub(super) fn finish(self, bound: Duration, outcome: &mut PublisherOutcome) -> Option<()> {
        match self {
            Self::Line(line) => {
                let (answers, has_ended) = line.finish(bound)?;
                outcome.receive(answers, has_ended);
                Some(())
            }
            Self::Handed(Hands { by_topic, books, sender }) => {
                // Nothing more comes: whoever sends ends when it has sent what it has.
                drop(by_topic);
                // Subscribers have ended before.
                if let Some(sender) = &sender {
                    sender.ends_within(bound);
                }
                outcome.add(books.close());
                sender.map_or(Some(()), SenderThread::end)
            }
        }
    }
}

impl Hands {
    /// Hands a message over that is this late now, if it is due in the measure phase.
    pub(super) fn hand_over(
        &self,
        topic: u32,
        payload: Vec<u8>,
        now: Timestamp,
        late: Option<Late>,
    ) {
        if let Some(handed) = self.books.take(payload, now, late) {
            // Whoever is gone drops it, which is counted.
            let _ = self.by_topic[topic as usize].send(handed);
        }
    }
}
