//! Reconciles the three sets of books and puts them on record. Pure.
//!
//! The codec's set is two hands in TLS: what a program said, booked by what it was for, and what
//! its records added, counted from the ciphertext by the standard's 22 bytes a record.

use std::collections::BTreeMap;

use pushbench_load::{Boundary, Outcome, ServerSums, SocketSums, Unrest};
use pushbench_protocol::{ByteKind, Direction, Layer, Phase};
use pushbench_store::{BooksV1, KindsV1, PhaseBooksV1, ReconciliationV1};
use pushbench_wire::Kinds;
use pushbench_wire::segments::SegmentHeaders;

/// Which boundaries a phase lies between.
const PHASES: [(Phase, Option<Boundary>, Boundary); 5] = [
    (Phase::Connect, None, Boundary::Connected),
    (Phase::WarmUp, Some(Boundary::Connected), Boundary::WarmedUp),
    (Phase::Measure, Some(Boundary::WarmedUp), Boundary::Measured),
    (Phase::Drain, Some(Boundary::Measured), Boundary::Drained),
    (Phase::Close, Some(Boundary::Drained), Boundary::Closed),
];

/// Where the server's books are compared. Its clients end their measure phases at moments of their
/// own, so measure and drain are one span to it.
const SERVER_SPANS: [(&str, Boundary); 4] = [
    ("connect", Boundary::Connected),
    ("warm-up", Boundary::WarmedUp),
    ("measure + drain", Boundary::Drained),
    ("close", Boundary::Closed),
];

/// What stands for the phases of connections that are made for a ticket, before each client's own.
const TICKETS: &str = "tickets";

/// Headers of a segment on the connections of a trial.
pub(crate) fn segment_headers(outcome: &Outcome, ipv6: bool) -> SegmentHeaders {
    let timestamps = outcome
        .boundaries
        .values()
        .any(|sums| sums.kernel_connections > 0 && sums.kernel.with_timestamps > 0);
    SegmentHeaders { ipv6, timestamps }
}

/// All books of a trial and their comparison; `closed` is what the server had carried at the end,
/// `sent_again` what its kernel sent again in each phase, as far as that is known.
pub(crate) fn books(
    outcome: &Outcome,
    closed: Option<ServerSums>,
    sent_again: &BTreeMap<Phase, u64>,
    headers: SegmentHeaders,
) -> BooksV1 {
    let mut books = BooksV1 { header_bytes_per_segment: headers.len(), ..BooksV1::default() };
    let between = |from, to| Span::between(&outcome.boundaries, from, to);
    let closes = outcome.counts.close_faults.is_empty();
    for (phase, from, to) in PHASES {
        // A connection whose end was not answered was cut off, and its last bytes are in no books.
        if to == Boundary::Closed && !closes {
            continue;
        }
        let Some(span) = between(from, to) else { continue };
        let up = outcome.ledger.kinds(phase, Direction::Up);
        let down = outcome.ledger.kinds(phase, Direction::Down);
        let again = sent_again.get(&phase).copied();
        books.phases.insert(phase, phase_books(up, down, &span, again, headers));
    }
    let own = PHASES.map(|(phase, _, to)| (phase.label(), to));
    for compared in compared_spans(&own, outcome, |boundary| clients_agreed(outcome, boundary)) {
        let Some(span) = between(compared.from, compared.to) else { continue };
        let mut compare = |pair: &str, up: (u64, u64), down: (u64, u64)| {
            reconcile(&mut books.reconciliations, pair, &compared.label, up, down);
        };
        let booked = |direction| {
            let phases = PHASES.iter().filter(|(_, _, to)| compared.holds(*to));
            let kinds = phases.map(|(phase, ..)| outcome.ledger.kinds(*phase, direction));
            kinds.map(|kinds| kinds.layer(Layer::Stream)).sum::<u64>()
        };
        compare(
            "codec = client sockets",
            (booked(Direction::Up) + span.tls_written, span.written),
            (booked(Direction::Down) + span.tls_read, span.read),
        );
        if let Some(kernel) = &span.kernel {
            compare(
                "client sockets = kernel",
                (span.written, kernel.bytes_sent),
                (span.read, kernel.bytes_received),
            );
        }
    }
    let server = |boundary| match boundary {
        Boundary::Closed => closed.filter(|_| closes),
        boundary => outcome.server.get(&boundary).copied(),
    };
    for compared in compared_spans(&SERVER_SPANS, outcome, |boundary| server(boundary).is_some()) {
        let Some(span) = between(compared.from, compared.to) else { continue };
        let before = compared.from.map_or(Some(ServerSums::default()), server);
        let (Some(before), Some(after)) = (before, server(compared.to)) else { continue };
        reconcile(
            &mut books.reconciliations,
            "client sockets = server sockets",
            &compared.label,
            (span.written, after.received - before.received),
            (span.read, after.sent - before.sent),
        );
    }
    books
}

/// Compares the connections that were made for a ticket only: their sockets, their kernel, and what
/// the server booked of connections that asked for nothing. A client that failed between its
/// handshake and its first request is one of those to the server, so then nothing is compared.
pub(crate) fn reconcile_tickets(
    into: &mut Vec<ReconciliationV1>,
    outcome: &Outcome,
    server: Option<ServerSums>,
) {
    let Some(handshakes) = &outcome.handshakes else { return };
    let sums = &handshakes.preliminary_sums;
    if sums.connections == 0 {
        return;
    }
    let (written, read) = (sums.socket_written, sums.socket_read);
    if sums.kernel_connections == sums.connections {
        let kernel = (sums.kernel.bytes_sent, sums.kernel.bytes_received);
        let pair = "client sockets = kernel";
        reconcile(into, pair, TICKETS, (written, kernel.0), (read, kernel.1));
    }
    let is_whole = outcome.counts.faults.is_empty()
        && outcome.counts.close_faults.is_empty()
        && outcome.boundaries.contains_key(&Boundary::Drained);
    if let Some(server) = server.filter(|_| is_whole) {
        let pair = "client sockets = server sockets";
        reconcile(into, pair, TICKETS, (written, server.received), (read, server.sent));
    }
}

/// Whether codec, sockets and kernel stood at the same byte there.
fn clients_agreed(outcome: &Outcome, boundary: Boundary) -> bool {
    if boundary == Boundary::Closed && !outcome.counts.close_faults.is_empty() {
        return false;
    }
    let taken_with = match boundary {
        // Whoever has not passed it by itself does so at the end of the drain.
        Boundary::Measured => Boundary::Drained,
        boundary => boundary,
    };
    outcome.unrest.get(&taken_with) != Some(&Unrest::Clients)
}

/// Phases that two sets of books are compared over.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Compared {
    /// Their names.
    label: String,
    from: Option<Boundary>,
    to: Boundary,
}

impl Compared {
    /// Whether the phase that ends at this boundary is among them.
    fn holds(&self, end: Boundary) -> bool {
        self.from.is_none_or(|from| from < end) && end <= self.to
    }
}

/// Spans between boundaries at which books can be compared. Where two phases meet at one at which
/// they cannot, they are one span; where a boundary was never reached, none goes across it.
fn compared_spans(
    ends: &[(&str, Boundary)],
    outcome: &Outcome,
    can_compare: impl Fn(Boundary) -> bool,
) -> Vec<Compared> {
    let mut spans = Vec::new();
    let mut from = Some(None);
    let mut labels = Vec::new();
    for &(label, to) in ends {
        labels.push(label);
        if !outcome.boundaries.contains_key(&to) {
            from = None;
        } else if can_compare(to) {
            if let Some(from) = from {
                spans.push(Compared { label: labels.join(" + "), from, to });
            }
            from = Some(Some(to));
            labels.clear();
        }
    }
    spans
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
    sent_again: Option<u64>,
    headers: SegmentHeaders,
) -> PhaseBooksV1 {
    let syn_extra = span.connections * (headers.syn_len() - headers.len());
    let kernel = span.kernel.as_ref();
    let tcp_ip_up = kernel.map(|k| k.segments_out * headers.len() + syn_extra + k.retransmitted);
    // What the server sent again was on the wire twice; the client's kernel hands it on once.
    let again = sent_again.unwrap_or(0);
    let tcp_ip_down = kernel.map(|k| k.segments_in * headers.len() + syn_extra + again);
    PhaseBooksV1 {
        up: kinds(up, span.tls_written, tcp_ip_up),
        down: kinds(down, span.tls_read, tcp_ip_down),
        segments_up: kernel.map(|k| k.segments_out),
        segments_down: kernel.map(|k| k.segments_in),
        retransmitted_down: sent_again,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An outcome that has reached these boundaries.
    fn reached(boundaries: &[Boundary]) -> Outcome {
        let boundaries = boundaries.iter().map(|&boundary| (boundary, SocketSums::default()));
        Outcome { boundaries: boundaries.collect(), ..Outcome::default() }
    }

    fn check(outcome: &Outcome, restless: &[Boundary], expected: &[&str]) {
        let spans = compared_spans(&SERVER_SPANS, outcome, |to| !restless.contains(&to));
        let labels: Vec<_> = spans.iter().map(|span| span.label.as_str()).collect();
        assert_eq!(labels, expected, "without {restless:?}");
    }

    #[test]
    fn phases_that_meet_in_unrest_are_compared_as_one() {
        use Boundary::{Closed, Connected, Drained, WarmedUp};
        let all = reached(&Boundary::ALL);
        check(&all, &[], &["connect", "warm-up", "measure + drain", "close"]);
        check(&all, &[WarmedUp], &["connect", "warm-up + measure + drain", "close"]);
        check(
            &all,
            &[Connected, WarmedUp, Drained],
            &["connect + warm-up + measure + drain + close"],
        );
        check(&all, &[Closed], &["connect", "warm-up", "measure + drain"]);
    }

    #[test]
    fn nothing_is_compared_across_a_boundary_that_was_never_reached() {
        use Boundary::{Closed, Connected, WarmedUp};
        check(&reached(&[Connected, WarmedUp, Closed]), &[], &["connect", "warm-up"]);
        check(&reached(&[Connected, Closed]), &[Connected], &[]);
        check(&reached(&[Closed]), &[], &[]);
    }

    #[test]
    fn connections_that_came_for_a_ticket_are_held_against_the_server() {
        use pushbench_load::{Fault, Handshakes};
        let sums = SocketSums {
            socket_written: 300,
            socket_read: 900,
            connections: 1,
            ..SocketSums::default()
        };
        let handshakes =
            Handshakes { preliminary: 1, preliminary_sums: sums, ..Handshakes::default() };
        let mut outcome = reached(&Boundary::ALL);
        outcome.handshakes = Some(handshakes);
        let pairs = |outcome: &Outcome| {
            let mut pairs = Vec::new();
            let server = ServerSums { received: 300, sent: 899 };
            reconcile_tickets(&mut pairs, outcome, Some(server));
            pairs.iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>()
        };
        assert_eq!(pairs(&outcome), [(300, 300), (900, 899)]);
        outcome.counts.faults.insert(Fault::Tls, 1);
        assert_eq!(pairs(&outcome), [], "the server cannot tell a client that failed from these");
    }

    #[test]
    fn a_span_holds_the_phases_between_its_boundaries() {
        let span = Compared {
            label: String::new(),
            from: Some(Boundary::Connected),
            to: Boundary::Drained,
        };
        let held = Boundary::ALL.map(|end| span.holds(end));
        assert_eq!(held, [false, true, true, true, false]);
    }
}
