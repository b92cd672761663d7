//! How many bytes that takes above TLS.

use pushbench_model::{Compressed, Schedule, Seen, Subject, predict_seen};
use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{ByteKind, Direction, Layer, Phase};
use pushbench_store::CheckV1;

use super::expected::{EVENTS, Expected, judged};
use crate::figures::{bytes_of, layer_of};
use crate::judge::evidence::{Evidence, not_checked};

/// Stream bytes of the measure phase, against the model of what was seen to happen.
pub(super) fn bytes(
    evidence: &Evidence<'_>,
    subject: &Subject<'_>,
    schedule: &Schedule<'_>,
) -> Vec<CheckV1> {
    let name = "model-bytes";
    let Some(books) = evidence.books.phases.get(&Phase::Measure) else {
        return vec![not_checked(name, "no measure phase was played")];
    };
    let counts = &evidence.sums.counts;
    let seen = Seen {
        polls: counts.polls,
        empty: counts.empty_polls,
        deliveries: counts.deliveries_in_measure,
    };
    let carrier = subject.transport.carriage.http.properties();
    if counts.connects > Some(0) && carrier.compresses_headers {
        let text = "connections were opened again, and what each begins with is not modelled";
        return vec![not_checked(name, text)];
    }
    if evidence.transport.is_closed_loop() && carrier.compresses_headers {
        let text = "what headers cost depends on when those before them were sent, which in a closed \
                    loop is not modelled";
        return vec![not_checked(name, text)];
    }
    let model = predict_seen(subject, schedule, seen);
    let modelled = |name: &str, direction| {
        let figure = bytes_per(name, Some(direction), "client_second");
        model.get(&figure).copied().unwrap_or(0.0) * schedule.client_seconds()
    };
    // How long compressed messages are the model only estimates; everything else is exact.
    let is_estimated = Compressed::of(evidence.transport) != Compressed::Nothing;
    let left_out: &[ByteKind] =
        if is_estimated { &[ByteKind::Payload, ByteKind::Repeat] } else { &[] };
    let (mut found, mut expected) = (0.0, 0.0);
    for (direction, kinds) in [(Direction::Up, &books.up), (Direction::Down, &books.down)] {
        found += layer_of(kinds, Layer::Stream).unwrap_or(0) as f64;
        expected += modelled(Layer::Stream.label(), direction);
        for kind in left_out {
            found -= bytes_of(kinds, *kind).unwrap_or(0) as f64;
            expected -= modelled(kind.label(), direction);
        }
    }
    let mut slack = by_the_clock(evidence, subject);
    if is_estimated {
        // The header of a frame or a chunk grows by as much with the length that is estimated.
        const GROWS: u64 = 2;
        slack += GROWS * seen.deliveries;
    }
    let range = Expected { least: expected, most: expected }.widened(slack, slack);
    let events = seen.polls + seen.deliveries + counts.heartbeats.unwrap_or(0);
    let Some(off) = range.off(found) else {
        return vec![not_checked(name, "no bytes were to move and none did")];
    };
    if events < EVENTS && expected > 0.0 {
        let text = format!("{events} polls, deliveries and heartbeats, needs {EVENTS}");
        return vec![not_checked(name, text)];
    }
    let what = if is_estimated { "bytes above TLS beside payload" } else { "bytes above TLS" };
    vec![judged(name, off, format!("{found:.0} {what}, {} by the model", range.text()))]
}

/// Bytes that depend on when clocks begin their ticks and not on what was done.
fn by_the_clock(evidence: &Evidence<'_>, subject: &Subject<'_>) -> u64 {
    // A beat of the server's clock may just miss the phase at either end; frames of both ways.
    const HEARTBEAT: u64 = 2 * 24;
    // A date in the Huffman code that a connection has not seen: it may see one second more
    // begin, or one less.
    const DATE: u64 = 26;
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let ticks = if evidence.transport.heartbeat().is_some() { clients * HEARTBEAT } else { 0 };
    let carriage = subject.transport.carriage;
    let has_dates =
        carriage.http.properties().compresses_headers && evidence.transport.kind().polls();
    let dates = match has_dates {
        true => clients.div_ceil(u64::from(carriage.clients_per_connection.get())) * DATE,
        false => 0,
    };
    ticks + dates
}
