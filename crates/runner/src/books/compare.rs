//! Holds the witnesses against each other, pair by pair of the list. Pure.

use std::collections::BTreeMap;

use pushbench_load::{Boundary, Counted, InFlight, Outcome, PAIRS, Pair, ServerSums, WitnessName};
use pushbench_protocol::Direction;
use pushbench_store::ReconciliationV1;

use crate::books::spans::{Moment, Span, spans};

/// What stands for the phases of connections that are made for a ticket, before each client's own.
const TICKETS: &str = "tickets";

/// What every witness had counted at each boundary, the server's too; `closed` is what the server
/// had carried at the end.
pub(super) fn counted(
    outcome: &Outcome,
    closed: Option<ServerSums>,
) -> BTreeMap<Boundary, Counted> {
    let mut boundaries = outcome.boundaries.clone();
    for (boundary, counted) in &mut boundaries {
        let server = match boundary {
            Boundary::Closed => closed,
            boundary => outcome.server.get(boundary).copied(),
        };
        if let Some(server) = server {
            *counted = counted.with(WitnessName::ServerSockets, server.into());
        }
    }
    boundaries
}

/// Every pair over every span over which it can be compared: the clients' own by phase, then those
/// with the server.
pub(super) fn compare(
    boundaries: &BTreeMap<Boundary, Counted>,
    outcome: &Outcome,
) -> Vec<ReconciliationV1> {
    let mut found = Vec::new();
    for pair in &PAIRS {
        let at = |boundary| moment(pair, boundaries.get(&boundary), boundary, outcome);
        for span in spans(at) {
            let Some(counted) = between(boundaries, span.from, span.to) else { continue };
            let place = (pair.asks_the_server(), span.to);
            found.extend(reconcile(pair, &span, &counted).into_iter().map(|of| (place, of)));
        }
    }
    // Stable: pairs of one span stand in the order of the list.
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, comparison)| comparison).collect()
}

/// Compares the connections that were made for a ticket only: their sockets, their kernel, and what
/// the server booked of connections that asked for nothing. A client that failed between its
/// handshake and its first request is one of those to the server, so then nothing is compared.
pub(crate) fn compare_tickets(
    outcome: &Outcome,
    server: Option<ServerSums>,
) -> Vec<ReconciliationV1> {
    let Some(handshakes) = &outcome.handshakes else { return Vec::new() };
    let mut counted = handshakes.preliminary_sums;
    if counted.connections == 0 {
        return Vec::new();
    }
    let is_whole = outcome.counts.faults.is_empty()
        && outcome.counts.close_faults.is_empty()
        && outcome.boundaries.contains_key(&Boundary::Drained);
    if let Some(server) = server.filter(|_| is_whole) {
        counted = counted.with(WitnessName::ServerSockets, server.into());
    }
    let span = Span { label: TICKETS.to_owned(), from: None, to: Boundary::Connected };
    PAIRS.iter().flat_map(|pair| reconcile(pair, &span, &counted)).collect()
}

/// What was counted between two boundaries; `None` if one of them was not reached.
pub(super) fn between(
    boundaries: &BTreeMap<Boundary, Counted>,
    from: Option<Boundary>,
    to: Boundary,
) -> Option<Counted> {
    let before = match from {
        None => Counted::nothing(),
        Some(from) => *boundaries.get(&from)?,
    };
    Some(boundaries.get(&to)?.since(&before))
}

/// Whether a pair stood at the same byte at a boundary, as far as anybody can know.
fn moment(pair: &Pair, counted: Option<&Counted>, boundary: Boundary, outcome: &Outcome) -> Moment {
    let Some(counted) = counted else { return Moment::Missed };
    let was_asked = pair.witnesses().all(|name| counted.tally(name).is_some());
    // A connection whose end was not answered was cut off, and its last bytes are in no books.
    let is_cut_off = boundary == Boundary::Closed && !outcome.counts.close_faults.is_empty();
    let taken_with = match boundary {
        // Whoever has not passed it by itself does so at the end of the drain.
        Boundary::Measured => Boundary::Drained,
        boundary => boundary,
    };
    let is_restless = match outcome.in_flight.get(&taken_with) {
        Some(InFlight::Clients) => !pair.asks_the_server(),
        // The server's books of that moment are then not kept.
        Some(InFlight::Server) | None => false,
    };
    if was_asked && !is_cut_off && !is_restless { Moment::Quiet } else { Moment::Restless }
}

/// Both directions of a pair; nothing where one of the two was not asked about every connection.
fn reconcile(pair: &Pair, span: &Span, counted: &Counted) -> Vec<ReconciliationV1> {
    let of = |&direction: &Direction| {
        let (left, right) = counted.pair(pair, direction)?;
        Some(ReconciliationV1 {
            pair: pair.label.to_owned(),
            phases: span.label.clone(),
            direction: direction.label().to_owned(),
            left,
            right,
        })
    };
    Direction::ALL.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use pushbench_load::{Fault, Handshakes, Tally};

    use super::*;

    /// An outcome whose clients had written and read so much at each boundary, by all who saw it.
    fn outcome(bytes: impl Fn(Boundary) -> Tally) -> Outcome {
        let boundaries = Boundary::ALL.map(|boundary| {
            let clients = [WitnessName::Codec, WitnessName::ClientSockets, WitnessName::Kernel];
            let counted = clients
                .into_iter()
                .fold(Counted::nothing(), |counted, name| counted.with(name, bytes(boundary)))
                .without(WitnessName::ServerSockets);
            (boundary, counted)
        });
        Outcome { boundaries: boundaries.into(), ..Outcome::default() }
    }

    fn labels(outcome: &Outcome, closed: Option<ServerSums>) -> Vec<String> {
        let found = compare(&counted(outcome, closed), outcome);
        assert!(found.iter().all(|pair| pair.left == pair.right), "{found:?}");
        let up = found.iter().filter(|pair| pair.direction == "up");
        up.map(|pair| format!("{}: {}", pair.phases, pair.pair)).collect()
    }

    fn grows(boundary: Boundary) -> Tally {
        Tally::of_bytes(10 * (1 + boundary as u64), 100)
    }

    #[test]
    fn the_clients_pairs_come_phase_by_phase_and_the_servers_after_them() {
        let mut outcome = outcome(grows);
        let server = |boundary| {
            let tally = grows(boundary);
            ServerSums { received: tally[pushbench_load::Counter::Up], sent: 100 }
        };
        let own = ["connect", "warm-up", "measure", "drain", "close"].map(|phase| {
            ["codec = client sockets", "client sockets = kernel"]
                .map(|pair| format!("{phase}: {pair}"))
        });
        assert_eq!(labels(&outcome, None), own.concat());
        outcome.server.insert(Boundary::Connected, server(Boundary::Connected));
        outcome.server.insert(Boundary::Drained, server(Boundary::Drained));
        let with_server = ["connect", "warm-up + measure + drain", "close"]
            .map(|phases| format!("{phases}: client sockets = server sockets"));
        assert_eq!(
            labels(&outcome, Some(server(Boundary::Closed))),
            [own.concat(), with_server.into()].concat()
        );
    }

    #[test]
    fn what_could_not_be_asked_about_all_is_not_compared_and_lengthens_no_span() {
        let mut outcome = outcome(grows);
        for counted in outcome.boundaries.values_mut().skip(2) {
            *counted = counted.with(WitnessName::Kernel, Tally::unknown(1));
        }
        let kernel = |label: &String| label.ends_with("kernel");
        let compared: Vec<_> = labels(&outcome, None).into_iter().filter(kernel).collect();
        assert_eq!(
            compared,
            ["connect", "warm-up"].map(|phase| format!("{phase}: client sockets = kernel"))
        );
    }

    #[test]
    fn clients_that_were_never_at_rest_are_compared_over_what_comes_before_and_after() {
        let mut outcome = outcome(grows);
        outcome.in_flight.insert(Boundary::Drained, InFlight::Clients);
        let phases: Vec<_> = labels(&outcome, None);
        assert_eq!(
            phases.last().map(String::as_str),
            Some("measure + drain + close: client sockets = kernel")
        );
        outcome.counts.close_faults.insert(Fault::CloseTimeout, 1);
        let phases: Vec<_> = labels(&outcome, None);
        assert_eq!(phases.last().map(String::as_str), Some("warm-up: client sockets = kernel"));
    }

    #[test]
    fn connections_that_came_for_a_ticket_are_held_against_the_server() {
        let mut sums = Counted::nothing()
            .without(WitnessName::Codec)
            .without(WitnessName::ServerSockets)
            .with(WitnessName::ClientSockets, Tally::of_bytes(300, 900))
            .with(WitnessName::Kernel, Tally::unknown(1));
        sums.connections = 1;
        let handshakes =
            Handshakes { preliminary: 1, preliminary_sums: sums, ..Handshakes::default() };
        let mut outcome = outcome(|_| Tally::default());
        outcome.handshakes = Some(handshakes);
        let pairs = |outcome: &Outcome| {
            let found = compare_tickets(outcome, Some(ServerSums { received: 300, sent: 899 }));
            found.iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>()
        };
        assert_eq!(pairs(&outcome), [(300, 300), (900, 899)]);
        outcome.counts.faults.insert(Fault::Tls, 1);
        assert_eq!(pairs(&outcome), [], "the server cannot tell a client that failed from these");
    }
}
