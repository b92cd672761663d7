//! Who gets what is published, and what clients said.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::text::Found;

/// The most messages that wait for one client; a test that has more waits too long.
const MOST_WAITING: usize = 4_096;

/// What clients did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    /// Connections that subscribed, also those that have ended.
    pub subscribed: u64,
    /// Messages that were published.
    pub published: u64,
    /// Messages that were handed to subscribers.
    pub delivered: u64,
    /// Heartbeats that were sent and want a reply.
    pub heartbeats: u64,
    /// Replies to heartbeats.
    pub replies: u64,
    /// What clients said that the transcript does not have, and heartbeats without a reply.
    pub unexpected: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    subscribers: Vec<(Option<Vec<u8>>, Sender<Found>)>,
    seen: Seen,
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is published to the channel from now on, or to any where the transcript has none.
    pub(crate) fn subscribe(&self, to: Option<&Vec<u8>>) -> Receiver<Found> {
        let (sender, receiver) = channel(MOST_WAITING);
        let mut state = self.state();
        state.subscribers.push((to.cloned(), sender));
        state.seen.subscribed += 1;
        receiver
    }

    /// Hands a message to everybody in its channel.
    pub(crate) fn publish(&self, message: &Found) {
        let mut state = self.state();
        state.seen.published += 1;
        let State { subscribers, seen } = &mut *state;
        let to = message.get("channel");
        subscribers.retain(|(channel, sender)| {
            if channel.as_ref().zip(to).is_some_and(|(channel, to)| channel != to) {
                return true;
            }
            match sender.try_send(message.clone()) {
                Ok(()) => {
                    seen.delivered += 1;
                    true
                }
                Err(error) => {
                    // One that has closed its connection misses nothing.
                    if !sender.is_closed() {
                        seen.unexpected.push(format!("a client that does not read: {error}"));
                    }
                    false
                }
            }
        });
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.state().seen);
    }

    pub(crate) fn seen(&self) -> Seen {
        self.state().seen.clone()
    }
}
