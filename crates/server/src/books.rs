//! The server's books: every connection, its class and its bytes.
//!
//! A byte costs one addition to a counter of its own connection. The lock is taken when a connection
//! opens or closes, and when someone asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
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
    closed: [ClassStats; CLASSES],
    refused: BTreeMap<u16, u64>,
    handshakes: HandshakeStats,
}

#[derive(Debug)]
struct Entry {
    connection: Arc<Connection>,
    patience: Patience,
}

/// An open connection; dropping it closes the books on it, so it must outlive the socket.
#[derive(Debug)]
pub(crate) struct Opened {
    books: Arc<Books>,
    slot: usize,
    pub(crate) connection: Arc<Connection>,
}

const CLASSES: usize = ConnectionClass::ALL.len();

fn place_of(class: ConnectionClass) -> u8 {
    ConnectionClass::ALL.iter().position(|known| *known == class).expect("every class is in ALL")
        as u8
}

impl Connection {
    fn new() -> Self {
        Self {
            counters: Arc::default(),
            class: AtomicU8::new(place_of(ConnectionClass::Other)),
            phase: AtomicU8::new(Phase::Http as u8),
            order: AtomicU8::new(Order::None as u8),
            read_when_answered: AtomicU64::new(0),
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
    fn tell(&self, order: Order) {
        if self.order.fetch_max(order as u8, Ordering::Relaxed) < order as u8
            && let Some(task) = &*self.task.lock().expect("a waker's clone does not panic")
        {
            task.wake_by_ref();
        }
    }

    fn phase(&self) -> Phase {
        match Phase::from_bits(self.phase.load(Ordering::Relaxed)) {
            Phase::Http
                if self.counters.bytes_read() > self.read_when_answered.load(Ordering::Relaxed) =>
            {
                Phase::Request
            }
            phase => phase,
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

impl Books {
    /// Opens the books on a new connection.
    pub(crate) fn open(self: &Arc<Self>, now: Timestamp) -> Opened {
        let connection = Arc::new(Connection::new());
        let entry = Entry { connection: Arc::clone(&connection), patience: Patience::new(now) };
        let mut inner = self.lock();
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
        inner.open.len() - inner.free.len()
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
        for entry in inner.open.iter().flatten() {
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
        let (mut class, stats) = self.connection.stats();
        if class == usize::from(place_of(ConnectionClass::Silent)) {
            class = usize::from(place_of(ConnectionClass::Other));
        }
        add(&mut inner.closed[class], ClassStats { open: 0, ..stats });
        inner.open[self.slot] = None;
        inner.free.push(self.slot);
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
        assert_eq!(stats[&ConnectionClass::Other].received_bytes, 300);
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
