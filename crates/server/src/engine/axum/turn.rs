//! What the HTTP library's side of a connection and the connection's task tell each other.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::app::{App, Takeover};
use crate::books::Connection;

/// A connection from the first bytes of a request until it is at rest, and then the next.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) app: Arc<App>,
    pub(super) connection: Arc<Connection>,
    /// Where it was accepted, if on a socket.
    pub(super) listener: Option<IpAddr>,
    /// A [`Stage`].
    stage: AtomicU8,
    /// Set by the request that ended HTTP on this connection.
    takeover: Mutex<Option<Takeover>>,
}

/// How far a response has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(super) enum Stage {
    /// The library has it not, or not all of it.
    Making,
    /// The library has all of it.
    Given,
    /// And has written it.
    Sent,
}

impl Turn {
    pub(super) fn new(
        app: Arc<App>,
        connection: Arc<Connection>,
        listener: Option<IpAddr>,
    ) -> Self {
        let stage = AtomicU8::new(Stage::Making as u8);
        Self { app, connection, listener, stage, takeover: Mutex::new(None) }
    }

    /// Says that the library writes.
    pub(super) fn writes(&self) {
        // A response of its own, to what is no request.
        if self.is_in(Stage::Sent) {
            self.enter(Stage::Making);
        }
    }

    /// Says that the library has nothing left to write.
    pub(super) fn flushed(&self) {
        if self.is_in(Stage::Given) {
            self.enter(Stage::Sent);
        }
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    pub(super) fn is_in(&self, stage: Stage) -> bool {
        self.stage.load(Ordering::Relaxed) == stage as u8
    }

    /// Whether a session is to answer in place of the library.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(*self.takeover(), Some(Takeover::Stream(..)))
    }

    pub(super) fn takeover(&self) -> MutexGuard<'_, Option<Takeover>> {
        self.takeover.lock().expect("nothing panics while it holds this")
    }
}
