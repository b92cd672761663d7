//! A subscriber of its topic's pass, as its session knows it.

use std::sync::Arc;

use crate::exchange::{AnyPort, Exchange};
use crate::hub::{Hub, SubscriberPlace, TopicId};
use crate::pass::{Pass, SubscriberId};

/// A subscriber to whom the pass over its topic writes, until it leaves or is dropped.
#[derive(Debug)]
pub(crate) struct Member {
    exchange: Arc<Exchange>,
    topic: TopicId,
    /// `None` once it has left.
    id: Option<SubscriberId>,
}

impl Member {
    /// Has what a topic takes from `place` on written to `port`.
    pub(crate) fn join(exchange: &Arc<Exchange>, place: SubscriberPlace, port: AnyPort) -> Self {
        let topic = place.topic();
        let id = Some(exchange.join(place, port));
        Self { exchange: Arc::clone(exchange), topic, id }
    }

    /// Whether it lags too far, and gets nothing more.
    pub(crate) fn is_over(&self) -> bool {
        self.ask(|_, pass, id| pass.is_over(id))
    }

    /// Whether a message waits for it, or a notice.
    pub(crate) fn is_behind(&self) -> bool {
        self.ask(|hub, pass, id| pass.place(id).is_some_and(|place| hub.is_behind(place)))
    }

    /// Says that its stream takes more.
    pub(crate) fn has_room(&self) {
        if let Some(id) = self.id {
            self.exchange.with_pass(self.topic, |_, pass| pass.has_room(id));
        }
    }

    /// Leaves: the pass writes nothing more.
    pub(crate) fn leave(&mut self) {
        if let Some(id) = self.id.take() {
            self.exchange.with_pass(self.topic, |_, pass| pass.leave(id));
        }
    }

    fn ask(&self, ask: impl FnOnce(&Hub, &Pass<AnyPort>, SubscriberId) -> bool) -> bool {
        let ask = |id| self.exchange.with_pass(self.topic, |hub, pass| ask(hub, pass, id));
        self.id.is_some_and(ask)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.leave();
    }
}
