//! What a trial of the load generator saw.

mod average;
mod boundary;
mod counts;

pub use average::TimeAverage;
pub use boundary::{Boundary, InFlight, ServerSums};
pub use counts::{Counts, HeadCounts, Reconnects};

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_stats::Histogram;
use pushbench_wire::Ledger;

use crate::witness::counted::Counted;
use crate::{Fault, Unexpected};

/// TLS handshakes of a trial's clients.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Handshakes {
    /// With a certificate, on connections that are in the books.
    pub full: u64,
    /// Resuming an earlier session, on connections that are in the books.
    pub resumed: u64,
    /// With a certificate, on connections that were made to have a session to resume.
    pub preliminary: u64,
    /// The books of those connections, which are in none of a phase.
    pub preliminary_sums: Counted,
    /// The cipher suite of the last one.
    pub cipher_suite: String,
}

/// The heads of one exchange, as they went over the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SampleHeaders {
    /// Request's head.
    pub request: Vec<u8>,
    /// Answer's head.
    pub response: Vec<u8>,
    /// Length of the answer's body.
    pub body_len: u64,
}

/// What the publisher did.
#[derive(Clone, Debug, Default)]
pub struct PublisherOutcome {
    /// Messages sent.
    pub published: u64,
    /// Of those, due in the measure phase.
    pub published_in_measure: u64,
    /// How late the publisher itself sent those due in the measure phase: from due, or from when
    /// the socket took more if that was later.
    pub lateness: Histogram,
    /// How long the server kept those from being sent whole.
    pub kept_waiting: Histogram,
    /// The longest time for which its thread stood still; `None` before the measure phase.
    pub stall: Option<Duration>,
    /// Bytes written to the server, booked apart from every transport; `None` where a library wrote
    /// them, or a subscriber did, whose books have them.
    pub bytes_up: Option<u64>,
    /// Bytes read from it, likewise.
    pub bytes_down: Option<u64>,
    /// Whether the server left the end of the connection unanswered once all was published.
    pub close_unanswered: bool,
    /// Answers that were no success, and failures of the connection.
    pub faults: BTreeMap<Fault, u64>,
    /// The first response that was no success, for each fault.
    pub unexpected: BTreeMap<Fault, Unexpected>,
}

/// What a trial of the load generator saw: of each worker by itself, to be added up by whoever makes
/// something of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Each worker that has told.
    pub workers: Vec<WorkerOutcome>,
    /// Workers that ended, or stood still, before they had told what they saw.
    pub workers_gone: u64,
    /// The publisher; `None` where the server published by itself.
    pub publisher: Option<PublisherOutcome>,
    /// CPU time of each worker over the measure phase.
    pub worker_cpu: Vec<Duration>,
    /// What the server's witnesses had counted at each boundary, of those that can be compared there.
    pub server: BTreeMap<Boundary, Counted>,
    /// Boundaries that all workers had to take while something was on its way; those that connections
    /// pass by themselves are with the worker.
    pub in_flight: BTreeMap<Boundary, InFlight>,
}

/// What the clients of one worker saw.
#[derive(Clone, Debug, Default)]
pub struct WorkerOutcome {
    /// The codec's books, without TLS and TCP/IP.
    pub ledger: Ledger,
    /// What the clients' witnesses had counted at each boundary that was reached.
    pub boundaries: BTreeMap<Boundary, Counted>,
    /// Boundaries that a connection passed by itself while something was on its way.
    pub in_flight: BTreeMap<Boundary, InFlight>,
    /// What was counted.
    pub counts: Counts,
    /// From due to received whole, messages due in the measure phase.
    pub latency: Histogram,
    /// From published to received whole, the same messages.
    pub service_time: Histogram,
    /// The TCP handshake of each client.
    pub connect_tcp: Histogram,
    /// The TLS handshake of each client.
    pub connect_tls: Histogram,
    /// TLS handshakes; absent in clear text.
    pub handshakes: Option<Handshakes>,
    /// The upgrade of each WebSocket client.
    pub connect_upgrade: Histogram,
    /// How late the load generator itself sent polls due in the measure phase: from due, or from
    /// when the line was free if that was later.
    pub poll_lateness: Histogram,
    /// How long the server kept those waiting: from due until the line was free.
    pub poll_kept_waiting: Histogram,
    /// From a poll sent to its response received, in a closed loop.
    pub response_time: Histogram,
    /// From one token received to the next at the same client; empty where messages are no tokens.
    pub gap: Histogram,
    /// From a connection lost to its client being connected again, any phase.
    pub reconnect_time: Histogram,
    /// The longest time for which it stood still; `None` before the measure phase.
    pub stall: Option<Duration>,
    /// Age of the newest message held, in nanoseconds, over clients and the measure phase.
    pub age: TimeAverage,
    /// Versions behind, over clients and the measure phase.
    pub version_age: TimeAverage,
    /// Segments, both ways, that opened and closed connections in the measure phase; counted where
    /// each poll has its own.
    pub connecting_segments: u64,
    /// The first exchange of the measure phase at some client.
    pub sample: Option<SampleHeaders>,
    /// What connections saw of heads that are compressed.
    pub headers: HeadCounts,
    /// The first response that was not what was expected, for each fault.
    pub unexpected: BTreeMap<Fault, Unexpected>,
}
