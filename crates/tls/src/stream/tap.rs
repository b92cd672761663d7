//! What the records of a connection add, for someone who wants to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pushbench_wire::RecordCounter;
use pushbench_wire::record::Carries;

/// What the records of one connection have added so far; readable while the connection is used.
#[derive(Debug, Default)]
pub struct RecordTotals {
    received: AtomicU64,
    in_part: AtomicU64,
    records_received: AtomicU64,
    sent: AtomicU64,
}

impl RecordTotals {
    /// Records received that carried bytes of the stream.
    pub fn records_received(&self) -> u64 {
        self.records_received.load(Ordering::Relaxed)
    }

    /// TLS's own bytes among those received.
    pub fn tls_received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes of a record that has come in part. The socket has read them, and nothing else here has
    /// them: whose they are is known when the record is whole.
    pub fn received_in_part(&self) -> u64 {
        self.in_part.load(Ordering::Relaxed)
    }

    /// TLS's own bytes among those sent.
    pub fn tls_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Counts what passes for someone who wants to know.
#[derive(Debug)]
pub(super) struct Tap {
    received: RecordCounter,
    sent: RecordCounter,
    totals: Arc<RecordTotals>,
}

impl Tap {
    /// Counts for whoever reads these totals.
    pub(super) fn new(totals: Arc<RecordTotals>) -> Self {
        Self { received: RecordCounter::default(), sent: RecordCounter::default(), totals }
    }
}

/// Tells of bytes received.
pub(super) fn observe(tap: &mut Option<Box<Tap>>, bytes: &[u8], carries: Carries) {
    if let Some(tap) = tap {
        tap.received.observe(bytes, carries);
        let counts = tap.received.counts;
        tap.totals.received.store(counts.tls, Ordering::Relaxed);
        tap.totals.records_received.store(counts.records, Ordering::Relaxed);
    }
}

/// Tells how many bytes of a record are kept until the rest of it comes.
pub(super) fn tell_in_part(tap: &Option<Box<Tap>>, bytes: usize) {
    // Records come whole nearly always.
    if let Some(tap) = tap
        && tap.totals.received_in_part() != bytes as u64
    {
        tap.totals.in_part.store(bytes as u64, Ordering::Relaxed);
    }
}

/// Tells of bytes sent.
pub(super) fn tell_sent(tap: &mut Option<Box<Tap>>, bytes: &[u8], carries: Carries) {
    if let Some(tap) = tap {
        tap.sent.observe(bytes, carries);
        tap.totals.sent.store(tap.sent.counts.tls, Ordering::Relaxed);
    }
}
