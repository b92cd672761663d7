//! One connection: what it is for, what it carries, what it does and what it is told.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use pushbench_protocol::{ClassStats, ConnectionClass};
use pushbench_wire::SocketCounters;

use crate::deadline::{Order, Phase};

/// One connection, as its task and the books share it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What its socket carried.
    pub(crate) counters: Arc<SocketCounters>,
    class: AtomicU8,
    phase: AtomicU8,
    order: AtomicU8,
    /// Bytes read when the last request was complete: more than that is a request in progress.
    read_when_answered: AtomicU64,
    /// Whether it has asked for something, whatever it was.
    has_asked: AtomicBool,
    /// Whether it is open only to be told that it is one too many.
    pub(super) is_refused: bool,
    /// Whether it carries streams, with requests beside requests that wait.
    has_streams: AtomicBool,
    /// Whether a frame of it has begun and is not whole.
    is_in_frame: AtomicBool,
    /// Polls that are held, and streams with a session: what has deadlines of its own.
    waiting: AtomicU32,
    /// Wakes its task when there is an order.
    task: Mutex<Option<Waker>>,
}

/// Classes there are.
pub(super) const CLASSES: usize = ConnectionClass::ALL.len();

/// The place of a class among all.
pub(super) fn place_of(class: ConnectionClass) -> u8 {
    ConnectionClass::ALL.iter().position(|known| *known == class).expect("every class is in ALL")
        as u8
}

impl Connection {
    pub(super) fn new(is_refused: bool) -> Self {
        Self {
            has_asked: AtomicBool::new(is_refused),
            is_refused,
            counters: Arc::default(),
            class: AtomicU8::new(place_of(ConnectionClass::Other)),
            phase: AtomicU8::new(Phase::Http as u8),
            order: AtomicU8::new(Order::None as u8),
            read_when_answered: AtomicU64::new(0),
            has_streams: AtomicBool::new(false),
            is_in_frame: AtomicBool::new(false),
            waiting: AtomicU32::new(0),
            task: Mutex::new(None),
        }
    }

    /// Says what the connection is used for. The first use decides.
    pub(crate) fn classify(&self, class: ConnectionClass) {
        let all_unused = [ConnectionClass::Other, ConnectionClass::Silent].map(place_of);
        // Nearly always it is known, and a load costs less than an exchange that fails.
        if !all_unused.contains(&self.class.load(Ordering::Relaxed)) {
            return;
        }
        for unused in all_unused {
            let _ = self.class.compare_exchange(
                unused,
                place_of(class),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
    }

    /// Says that what was read so far has been understood, so that no slow head is suspected.
    pub(crate) fn understood(&self) {
        self.read_when_answered.store(self.counters.bytes_read(), Ordering::Relaxed);
    }

    /// Says that it has asked for something.
    pub(crate) fn asks(&self) {
        self.has_asked.store(true, Ordering::Relaxed);
    }

    /// Whether it is open only to be told that it is one too many.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    pub(super) fn is_silent(&self) -> bool {
        !self.has_asked.load(Ordering::Relaxed) && self.order() == Order::None
    }

    /// Says that the connection carries streams.
    pub(crate) fn carries_streams(&self) {
        self.has_streams.store(true, Ordering::Relaxed);
    }

    /// Says whether a frame has begun and is not whole.
    pub(crate) fn is_in_frame(&self, is_in_frame: bool) {
        self.is_in_frame.store(is_in_frame, Ordering::Relaxed);
    }

    /// Says that something on the connection waits that has a deadline of its own, until what is
    /// returned is dropped.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    /// Says what the task is doing, so that the right deadline is kept.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// What the task has been told to do.
    pub(crate) fn order(&self) -> Order {
        Order::from_bits(self.order.load(Ordering::Relaxed))
    }

    /// Names the task to wake when there is an order. To be called by a new task before it looks
    /// for orders.
    pub(crate) fn wake_on_order(&self, waker: &Waker) {
        *self.task.lock().expect("a waker's clone does not panic") = Some(waker.clone());
    }

    /// What wakes the task.
    pub(crate) fn task(&self) -> Option<Waker> {
        self.task.lock().expect("a waker's clone does not panic").clone()
    }

    /// Has the task look around.
    pub(crate) fn wake(&self) {
        if let Some(task) = &*self.task.lock().expect("a waker's clone does not panic") {
            task.wake_by_ref();
        }
    }

    /// Tells the task to do something. A later order may only be sharper.
    pub(crate) fn tell(&self, order: Order) {
        if self.order.fetch_max(order as u8, Ordering::Relaxed) < order as u8 {
            self.wake();
        }
    }

    pub(super) fn phase(&self) -> Phase {
        let phase = Phase::from_bits(self.phase.load(Ordering::Relaxed));
        if phase != Phase::Http {
            return phase;
        }
        let is_waiting = self.waiting.load(Ordering::Relaxed) > 0;
        let has_streams = self.has_streams.load(Ordering::Relaxed);
        // Without them what comes while a poll is held is the next request, whose turn it is not.
        let has_begun = match has_streams {
            true => self.is_in_frame.load(Ordering::Relaxed),
            false if is_waiting => false,
            false => self.counters.bytes_read() > self.read_when_answered.load(Ordering::Relaxed),
        };
        match (has_begun, is_waiting) {
            (true, _) => Phase::Request,
            (false, true) => Phase::Held,
            (false, false) if self.has_asked.load(Ordering::Relaxed) => Phase::Http,
            (false, false) => Phase::Fresh,
        }
    }

    /// What it is used for, as far as is known.
    pub(super) fn class(&self) -> ConnectionClass {
        ConnectionClass::ALL[usize::from(self.class.load(Ordering::Relaxed))]
    }

    pub(super) fn stats(&self) -> (usize, ClassStats) {
        let stats = ClassStats {
            open: 1,
            accepted: 1,
            received_bytes: self.counters.bytes_read(),
            sent_bytes: self.counters.bytes_written(),
        };
        (usize::from(self.class.load(Ordering::Relaxed)), stats)
    }
}

/// Something that waits on a connection and has a deadline of its own.
#[derive(Debug)]
pub(crate) struct Waiting<'c>(&'c Connection);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
