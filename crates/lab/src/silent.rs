//! Connections that have asked for nothing yet: where there is no room, the oldest of them makes some.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::AbortHandle;

/// Connections in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Silent(VecDeque<(Asked, AbortHandle)>);

/// Whether a connection has asked for something, as its relay and the listener share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<AtomicBool>);

impl Asked {
    /// Says that it has.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Silent {
    /// Adds a connection that has just come.
    pub(crate) fn push(&mut self, asked: Asked, relay: AbortHandle) {
        self.0.push_back((asked, relay));
    }

    /// Ends the oldest that has asked for nothing; `false` if there is none.
    pub(crate) fn make_room(&mut self) -> bool {
        while let Some((asked, relay)) = self.0.pop_front() {
            if !asked.has() && !relay.is_finished() {
                relay.abort();
                return true;
            }
        }
        false
    }

    /// Forgets those that are silent no more.
    pub(crate) fn sweep(&mut self) {
        self.0.retain(|(asked, relay)| !asked.has() && !relay.is_finished());
    }
}
