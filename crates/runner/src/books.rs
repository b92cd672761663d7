//! Reconciles the books of all witnesses and makes those that go on record. Pure.
//!
//! The codec's set is two hands in TLS: what a program said, booked by what it was for, and what
//! its records added, counted from the ciphertext by the standard's 22 bytes a record.

mod compare;
mod counted;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use pushbench_load::{Counter, WitnessName};
use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_store::{BooksV1, KindsV1, PhaseBooksV1, Sums};
use pushbench_wire::segments::SegmentHeaders;

use crate::books::compare::compare;
use crate::books::counted::{grown, was_reached};
use crate::failures::closes_in_order;

pub(crate) use crate::books::compare::unbalanced;
pub(crate) use crate::books::counted::tally;

/// Headers of a segment on the connections of a trial.
pub(crate) fn segment_headers(sums: &Sums, ipv6: bool) -> SegmentHeaders {
    let has_timestamps = |&phase: &Phase| {
        let counts = tally(sums, WitnessName::Kernel, phase).map(|kernel| &kernel.counts);
        counts.and_then(|of| of.get(Counter::WithTimestamps.label())).is_some_and(|n| *n > 0)
    };
    SegmentHeaders { ipv6, timestamps: Phase::ALL.iter().any(has_timestamps) }
}

/// How many of how many connections the kernel could be asked about when each phase ended.
pub(crate) fn asked_by_kernel(sums: &Sums) -> impl Iterator<Item = (u64, u64)> {
    Phase::ALL.iter().filter_map(|&phase| {
        let sockets = tally(sums, WitnessName::ClientSockets, phase)?;
        let connections = *sockets.counts.get(Counter::Connections.label())?;
        let missing = tally(sums, WitnessName::Kernel, phase).map_or(0, |kernel| kernel.missing);
        Some((connections.saturating_sub(missing), connections))
    })
}

/// Whether the books of any phase were closed.
pub(crate) fn are_begun(sums: &Sums) -> bool {
    Phase::ALL.iter().any(|phase| was_reached(sums, *phase))
}

/// All books of a trial and their comparison.
pub(crate) fn books(sums: &Sums, headers: SegmentHeaders) -> BooksV1 {
    let mut phases = BTreeMap::new();
    let mut after = None;
    for &phase in Phase::ALL {
        // A connection whose end was not answered was cut off, and its last bytes are in no books.
        let is_cut_off = phase == Phase::Close && !closes_in_order(sums);
        let is_between =
            was_reached(sums, phase) && after.is_none_or(|after| was_reached(sums, after));
        if is_between && !is_cut_off {
            phases.insert(phase, phase_books(sums, after, phase, headers));
        }
        after = Some(phase);
    }
    BooksV1 {
        phases,
        reconciliations: compare(sums),
        header_bytes_per_segment: headers.len(),
        ..sums.witnessed()
    }
}

fn phase_books(
    sums: &Sums,
    after: Option<Phase>,
    phase: Phase,
    headers: SegmentHeaders,
) -> PhaseBooksV1 {
    let of = |name, counter| grown(sums, name, counter, after, phase);
    let kernel = |counter| of(WitnessName::Kernel, counter);
    let (segments_up, segments_down) = (kernel(Counter::SegmentsUp), kernel(Counter::SegmentsDown));
    let retransmitted_up = kernel(Counter::RetransmittedUp);
    let retransmitted_down = sums.retransmitted_down.get(&phase).copied();
    let connections = of(WitnessName::ClientSockets, Counter::Connections).unwrap_or(0);
    let syn_extra = connections * (headers.syn_len() - headers.len());
    let of_segments = |segments: u64, again: u64| segments * headers.len() + syn_extra + again;
    let up =
        segments_up.zip(retransmitted_up).map(|(segments, again)| of_segments(segments, again));
    // What the server sent again was on the wire twice; the client's kernel hands it on once.
    let again = retransmitted_down.unwrap_or(0);
    let down = segments_down.map(|segments| of_segments(segments, again));
    let kinds = |direction, tcp_ip| {
        let tls = of(WitnessName::TlsRecords, Counter::bytes(direction));
        kinds(sums, phase, direction, tls.unwrap_or(0), tcp_ip)
    };
    PhaseBooksV1 {
        up: kinds(Direction::Up, up),
        down: kinds(Direction::Down, down),
        segments_up,
        segments_down,
        retransmitted_down,
        retransmitted_up,
    }
}

fn kinds(
    sums: &Sums,
    phase: Phase,
    direction: Direction,
    tls: u64,
    tcp_ip: Option<u64>,
) -> KindsV1 {
    let booked = |kind: ByteKind| sums.ledger.get(&(phase, direction, kind)).copied().unwrap_or(0);
    KindsV1 {
        payload: booked(ByteKind::Payload),
        repeat: booked(ByteKind::Repeat),
        header: booked(ByteKind::Header),
        framing: booked(ByteKind::Framing),
        wrapping: booked(ByteKind::Wrapping),
        control: booked(ByteKind::Control),
        handshake: booked(ByteKind::Handshake),
        unexplained: booked(ByteKind::Unexplained),
        // In clear text TLS takes no bytes, which is known and not missing.
        tls: Some(tls),
        tcp_ip,
    }
}
