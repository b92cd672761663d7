//! Which clients have come to be open, which have failed, and who waits for a response.

use std::cell::{Cell, RefCell};

use pushbench_protocol::Timestamp;

/// The clients of one worker, counted.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    connected: Cell<u64>,
    failed: Cell<u64>,
    /// Polls sent and not answered.
    in_flight: Cell<u64>,
    /// Clients that have a response and have not sent the request that belongs with it.
    turning: Cell<u64>,
    /// Whether the client of each seat has come to be open, and when the last one has.
    open: RefCell<Vec<bool>>,
    last_opened: Cell<Timestamp>,
}

/// A client between a response and the request that belongs with it, until this is dropped.
#[derive(Debug)]
pub(crate) struct Turning<'p>(&'p Presence);

impl Drop for Turning<'_> {
    fn drop(&mut self) {
        self.0.turning.set(self.0.turning.get() - 1);
    }
}

impl Presence {
    /// A client has a response, and a request to send that belongs with it.
    pub(crate) fn turns(&self) -> Turning<'_> {
        self.turning.set(self.turning.get() + 1);
        Turning(self)
    }

    /// Clients between a response and the request that belongs with it.
    pub(crate) fn turning(&self) -> u64 {
        self.turning.get()
    }

    /// One more client is to come.
    pub(crate) fn expect(&self) {
        self.open.borrow_mut().push(false);
    }

    /// The client of this seat is ready for messages.
    pub(crate) fn is_open(&self, subscriber_id: usize, now: Timestamp) {
        self.connected.set(self.connected.get() + 1);
        self.open.borrow_mut()[subscriber_id] = true;
        self.last_opened.set(now);
    }

    /// Something has failed for a client.
    pub(crate) fn has_failed(&self) {
        self.failed.set(self.failed.get() + 1);
    }

    /// A poll is sent.
    pub(crate) fn asks(&self) {
        self.in_flight.set(self.in_flight.get() + 1);
    }

    /// A poll is answered, or no longer waited for.
    pub(crate) fn is_answered(&self) {
        self.in_flight.set(self.in_flight.get() - 1);
    }

    /// Whether the client of this seat has come to be open.
    pub(crate) fn has_opened(&self, subscriber_id: usize) -> bool {
        self.open.borrow()[subscriber_id]
    }

    /// When the last client has come to be open.
    pub(crate) fn last_opened(&self) -> Timestamp {
        self.last_opened.get()
    }

    pub(crate) fn connected(&self) -> u64 {
        self.connected.get()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.get()
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.get()
    }
}
