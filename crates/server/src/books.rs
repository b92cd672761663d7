//! The server's books: every connection, its class and its bytes.
//!
//! A byte costs one addition to a counter of its own connection. The lock is taken when a connection
//! opens or closes, and when someone asks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::Waker;

use pushbench_protocol::{ClassStats, ConnectionClass, HandshakeStats, Timestamp};
use pushbench_wire::SocketCounters;

use crate::patience::{Order, Patience, Phase, Timeouts};

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
    is_refused: bool,
    /// Whether it carries streams, with requests beside requests that wait.
    is_http2: AtomicBool,
    /// Whether a frame of it has begun and is not whole.
    is_in_frame: AtomicBool,
    /// Polls that are held, and streams with a session: what has deadlines of its own.
    waiting: AtomicU32,
    /// Wakes its task when there is an order.
    task: Mutex<Option<Waker>>,
}

/// All connections and what the closed ones have carried.
#[derive(Debug, Default)]
pub(crate) struct Books {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Open connections by slot; a slot is used again once it is free.
    open: Vec<Option<Entry>>,
    free: Vec<usize>,
    /// How many of the open ones are streams of a connection.
    streams: usize,
    /// How many are open only to be refused.
    refused_open: usize,
    /// Those that have asked for nothing, the oldest first, and some that have since.
    silent: VecDeque<Weak<Connection>>,
    closed: [ClassStats; CLASSES],
    refused: BTreeMap<u16, u64>,
    handshakes: HandshakeStats,
}

#[derive(Debug)]
struct Entry {
    connection: Arc<Connection>,
    patience: Patience,
    is_stream: bool,
}

/// An open connection; dropping it closes the books on it, so it must outlive the socket.
#[derive(Debug)]
pub(crate) struct Opened {
    books: Arc<Books>,
    slot: usize,
    pub(crate) connection: Arc<Connection>,
}

/// Connections beyond the limit that are told so at a time; more are reset.
const MOST_REFUSED_AT_ONCE: usize = 256;

const CLASSES: usize = ConnectionClass::ALL.len();

fn place_of(class: ConnectionClass) -> u8 {
    ConnectionClass::ALL.iter().position(|known| *known == class).expect("every class is in ALL")
        as u8
}

impl Connection {
    fn new(is_refused: bool) -> Self {
        Self {
            has_asked: AtomicBool::new(is_refused),
            is_refused,
            counters: Arc::default(),
            class: AtomicU8::new(place_of(ConnectionClass::Other)),
            phase: AtomicU8::new(Phase::Http as u8),
            order: AtomicU8::new(Order::None as u8),
            read_when_answered: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
            is_in_frame: AtomicBool::new(false),
            waiting: AtomicU32::new(0),
            task: Mutex::new(None),
        }
    }

    /// Says what the connection is used for. The first use decides.
    pub(crate) fn classify(&self, class: ConnectionClass) {
        for unused in [ConnectionClass::Other, ConnectionClass::Silent] {
            let _ = self.class.compare_exchange(
                place_of(unused),
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

    fn is_silent(&self) -> bool {
        !self.has_asked.load(Ordering::Relaxed) && self.order() == Order::None
    }

    /// Says that the connection carries streams.
    pub(crate) fn speaks_http2(&self) {
        self.is_http2.store(true, Ordering::Relaxed);
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

    /// Tells the task to do something. A later order may only be sharper.
    pub(crate) fn tell(&self, order: Order) {
        if self.order.fetch_max(order as u8, Ordering::Relaxed) < order as u8
            && let Some(task) = &*self.task.lock().expect("a waker's clone does not panic")
        {
            task.wake_by_ref();
        }
    }

    fn phase(&self) -> Phase {
        let phase = Phase::from_bits(self.phase.load(Ordering::Relaxed));
        if phase != Phase::Http {
            return phase;
        }
        let is_waiting = self.waiting.load(Ordering::Relaxed) > 0;
        let is_http2 = self.is_http2.load(Ordering::Relaxed);
        // On HTTP/1.1 what comes while a poll is held is the next request, whose turn it is not.
        let has_begun = match is_http2 {
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

    fn stats(&self) -> (usize, ClassStats) {
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

impl Books {
    /// Opens the books on a new connection.
    pub(crate) fn open(self: &Arc<Self>, now: Timestamp) -> Opened {
        self.enter(now, Connection::new(false), false)
    }

    /// Opens the books on a connection that is one too many and is to be told so; `None` where
    /// enough are being told already.
    pub(crate) fn open_to_refuse(self: &Arc<Self>, now: Timestamp) -> Option<Opened> {
        let has_room = self.lock().refused_open < MOST_REFUSED_AT_ONCE;
        has_room.then(|| self.enter(now, Connection::new(true), false))
    }

    /// Has the oldest connection end that has asked for nothing; `false` if there is none.
    pub(crate) fn make_room(&self) -> bool {
        let mut inner = self.lock();
        while let Some(silent) = inner.silent.pop_front() {
            if let Some(connection) = silent.upgrade().filter(|connection| connection.is_silent()) {
                *inner.refused.entry(408).or_default() += 1;
                connection.tell(Order::End);
                return true;
            }
        }
        false
    }

    /// Opens the books on a stream of `connection`, with a session: it has deadlines and orders of
    /// its own, and its bytes are the connection's.
    pub(crate) fn open_stream(self: &Arc<Self>, connection: &Connection, now: Timestamp) -> Opened {
        let opened = self.enter(now, Connection::new(false), true);
        // It was not there when all were told.
        opened.connection.tell(connection.order());
        opened
    }

    fn enter(self: &Arc<Self>, now: Timestamp, connection: Connection, is_stream: bool) -> Opened {
        let connection = Arc::new(connection);
        let patience = Patience::new(now);
        let entry = Entry { connection: Arc::clone(&connection), patience, is_stream };
        let mut inner = self.lock();
        inner.streams += usize::from(is_stream);
        inner.refused_open += usize::from(connection.is_refused);
        if !is_stream && !connection.is_refused {
            inner.silent.push_back(Arc::downgrade(&connection));
        }
        let slot = match inner.free.pop() {
            Some(slot) => {
                inner.open[slot] = Some(entry);
                slot
            }
            None => {
                inner.open.push(Some(entry));
                inner.open.len() - 1
            }
        };
        Opened { books: Arc::clone(self), slot, connection }
    }

    /// Connections open now.
    pub(crate) fn connections(&self) -> usize {
        let inner = self.lock();
        inner.open.len() - inner.free.len() - inner.streams - inner.refused_open
    }

    /// Counts a refusal, by status code or close code.
    pub(crate) fn refuse(&self, code: u16) {
        *self.lock().refused.entry(code).or_default() += 1;
    }

    /// Refusals so far.
    pub(crate) fn refused(&self) -> BTreeMap<u16, u64> {
        self.lock().refused.clone()
    }

    /// Counts a TLS handshake; `is_resumed` is absent where it failed.
    pub(crate) fn handshake(&self, is_resumed: Option<bool>) {
        let handshakes = &mut self.lock().handshakes;
        *match is_resumed {
            Some(false) => &mut handshakes.full,
            Some(true) => &mut handshakes.resumed,
            None => &mut handshakes.failed,
        } += 1;
    }

    /// TLS handshakes so far.
    pub(crate) fn handshakes(&self) -> HandshakeStats {
        self.lock().handshakes
    }

    /// Totals by class, open connections included; a class that was never used is there too.
    pub(crate) fn stats(&self) -> BTreeMap<ConnectionClass, ClassStats> {
        let inner = self.lock();
        let mut totals = inner.closed;
        for entry in inner.open.iter().flatten().filter(|entry| !entry.is_stream) {
            let (class, stats) = entry.connection.stats();
            add(&mut totals[class], stats);
        }
        ConnectionClass::ALL.iter().copied().zip(totals).collect()
    }

    /// Tells every connection to end, each in its way.
    pub(crate) fn tell_all_to_go(&self) {
        for entry in self.lock().open.iter().flatten() {
            entry.connection.tell(Order::GoAway);
        }
    }

    /// Ends what has used up its time.
    pub(crate) fn sweep(&self, now: Timestamp, timeouts: &Timeouts) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let is_silent = |silent: &Weak<Connection>| {
            silent.upgrade().is_some_and(|connection| connection.is_silent())
        };
        inner.silent.retain(is_silent);
        for entry in inner.open.iter_mut().flatten() {
            let connection = &entry.connection;
            let overdue = entry.patience.judge(
                connection.phase(),
                connection.counters.bytes_read(),
                connection.counters.bytes_written(),
                now,
                timeouts,
            );
            if let Some(overdue) = overdue
                && connection.order() < overdue.order
            {
                if let Some(code) = overdue.code {
                    *inner.refused.entry(code).or_default() += 1;
                }
                connection.tell(overdue.order);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds the books")
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut inner = self.books.lock();
        let entry = inner.open[self.slot].take();
        inner.free.push(self.slot);
        if entry.is_some_and(|entry| entry.is_stream) {
            inner.streams -= 1;
            return;
        }
        inner.refused_open -= usize::from(self.connection.is_refused);
        let (mut class, stats) = self.connection.stats();
        if class == usize::from(place_of(ConnectionClass::Silent)) {
            class = usize::from(place_of(ConnectionClass::HandshakeOnly));
        }
        add(&mut inner.closed[class], ClassStats { open: 0, ..stats });
    }
}

fn add(total: &mut ClassStats, stats: ClassStats) {
    total.open += stats.open;
    total.accepted += stats.accepted;
    total.received_bytes += stats.received_bytes;
    total.sent_bytes += stats.sent_bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_nanos(0);

    #[test]
    fn bytes_move_with_their_connection_and_outlive_it() {
        let books = Arc::new(Books::default());
        let poller = books.open(START);
        let idle = books.open(START);
        poller.connection.counters.read.store(10, Ordering::Relaxed);
        assert_eq!(books.stats()[&ConnectionClass::Other].received_bytes, 10);
        assert_eq!(books.stats()[&ConnectionClass::Other].open, 2);

        poller.connection.classify(ConnectionClass::ShortPoll);
        poller.connection.classify(ConnectionClass::Control);
        poller.connection.counters.written.store(7, Ordering::Relaxed);
        let expected = ClassStats { open: 1, accepted: 1, received_bytes: 10, sent_bytes: 7 };
        assert_eq!(books.stats()[&ConnectionClass::ShortPoll], expected);
        assert_eq!(books.stats()[&ConnectionClass::Other].received_bytes, 0);

        drop(poller);
        let expected = ClassStats { open: 0, ..expected };
        assert_eq!(books.stats()[&ConnectionClass::ShortPoll], expected);
        assert_eq!(books.connections(), 1);
        drop(idle);
        assert_eq!(books.stats()[&ConnectionClass::Other].accepted, 1);
    }

    #[test]
    fn a_connection_is_silent_only_until_it_asks_or_is_closed() {
        let books = Arc::new(Books::default());
        let (asker, leaver) = (books.open(START), books.open(START));
        for opened in [&asker, &leaver] {
            opened.connection.classify(ConnectionClass::Silent);
            opened.connection.counters.read.store(300, Ordering::Relaxed);
        }
        assert_eq!(books.stats()[&ConnectionClass::Silent].received_bytes, 600);
        asker.connection.classify(ConnectionClass::ShortPoll);
        drop(leaver);
        let stats = books.stats();
        assert_eq!(stats[&ConnectionClass::Silent], ClassStats::default());
        assert_eq!(stats[&ConnectionClass::ShortPoll].received_bytes, 300);
        assert_eq!(stats[&ConnectionClass::HandshakeOnly].received_bytes, 300);
        assert_eq!(stats[&ConnectionClass::Other], ClassStats::default());
    }

    #[test]
    fn a_free_slot_is_used_again() {
        let books = Arc::new(Books::default());
        let first = books.open(START);
        let _second = books.open(START);
        let slot = first.slot;
        drop(first);
        assert_eq!(books.open(START).slot, slot);
    }

    #[test]
    fn an_order_is_never_softened() {
        let books = Arc::new(Books::default());
        let opened = books.open(START);
        opened.connection.tell(Order::End);
        opened.connection.tell(Order::GoAway);
        assert_eq!(opened.connection.order(), Order::End);
    }
}
