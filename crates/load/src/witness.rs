//! Who else has counted what a connection carried: its socket, the kernel, and TLS.
//!
//! The books of the codec are held against these. Who there is, what each counts and who is held
//! against whom stands in `list`; sums over connections are in `counted`. A witness outlives its connection, so that what
//! was counted until the end is known after it.

pub(crate) mod counted;
pub(crate) mod in_part;
pub(crate) mod list;

use std::cell::{Cell, OnceCell};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pushbench_tls::RecordTotals;
use pushbench_wire::SocketCounters;
use pushbench_wire::record::RECORD_OVERHEAD;
use pushbench_wire::tcp_info::{TcpInfo, handed, tcp_info};

use crate::witness::counted::{Counted, Tally};
use crate::witness::list::WitnessName;

/// The socket's, the kernel's and TLS's books of one connection, readable while the client uses it.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) counters: Arc<SocketCounters>,
    /// TLS's own bytes; nothing in clear text.
    pub(crate) records: Arc<RecordTotals>,
    /// What the kernel is asked by; absent where no kernel carries the bytes.
    descriptor: Option<RawFd>,
    /// Whether a library reads and writes it: the counters then have what was booked.
    of_library: bool,
    /// The books when the connection was closed. Boxed: while it is open it need not have their room.
    last: OnceCell<Box<Counted>>,
    /// Whether a read has told that the server's FIN has come.
    has_ended: Cell<bool>,
    /// Whether the server has reset the connection before any FIN.
    was_reset: Cell<bool>,
    /// Records that had brought something when the client last asked, or had taken all of it.
    received_before: Cell<u64>,
    /// Whether this connection has passed [`crate::Boundary::Measured`].
    pub(crate) is_measured: Cell<bool>,
    /// Bytes that were read of responses that are not whole, and are on no books yet.
    in_part: Cell<u64>,
    /// Its place among the worker's witnesses.
    pub(crate) place: Cell<usize>,
}

/// The books of a connection at a moment of its client's own: the server goes on, so more may have come
/// than was read, and what was written may wait to be sent.
pub(crate) struct AsOfClient {
    /// What has been read and written, by all. The kernel's segments are those that have passed.
    pub(crate) counted: Counted,
    /// Bytes that have come and are not among those.
    pub(crate) unread: u64,
    /// Bytes of a record of TLS among those read that the client cannot have yet: the rest is to come.
    pub(crate) in_part: u64,
    /// Whether the kernel's books are of this moment, which nobody can know where bytes come each time
    /// that it is asked.
    pub(crate) is_exact: bool,
}

impl Witness {
    /// Of a connection that has just been opened, and that says before it closes the descriptor.
    pub(crate) fn of(descriptor: Option<RawFd>) -> Self {
        Self {
            counters: Arc::default(),
            records: Arc::default(),
            descriptor,
            of_library: false,
            last: OnceCell::new(),
            has_ended: Cell::new(false),
            was_reset: Cell::new(false),
            received_before: Cell::new(0),
            is_measured: Cell::new(false),
            in_part: Cell::new(0),
            place: Cell::new(0),
        }
    }

    /// Of a connection that a library has opened, by a second descriptor of it.
    pub(crate) fn of_library(descriptor: RawFd) -> Self {
        Self { of_library: true, ..Self::of(Some(descriptor)) }
    }

    /// Takes note of bytes that a library says it has sent and received.
    pub(crate) fn has_carried(&self, up: u64, down: u64) {
        self.counters.written.fetch_add(up, Ordering::Relaxed);
        self.counters.read.fetch_add(down, Ordering::Relaxed);
    }

    /// The books now, but for what has come of responses that are not whole: each is in the books of
    /// the phase in which it is. After the connection is closed, as they were then.
    pub(crate) fn sums(&self) -> Counted {
        match self.last.get() {
            Some(last) => **last,
            None => self.now().before(self.in_part(), 0, 0),
        }
    }

    /// The books of the connection, which is open, with all that has come.
    fn now(&self) -> Counted {
        // A kernel that cannot be asked leaves its set of books out; the report then says so.
        self.counted(self.descriptor.and_then(|descriptor| tcp_info(descriptor).ok()))
    }

    /// Bytes that were read of responses that are not whole; none after the connection is closed, since
    /// they are then booked as they are.
    pub(crate) fn in_part(&self) -> u64 {
        if self.last.get().is_some() { 0 } else { self.in_part.get() }
    }

    /// The books now as far as the client has read and written.
    pub(crate) fn as_of_client(&self) -> AsOfClient {
        if let Some(counted) = self.last.get() {
            return AsOfClient { counted: **counted, unread: 0, in_part: 0, is_exact: true };
        }
        let handed = self.descriptor.and_then(|descriptor| handed(descriptor).ok());
        AsOfClient {
            counted: self.counted(handed.map(|handed| handed.info)),
            unread: handed.map_or(0, |handed| handed.unread),
            in_part: self.records.received_in_part(),
            is_exact: handed.is_none_or(|handed| handed.is_exact),
        }
    }

    /// The books of socket and TLS with what the kernel says.
    fn counted(&self, info: Option<TcpInfo>) -> Counted {
        let kernel = info.map(|info| {
            // The kernel counts the server's FIN as a byte received; no socket ever reads it.
            TcpInfo { has_fin: self.has_ended.get() || info.has_fin, ..info }
        });
        let records = Tally::of_bytes(self.records.tls_sent(), self.records.tls_received());
        Counted::of(self.counters.bytes_read(), self.counters.bytes_written(), kernel)
            .with(WitnessName::TlsRecords, records)
            .booked(self.of_library)
    }

    /// Its descriptor, if it is open and a kernel carries it.
    pub(crate) fn open(&self) -> Option<RawFd> {
        self.descriptor.filter(|_| self.last.get().is_none())
    }

    /// Bytes that the socket carried, without asking the kernel.
    pub(crate) fn bytes(&self) -> u64 {
        self.counters.bytes_read() + self.counters.bytes_written()
    }

    /// Bytes that have passed without what TLS added, down and up.
    pub(crate) fn above_tls(&self) -> [u64; 2] {
        let (read, written) = (self.counters.bytes_read(), self.counters.bytes_written());
        let tls = [self.records.tls_received(), self.records.tls_sent()];
        [read.saturating_sub(tls[0]), written.saturating_sub(tls[1])]
    }

    /// The connection is about to be closed, and its descriptor with it. What the kernel received
    /// and nobody read, since the client has failed or the server has reset the connection, is on
    /// nobody's books, and neither is a FIN that a reset followed.
    pub(crate) fn close(&self) {
        let sums = self.now();
        let last = match (self.has_ended.get(), self.of_library) {
            (true, _) => sums,
            (false, false) => sums.without_unread(),
            // What of it was read only the kernel knows.
            (false, true) => self.as_of_client().counted,
        };
        // Nobody closes it twice: the socket does as it is dropped.
        let _ = self.last.set(Box::new(last));
    }

    /// A read has told that nothing more comes. Behind a reset it says so too, and no FIN has come.
    pub(crate) fn has_ended(&self) {
        self.has_ended.set(!self.was_reset.get());
    }

    /// A read or a write has told that the connection was reset, or is lost otherwise, and no FIN has
    /// come before: behind that a read tells the end, whatever follows.
    pub(crate) fn was_reset(&self) {
        self.was_reset.set(true);
    }

    /// The client has asked for something, or taken all that it was told: what comes from now on
    /// comes with what it hears next.
    pub(crate) fn has_taken(&self) {
        self.received_before.set(self.records.records_received());
    }

    /// What TLS added to what was received since then.
    pub(crate) fn tls_received(&self) -> u64 {
        (self.records.records_received() - self.received_before.get()) * RECORD_OVERHEAD
    }
}
