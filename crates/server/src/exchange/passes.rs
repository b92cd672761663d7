//! The passes over the subscribers of all topics, as the exchange keeps them beside its hub.

use std::collections::VecDeque;
use std::sync::Arc;

use pushbench_protocol::Timestamp;

use crate::hub::{Hub, SubscriberPlace, TopicId};
use crate::pass::{Pass, Port, SubscriberId};

/// A subscriber's stream, whatever carries it.
pub(crate) type AnyPort = Arc<dyn Port + Send + Sync>;

/// All passes.
#[derive(Default)]
pub(super) struct Passes {
    topics: Vec<OfTopic>,
    /// Topics of which someone is to be visited, each once.
    due: VecDeque<TopicId>,
}

#[derive(Default)]
struct OfTopic {
    pass: Pass<AnyPort>,
    is_due: bool,
    /// The earliest moment at which everyone is going to be visited.
    wakes_at: Option<Timestamp>,
}

/// What visits have come to.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    /// Subscribers visited.
    pub(crate) count: usize,
    /// Moments at which all subscribers of a topic are to be visited, beside those known.
    pub(crate) moments: Vec<(TopicId, Timestamp)>,
}

impl Passes {
    /// One subscriber more.
    pub(super) fn join(&mut self, place: SubscriberPlace, port: AnyPort) -> SubscriberId {
        let topic = place.topic();
        if self.topics.len() <= topic.0 {
            self.topics.resize_with(topic.0 + 1, OfTopic::default);
        }
        let id = self.topics[topic.0].pass.join(place, port);
        self.note(topic);
        id
    }

    /// One of its passes, to be asked or changed by its subscribers; it has one.
    pub(super) fn change<T>(
        &mut self,
        topic: TopicId,
        change: impl FnOnce(&mut Pass<AnyPort>) -> T,
    ) -> T {
        let changed = change(&mut self.topics[topic.0].pass);
        self.note(topic);
        changed
    }

    /// Has all subscribers of a topic visited, since it has taken a message.
    pub(super) fn published(&mut self, topic: TopicId) {
        if let Some(of_topic) = self.topics.get_mut(topic.0) {
            of_topic.pass.visit_all();
            self.note(topic);
        }
    }

    /// The same, since a moment has come.
    pub(super) fn moment(&mut self, topic: TopicId) {
        self.topics[topic.0].wakes_at = None;
        self.published(topic);
    }

    /// Whether anyone is to be visited.
    pub(super) fn has_visits(&self) -> bool {
        !self.due.is_empty()
    }

    /// Visits up to `most` subscribers, topic by topic.
    pub(super) fn visit(&mut self, hub: &mut Hub, now: Timestamp, most: usize) -> Visited {
        let mut visited = Visited::default();
        while visited.count < most
            && let Some(topic) = self.due.pop_front()
        {
            let OfTopic { pass, is_due, wakes_at } = &mut self.topics[topic.0];
            visited.count += pass.deliver(hub, now, most - visited.count);
            if let Some(moment) =
                pass.moment().filter(|moment| wakes_at.is_none_or(|at| *moment < at))
            {
                *wakes_at = Some(moment);
                visited.moments.push((topic, moment));
            }
            *is_due = false;
            self.note(topic);
        }
        visited
    }

    /// Keeps in mind a topic of which someone is to be visited.
    fn note(&mut self, topic: TopicId) {
        let OfTopic { pass, is_due, .. } = &mut self.topics[topic.0];
        if pass.has_visits() && !std::mem::replace(is_due, true) {
            self.due.push_back(topic);
        }
    }
}

impl std::fmt::Debug for Passes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passes").field("due", &self.due).finish_non_exhaustive()
    }
}
