//! Reconciles the three sets of books and puts them on record. Pure.
//!
//! The codec's set is two hands in TLS: what a program said, booked by what it was for, and what
//! its records added, counted from the ciphertext by the standard's 22 bytes a record.

use std::collections::BTreeMap;

use pushbench_load::{Boundary, Outcome, SocketSums};
use pushbench_protocol::{ByteKind, Direction, Layer, Phase};
use pushbench_store::{BooksV1, KindsV1, PhaseBooksV1, ReconciliationV1};
use pushbench_wire::Kinds;
use pushbench_wire::segments::SegmentHeaders;

/// What the server's sockets carried for one transport since its start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct ServerSums {
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// Which boundaries a phase lies between.
const PHASES: [(Phase, Option<Boundary>, Boundary); 5] = [
    (Phase::Connect, None, Boundary::Connected),
    (Phase::WarmUp, Some(Boundary::Connected), Boundary::WarmedUp),
    (Phase::Measure, Some(Boundary::WarmedUp), Boundary::Measured),
    (Phase::Drain, Some(Boundary::Measured), Boundary::Drained),
    (Phase::Close, Some(Boundary::Drained), Boundary::Closed),
];

/// Spans that the server's books are compared over. Its clients end their measure phases at moments
/// of their own, so measure and drain are one span to it.
const SERVER_SPANS: [(&str, Option<Boundary>, Boundary); 4] = [
    ("connect", None, Boundary::Connected),
    ("warm-up", Some(Boundary::Connected), Boundary::WarmedUp),
    ("measure + drain", Some(Boundary::WarmedUp), Boundary::Drained),
    ("close", Some(Boundary::Drained), Boundary::Closed),
];

/// Headers of a segment on the connections of a trial.
pub(crate) fn segment_headers(outcome: &Outcome, ipv6: bool) -> SegmentHeaders {
    let timestamps = outcome
        .boundaries
        .values()
        .any(|sums| sums.kernel_connections > 0 && sums.kernel.with_timestamps > 0);
    SegmentHeaders { ipv6, timestamps }
}

/// All books of a trial and their comparison.
pub(crate) fn books(
    outcome: &Outcome,
    server: &BTreeMap<Boundary, ServerSums>,
    headers: SegmentHeaders,
) -> BooksV1 {
    let mut books = BooksV1 { header_bytes_per_segment: headers.len(), ..BooksV1::default() };
    for (phase, from, to) in PHASES {
        let Some(span) = Span::between(&outcome.boundaries, from, to) else { continue };
        let up = outcome.ledger.kinds(phase, Direction::Up);
        let down = outcome.ledger.kinds(phase, Direction::Down);
        books.phases.insert(phase, phase_books(up, down, &span, headers, phase));
        let mut compare = |pair: &str, up: (u64, u64), down: (u64, u64)| {
            reconcile(&mut books.reconciliations, pair, phase.label(), up, down);
        };
        compare(
            "codec = client sockets",
            (up.layer(Layer::Stream) + span.tls_written, span.written),
            (down.layer(Layer::Stream) + span.tls_read, span.read),
        );
        if let Some(kernel) = &span.kernel {
            compare(
                "client sockets = kernel",
                (span.written, kernel.bytes_sent),
                (span.read, kernel.bytes_received),
            );
        }
    }
    for (label, from, to) in SERVER_SPANS {
        let Some(span) = Span::between(&outcome.boundaries, from, to) else { continue };
        let before = from.map_or(Some(ServerSums::default()), |from| server.get(&from).copied());
        let (Some(before), Some(after)) = (before, server.get(&to)) else { continue };
        reconcile(
            &mut books.reconciliations,
            "client sockets = server sockets",
            label,
            (span.written, after.received - before.received),
            (span.read, after.sent - before.sent),
        );
    }
    books
}

fn reconcile(
    into: &mut Vec<ReconciliationV1>,
    pair: &str,
    phases: &str,
    up: (u64, u64),
    down: (u64, u64),
) {
    for (direction, (left, right)) in [(Direction::Up, up), (Direction::Down, down)] {
        into.push(ReconciliationV1 {
            pair: pair.to_owned(),
            phases: phases.to_owned(),
            direction: direction.label().to_owned(),
            left,
            right,
        });
    }
}

/// What sockets, records and kernel counted between two boundaries.
struct Span {
    written: u64,
    read: u64,
    /// TLS's own, of those written and read.
    tls_written: u64,
    tls_read: u64,
    /// Absent where the kernel could not be asked about every connection.
    kernel: Option<KernelSpan>,
    connections: u64,
}

struct KernelSpan {
    bytes_sent: u64,
    bytes_received: u64,
    retransmitted: u64,
    segments_out: u64,
    segments_in: u64,
}

impl Span {
    fn between(
        boundaries: &BTreeMap<Boundary, SocketSums>,
        from: Option<Boundary>,
        to: Boundary,
    ) -> Option<Self> {
        let before = match from {
            None => SocketSums::default(),
            Some(from) => *boundaries.get(&from)?,
        };
        let after = boundaries.get(&to)?;
        let all_asked = |sums: &SocketSums| sums.kernel_connections == sums.connections;
        let kernel = (all_asked(&before) && all_asked(after)).then(|| KernelSpan {
            bytes_sent: after.kernel.bytes_sent - before.kernel.bytes_sent,
            bytes_received: after.kernel.bytes_received - before.kernel.bytes_received,
            retransmitted: after.kernel.bytes_retransmitted - before.kernel.bytes_retransmitted,
            segments_out: after.kernel.segments_out - before.kernel.segments_out,
            segments_in: after.kernel.segments_in - before.kernel.segments_in,
        });
        Some(Self {
            written: after.socket_written - before.socket_written,
            read: after.socket_read - before.socket_read,
            tls_written: after.tls_written - before.tls_written,
            tls_read: after.tls_read - before.tls_read,
            kernel,
            connections: after.connections - before.connections,
        })
    }
}

fn phase_books(
    up: &Kinds,
    down: &Kinds,
    span: &Span,
    headers: SegmentHeaders,
    phase: Phase,
) -> PhaseBooksV1 {
    let syn_extra = match phase {
        Phase::Connect => span.connections * (headers.syn_len() - headers.len()),
        Phase::WarmUp | Phase::Measure | Phase::Drain | Phase::Close => 0,
    };
    let kernel = span.kernel.as_ref();
    let tcp_ip_up = kernel.map(|k| k.segments_out * headers.len() + syn_extra + k.retransmitted);
    let tcp_ip_down = kernel.map(|k| k.segments_in * headers.len() + syn_extra);
    PhaseBooksV1 {
        up: kinds(up, span.tls_written, tcp_ip_up),
        down: kinds(down, span.tls_read, tcp_ip_down),
        segments_up: kernel.map(|k| k.segments_out),
        segments_down: kernel.map(|k| k.segments_in),
        retransmitted_up: kernel.map(|k| k.retransmitted),
    }
}

fn kinds(kinds: &Kinds, tls: u64, tcp_ip: Option<u64>) -> KindsV1 {
    KindsV1 {
        payload: kinds[ByteKind::Payload],
        repeat: kinds[ByteKind::Repeat],
        header: kinds[ByteKind::Header],
        framing: kinds[ByteKind::Framing],
        control: kinds[ByteKind::Control],
        handshake: kinds[ByteKind::Handshake],
        // In clear text TLS takes no bytes, which is known and not missing.
        tls: Some(tls),
        tcp_ip,
    }
}
