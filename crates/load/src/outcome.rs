//! What a trial of the load generator saw.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use pushbench_protocol::Phase;
use pushbench_stats::Histogram;
use pushbench_wire::Ledger;
use pushbench_wire::tcp_info::TcpInfo;

use crate::{Fault, Unexpected};

/// A quiet moment at which the books are compared.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Boundary {
    /// All clients are connected and nothing moves.
    Connected,
    /// The warm-up is over and nothing moves.
    WarmedUp,
    /// Each connection's last exchange of the measure phase is over. Every connection has its own
    /// moment: just before its first exchange of the drain.
    Measured,
    /// Everything due has arrived and nothing moves.
    Drained,
    /// All connections are closed.
    Closed,
}

impl Boundary {
    /// Every boundary, earliest first.
    pub const ALL: [Self; 5] =
        [Self::Connected, Self::WarmedUp, Self::Measured, Self::Drained, Self::Closed];

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::WarmedUp => "warmed up",
            Self::Measured => "measured",
            Self::Drained => "drained",
            Self::Closed => "closed",
        }
    }

    /// The phase that begins here.
    pub(crate) const fn opens(self) -> Phase {
        match self {
            Self::Connected => Phase::WarmUp,
            Self::WarmedUp => Phase::Measure,
            Self::Measured => Phase::Drain,
            Self::Drained | Self::Closed => Phase::Close,
        }
    }
}

/// What the server's sockets have carried for the clients of a trial.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServerSums {
    /// Bytes read.
    pub received: u64,
    /// Bytes written.
    pub sent: u64,
}

/// What did not come to agree at a boundary, so that it is no end of a span of comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unrest {
    /// Codec, sockets and kernel of the clients.
    Clients,
    /// The server's sockets with the clients'.
    Server,
}

/// Sums over connections since each was opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SocketSums {
    /// Bytes that the counting streams saw read.
    pub socket_read: u64,
    /// Bytes that the counting streams saw written.
    pub socket_written: u64,
    /// Of those read, TLS's own: what a counter of records made of the ciphertext.
    pub tls_read: u64,
    /// Of those written, TLS's own.
    pub tls_written: u64,
    /// Connections whose kernel books could be read; the sums below are theirs.
    pub kernel_connections: u64,
    /// Connections in the sum.
    pub connections: u64,
    /// `TCP_INFO`, summed.
    pub kernel: KernelSums,
}

/// `TCP_INFO` summed over connections.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KernelSums {
    /// Data bytes sent for the first time.
    pub bytes_sent: u64,
    /// Data bytes sent again.
    pub bytes_retransmitted: u64,
    /// Data bytes received.
    pub bytes_received: u64,
    /// Segments sent.
    pub segments_out: u64,
    /// Segments received.
    pub segments_in: u64,
    /// Connections with timestamps.
    pub with_timestamps: u64,
    /// Segments sent and not yet acknowledged.
    pub unacknowledged: u64,
    /// The shortest round trip of any connection.
    pub min_round_trip: Option<Duration>,
}

impl SocketSums {
    /// The books of one connection in clear text.
    pub(crate) fn of(read: u64, written: u64, kernel: Option<TcpInfo>) -> Self {
        let info = kernel.unwrap_or_default();
        Self {
            socket_read: read,
            socket_written: written,
            tls_read: 0,
            tls_written: 0,
            kernel_connections: u64::from(kernel.is_some()),
            connections: 1,
            kernel: KernelSums {
                bytes_sent: info.bytes_sent - info.bytes_retransmitted,
                bytes_retransmitted: info.bytes_retransmitted,
                bytes_received: info.bytes_received,
                segments_out: info.segments_out,
                segments_in: info.segments_in,
                with_timestamps: u64::from(info.timestamps),
                unacknowledged: info.unacknowledged,
                min_round_trip: info.min_round_trip,
            },
        }
    }
}

impl SocketSums {
    /// Bytes that the sockets carried, both ways.
    pub(crate) fn bytes(&self) -> u64 {
        self.socket_read + self.socket_written
    }

    /// Segments that the kernel counted, both ways.
    pub(crate) fn segments(&self) -> u64 {
        self.kernel.segments_out + self.kernel.segments_in
    }

    /// The same as they were before the last `received` bytes came, `tls` of them TLS's own.
    pub(crate) fn before(mut self, received: u64, tls: u64, segments: u64) -> Self {
        self.socket_read -= received;
        self.tls_read -= tls;
        if self.kernel_connections > 0 {
            self.kernel.bytes_received -= received;
            // An estimate of the peer's segments, which cuts them as it likes.
            self.kernel.segments_in = self.kernel.segments_in.saturating_sub(segments);
        }
        self
    }
}

impl AddAssign for SocketSums {
    fn add_assign(&mut self, other: Self) {
        self.socket_read += other.socket_read;
        self.tls_read += other.tls_read;
        self.tls_written += other.tls_written;
        self.socket_written += other.socket_written;
        self.kernel_connections += other.kernel_connections;
        self.connections += other.connections;
        self.kernel.bytes_sent += other.kernel.bytes_sent;
        self.kernel.bytes_retransmitted += other.kernel.bytes_retransmitted;
        self.kernel.bytes_received += other.kernel.bytes_received;
        self.kernel.segments_out += other.kernel.segments_out;
        self.kernel.segments_in += other.kernel.segments_in;
        self.kernel.with_timestamps += other.kernel.with_timestamps;
        self.kernel.unacknowledged += other.kernel.unacknowledged;
        let trips = [self.kernel.min_round_trip, other.kernel.min_round_trip];
        self.kernel.min_round_trip = trips.into_iter().flatten().min();
    }
}

/// What was counted. Each count names its population.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Messages due in the measure phase, over the subscribers of their topics.
    pub expected: u64,
    /// Of those, the ones that reached their subscriber, once each.
    pub delivered: u64,
    /// Of the expected, the ones that had to arrive and did not.
    pub lost: u64,
    /// Of the expected, the ones replaced before the client asked (`latest`).
    pub superseded: u64,
    /// Messages pushed again, any phase.
    pub duplicates: u64,
    /// Messages that came after a later one, any phase.
    pub out_of_order: u64,
    /// Messages that this trial's publisher did not send.
    pub foreign: u64,
    /// The beginning of the first of them.
    pub first_foreign: Option<String>,
    /// Messages that came otherwise than they were sent: cut, lengthened, filled anew, or to another
    /// topic. They are no deliveries.
    pub altered: u64,
    /// What the first of them was.
    pub first_altered: Option<String>,
    /// Deliveries in exchanges of the measure phase.
    pub deliveries_in_measure: u64,
    /// Payload bytes of those, as published.
    pub uncompressed_payload_in_measure: u64,
    /// Polls due in the measure phase; where polls are held, those answered in it.
    pub polls: u64,
    /// Of those, the ones that brought nothing new.
    pub empty_polls: u64,
    /// Answers to polls of the measure phase, by status.
    pub answers: BTreeMap<u16, u64>,
    /// TCP connections opened in the measure phase.
    pub connects: u64,
    /// Polls of the measure phase that were sent again, since the server had closed the connection
    /// under them.
    pub retries: u64,
    /// Signs of life of the measure phase: pings and comments.
    pub heartbeats: u64,
    /// Messages that the server said it no longer held, any phase.
    pub gap_messages: u64,
    /// Failures, any phase but for the end of connections after the measured part.
    pub faults: BTreeMap<Fault, u64>,
    /// Connections that did not end in order when all was over.
    pub close_faults: BTreeMap<Fault, u64>,
}

impl Counts {
    /// Adds messages that a server said it no longer held. The number is the server's, so the sum
    /// stops at the largest that there is instead of overflowing.
    pub(crate) fn add_gap(&mut self, gap: u64) {
        self.gap_messages = self.gap_messages.saturating_add(gap);
    }

    /// Counts a failure.
    pub(crate) fn fail(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// Adds another worker's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.expected += other.expected;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.superseded += other.superseded;
        self.duplicates += other.duplicates;
        self.out_of_order += other.out_of_order;
        self.foreign += other.foreign;
        self.altered += other.altered;
        for (into, from) in [
            (&mut self.first_foreign, &other.first_foreign),
            (&mut self.first_altered, &other.first_altered),
        ] {
            if into.is_none() {
                into.clone_from(from);
            }
        }
        self.deliveries_in_measure += other.deliveries_in_measure;
        self.uncompressed_payload_in_measure += other.uncompressed_payload_in_measure;
        self.polls += other.polls;
        self.empty_polls += other.empty_polls;
        self.heartbeats += other.heartbeats;
        self.connects += other.connects;
        self.retries += other.retries;
        self.add_gap(other.gap_messages);
        for (status, count) in &other.answers {
            *self.answers.entry(*status).or_default() += count;
        }
        for (into, from) in
            [(&mut self.faults, &other.faults), (&mut self.close_faults, &other.close_faults)]
        {
            for (fault, count) in from {
                *into.entry(*fault).or_default() += count;
            }
        }
    }
}

/// What a worker's connections saw of heads.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Http2Counts {
    /// Connections.
    pub connections: u64,
    /// Field blocks of their first streams, any phase, up and down.
    pub first: [u64; 2],
    /// Of those, the part in the measure phase.
    pub first_in_measure: [u64; 2],
    /// First streams that began in the measure phase.
    pub firsts_in_measure: u64,
    /// What HTTP/1.1 would have written for the polls of the measure phase, up and down.
    pub uncompressed: [u64; 2],
}

impl Http2Counts {
    /// Adds another worker's.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.connections += other.connections;
        self.firsts_in_measure += other.firsts_in_measure;
        for (sums, more) in [
            (&mut self.first, other.first),
            (&mut self.first_in_measure, other.first_in_measure),
            (&mut self.uncompressed, other.uncompressed),
        ] {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }
}

/// An area under a curve and the width it stands on: a time average in the making.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeAverage {
    /// Sum of value times seconds.
    pub area: f64,
    /// Sum of seconds.
    pub seconds: f64,
}

impl TimeAverage {
    /// The average; `None` if no time passed.
    pub fn mean(self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.area / self.seconds)
    }
}

impl AddAssign for TimeAverage {
    fn add_assign(&mut self, other: Self) {
        self.area += other.area;
        self.seconds += other.seconds;
    }
}

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
    pub preliminary_sums: SocketSums,
    /// The cipher suite of the last one.
    pub cipher_suite: String,
}

impl Handshakes {
    fn merge(&mut self, other: &Self) {
        self.full += other.full;
        self.resumed += other.resumed;
        self.preliminary += other.preliminary;
        self.preliminary_sums += other.preliminary_sums;
        if self.cipher_suite.is_empty() {
            self.cipher_suite.clone_from(&other.cipher_suite);
        }
    }
}

/// The heads of one exchange, as they went over the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SampleHeads {
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
    /// Bytes written to the server, booked apart from every transport.
    pub bytes_up: u64,
    /// Bytes read from it.
    pub bytes_down: u64,
    /// Whether the server left the end of the connection unanswered once all was published.
    pub close_unanswered: bool,
    /// Answers that were no success, and failures of the connection.
    pub faults: BTreeMap<Fault, u64>,
    /// The first response that was no success, for each fault.
    pub unexpected: BTreeMap<Fault, Unexpected>,
}

/// A thread of the load generator that stood still.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stall {
    /// How long: the longest gap between two ticks beyond their period.
    pub longest: Duration,
    /// Which it was, for people.
    pub who: &'static str,
}

/// What a trial of the load generator saw.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The codec's books, without TLS and TCP/IP.
    pub ledger: Ledger,
    /// The sockets' and the kernel's books at each boundary that was reached.
    pub boundaries: BTreeMap<Boundary, SocketSums>,
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
    /// The longest time for which a worker stood still; `None` before the measure phase.
    pub worker_stall: Option<Duration>,
    /// Age of the newest message held, in seconds, over clients and the measure phase.
    pub age: TimeAverage,
    /// Versions behind, over clients and the measure phase.
    pub version_age: TimeAverage,
    /// Segments, both ways, that opened and closed connections in the measure phase; counted where
    /// each poll has its own.
    pub connecting_segments: u64,
    /// The first exchange of the measure phase at some client.
    pub sample: Option<SampleHeads>,
    /// What connections of HTTP/2 saw of heads.
    pub http2: Http2Counts,
    /// The first response that was not what was expected, for each fault.
    pub unexpected: BTreeMap<Fault, Unexpected>,
    /// Head lengths of one upgrade, request and answer.
    pub upgrade_heads: Option<(u64, u64)>,
    /// The publisher.
    pub publisher: PublisherOutcome,
    /// CPU time of each worker over the measure phase.
    pub worker_cpu: Vec<Duration>,
    /// What the server had carried at each boundary at which both sides stood still.
    pub server: BTreeMap<Boundary, ServerSums>,
    /// Boundaries that had to be taken while something was on its way.
    pub unrest: BTreeMap<Boundary, Unrest>,
}

impl Outcome {
    /// The longest time for which a thread of the load generator stood still, and which; `None`
    /// before the measure phase.
    pub fn stall(&self) -> Option<Stall> {
        let publisher = self.publisher.stall.map(|longest| Stall { longest, who: "the publisher" });
        let worker = self.worker_stall.map(|longest| Stall { longest, who: "a load worker" });
        publisher.into_iter().chain(worker).max_by_key(|stall| stall.longest)
    }

    /// Adds another worker's outcome.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.ledger += other.ledger;
        for (boundary, sums) in &other.boundaries {
            *self.boundaries.entry(*boundary).or_default() += *sums;
        }
        self.counts.merge(&other.counts);
        self.latency.merge(&other.latency);
        self.service_time.merge(&other.service_time);
        self.connect_tcp.merge(&other.connect_tcp);
        self.connect_tls.merge(&other.connect_tls);
        if let Some(more) = &other.handshakes {
            self.handshakes.get_or_insert_default().merge(more);
        }
        self.connect_upgrade.merge(&other.connect_upgrade);
        self.poll_lateness.merge(&other.poll_lateness);
        self.poll_kept_waiting.merge(&other.poll_kept_waiting);
        self.worker_stall = self.worker_stall.max(other.worker_stall);
        self.age += other.age;
        self.version_age += other.version_age;
        self.connecting_segments += other.connecting_segments;
        if self.sample.is_none() {
            self.sample.clone_from(&other.sample);
        }
        self.http2.merge(&other.http2);
        for (fault, unexpected) in &other.unexpected {
            self.unexpected.entry(*fault).or_insert_with(|| unexpected.clone());
        }
        self.upgrade_heads = self.upgrade_heads.or(other.upgrade_heads);
        self.worker_cpu.extend_from_slice(&other.worker_cpu);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_two_workers_add_up_without_a_panic() {
        let mut counts = Counts::default();
        counts.add_gap(u64::MAX);
        counts.merge(&counts.clone());
        assert_eq!(counts.gap_messages, u64::MAX);
    }
}
