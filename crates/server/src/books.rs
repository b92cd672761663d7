//! The server's books: every connection, its class and its bytes.
//!
//! A byte costs one addition to a counter of its own connection. The lock is taken when a connection
//! opens or closes, and when someone asks.

mod connection;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use pushbench_protocol::{ClassStats, ConnectionClass, HandshakeStats, Timestamp};

use crate::deadline::{Deadlines, Order, Seen, Timeouts};
pub(crate) use connection::Connection;
use connection::{CLASSES, place_of};

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
    deadline: Deadlines,
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
        let deadline = Deadlines::new(now);
        let entry = Entry { connection: Arc::clone(&connection), deadline, is_stream };
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

    /// Tells the connections of all subscribers to end, each in its way.
    pub(crate) fn tell_subscribers_to_go(&self) {
        for entry in self.lock().open.iter().flatten() {
            if entry.connection.class().is_of_a_subscriber() {
                entry.connection.tell(Order::GoAway);
            }
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
            let counters = &connection.counters;
            let seen = Seen {
                phase: connection.phase(),
                read: counters.bytes_read(),
                written: counters.bytes_written(),
                is_blocked: counters.is_blocked(),
            };
            let overdue = entry.deadline.judge(seen, now, timeouts);
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
    use std::sync::atomic::Ordering;

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
