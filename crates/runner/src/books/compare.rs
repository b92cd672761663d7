//! Holds the witnesses against each other, pair by pair of the list. Pure.

use pushbench_load::{Counter, PAIRS, Pair};
use pushbench_protocol::{Direction, Phase};
use pushbench_store::{InFlightV2, ReconciliationV1, Sums};

use crate::books::counted::{are_booked, grown, of_tickets, sides, tally, was_reached};
use crate::books::spans::{Moment, spans};
use crate::failures::{closes_in_order, is_of_the_publisher};

/// What stands for the phases of connections that are made for a ticket, before each client's own.
const TICKETS: &str = "tickets";

/// Every pair over every span over which it can be compared: the clients' own by phase, then those
/// with the server, then those of connections that were made for a ticket.
pub(crate) fn compare(sums: &Sums) -> Vec<ReconciliationV1> {
    let mut found = Vec::new();
    let is_compared = |pair: &&Pair| !pair.stands_in || are_booked(sums);
    for pair in PAIRS.iter().filter(is_compared) {
        for span in spans(|phase| moment(pair, sums, phase)) {
            let place = (pair.asks_the_server(), span.to);
            let of_span = reconcile(pair, &span.label, |direction| {
                let counter = Counter::bytes(direction);
                sides(pair, |name| grown(sums, name, counter, span.after, span.to))
            });
            found.extend(of_span.into_iter().map(|comparison| (place, comparison)));
        }
    }
    // Stable: pairs of one span stand in the order of the list.
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, comparison)| comparison).chain(compare_tickets(sums)).collect()
}

/// What of a part alone does not balance.
pub(crate) fn unbalanced(part: &Sums) -> Vec<ReconciliationV1> {
    compare(part).into_iter().filter(|pair| pair.left != pair.right).collect()
}

/// Compares the connections that were made for a ticket only: their sockets, their kernel, and what
/// the server booked of connections that asked for nothing. A client that failed between its
/// handshake and its first request is one of those to the server, so then the server is not asked.
fn compare_tickets(sums: &Sums) -> Vec<ReconciliationV1> {
    let has_failed = sums.counts.errors.keys().any(|error| !is_of_the_publisher(error));
    let is_whole = !has_failed && closes_in_order(sums) && was_reached(sums, Phase::Drain);
    let pairs = PAIRS.iter().filter(|pair| !pair.stands_in);
    let pairs = pairs.filter(|pair| is_whole || !pair.asks_the_server());
    pairs
        .flat_map(|pair| {
            reconcile(pair, TICKETS, |direction| {
                sides(pair, |name| of_tickets(sums, name, direction))
            })
        })
        .collect()
}

/// Whether a pair stood at the same byte when a phase ended, as far as anybody can know.
fn moment(pair: &Pair, sums: &Sums, phase: Phase) -> Moment {
    if !was_reached(sums, phase) {
        return Moment::Missed;
    }
    let was_asked = pair.witnesses().all(|name| tally(sums, name, phase).is_some());
    // A connection whose end was not answered was cut off, and its last bytes are in no books.
    let is_cut_off = phase == Phase::Close && !closes_in_order(sums);
    let taken_with: &[Phase] = match phase {
        // Whoever has not passed it by itself does so at the end of the drain.
        Phase::Measure => &[Phase::Measure, Phase::Drain],
        _ => &[phase],
    };
    let is_restless = taken_with.iter().any(|phase| match sums.in_flight.get(phase) {
        Some(InFlightV2::Clients) => !pair.asks_the_server(),
        // The server's books of that moment are then not kept.
        Some(InFlightV2::Server) | None => false,
    });
    if was_asked && !is_cut_off && !is_restless { Moment::Quiet } else { Moment::Restless }
}

/// Both directions of a pair; nothing where one of the two was not asked about every connection.
fn reconcile(
    pair: &Pair,
    phases: &str,
    bytes: impl Fn(Direction) -> Option<(u64, u64)>,
) -> Vec<ReconciliationV1> {
    let of = |&direction: &Direction| {
        let (left, right) = bytes(direction)?;
        Some(ReconciliationV1 {
            pair: pair.label.to_owned(),
            phases: phases.to_owned(),
            direction: direction.label().to_owned(),
            left,
            right,
        })
    };
    Direction::ALL.iter().filter_map(of).collect()
}
