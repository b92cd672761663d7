//! Messages that are published over the connections of subscribers.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::publisher::handed::Handed;

/// What subscribers are to publish, for each topic, until one of its subscribers takes it.
#[derive(Debug, Default)]
pub(crate) struct ToPublish(Mutex<Vec<Option<UnboundedReceiver<Handed>>>>);

impl ToPublish {
    pub(super) fn put(&self, by_topic: Vec<UnboundedReceiver<Handed>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = by_topic.into_iter().map(Some).collect();
    }

    /// The messages of a topic that are to be published over the connection of whoever asks first;
    /// `None` for everyone after that, and where messages are published in another way.
    ///
    /// Each is a [`Handed`]: its owner says [`Handed::begins`] when it writes it, then
    /// [`Handed::sent`] or [`Handed::failed`]. One that is dropped counts as failed.
    pub(crate) fn take(&self, topic: u32) -> Option<UnboundedReceiver<Handed>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_mut(topic as usize)?.take()
    }
}
