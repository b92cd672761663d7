//! Reconciles the books of all witnesses and puts them on record. Pure.
//!
//! The codec's set is two hands in TLS: what a program said, booked by what it was for, and what
//! its records added, counted from the ciphertext by the standard's 22 bytes a record.

mod compare;
mod spans;

use std::collections::BTreeMap;

use pushbench_load::{Boundary, Counted, Counter, Outcome, ServerSums, WitnessName};
use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_store::{BooksV1, KindsV1, PhaseBooksV1};
use pushbench_wire::Kinds;
use pushbench_wire::segments::SegmentHeaders;

use crate::books::compare::{between, compare, counted};

pub(crate) use crate::books::compare::compare_tickets;

/// Which boundaries a phase lies between.
const PHASES: [(Option<Boundary>, Boundary); 5] = [
    (None, Boundary::Connected),
    (Some(Boundary::Connected), Boundary::WarmedUp),
    (Some(Boundary::WarmedUp), Boundary::Measured),
    (Some(Boundary::Measured), Boundary::Drained),
    (Some(Boundary::Drained), Boundary::Closed),
];

/// Headers of a segment on the connections of a trial.
pub(crate) fn segment_headers(outcome: &Outcome, ipv6: bool) -> SegmentHeaders {
    let has_timestamps = |counted: &Counted| {
        let kernel = counted.tally(WitnessName::Kernel);
        kernel.is_some_and(|kernel| kernel[Counter::WithTimestamps] > 0)
    };
    SegmentHeaders { ipv6, timestamps: outcome.boundaries.values().any(has_timestamps) }
}

/// All books of a trial and their comparison; `closed` is what the server had carried at the end,
/// `sent_again` what its kernel sent again in each phase, as far as that is known.
pub(crate) fn books(
    outcome: &Outcome,
    closed: Option<ServerSums>,
    sent_again: &BTreeMap<Phase, u64>,
    headers: SegmentHeaders,
) -> BooksV1 {
    let boundaries = counted(outcome, closed);
    let closes = outcome.counts.close_faults.is_empty();
    let mut phases = BTreeMap::new();
    for (from, to) in PHASES {
        // A connection whose end was not answered was cut off, and its last bytes are in no books.
        if to == Boundary::Closed && !closes {
            continue;
        }
        let Some(span) = between(&boundaries, from, to) else { continue };
        let phase = to.closes();
        let up = outcome.ledger.kinds(phase, Direction::Up);
        let down = outcome.ledger.kinds(phase, Direction::Down);
        let again = sent_again.get(&phase).copied();
        phases.insert(phase, phase_books(up, down, &span, again, headers));
    }
    BooksV1 {
        phases,
        reconciliations: compare(&boundaries, outcome),
        header_bytes_per_segment: headers.len(),
    }
}

fn phase_books(
    up: &Kinds,
    down: &Kinds,
    span: &Counted,
    sent_again: Option<u64>,
    headers: SegmentHeaders,
) -> PhaseBooksV1 {
    let syn_extra = span.connections * (headers.syn_len() - headers.len());
    let kernel = span.whole(WitnessName::Kernel);
    let of_segments = |segments: u64, again: u64| segments * headers.len() + syn_extra + again;
    let tcp_ip_up =
        kernel.map(|k| of_segments(k[Counter::SegmentsUp], k[Counter::RetransmittedUp]));
    // What the server sent again was on the wire twice; the client's kernel hands it on once.
    let tcp_ip_down =
        kernel.map(|k| of_segments(k[Counter::SegmentsDown], sent_again.unwrap_or(0)));
    let tls = |direction| span.bytes(WitnessName::TlsRecords, direction);
    PhaseBooksV1 {
        up: kinds(up, tls(Direction::Up), tcp_ip_up),
        down: kinds(down, tls(Direction::Down), tcp_ip_down),
        segments_up: kernel.map(|k| k[Counter::SegmentsUp]),
        segments_down: kernel.map(|k| k[Counter::SegmentsDown]),
        retransmitted_down: sent_again,
        retransmitted_up: kernel.map(|k| k[Counter::RetransmittedUp]),
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
