//! Comparisons of made-up trials.

use std::collections::BTreeMap;

use pushbench_load::{
    Boundary, Counted, Counter, Fault, Handshakes, InFlight, Outcome, ServerSums, Tally,
    WitnessName, WorkerOutcome,
};

use super::compare::compare;
use crate::sums::{Conducted, sums};

/// One worker whose clients had written and read so much at each boundary, by all who saw it.
fn outcome(bytes: impl Fn(Boundary) -> Tally) -> Outcome {
    Outcome { workers: vec![worker(bytes)], ..Outcome::default() }
}

fn worker(bytes: impl Fn(Boundary) -> Tally) -> WorkerOutcome {
    let boundaries = Boundary::ALL.map(|boundary| {
        let clients = [
            WitnessName::Codec,
            WitnessName::TlsRecords,
            WitnessName::ClientSockets,
            WitnessName::Kernel,
        ];
        let counted = clients.into_iter().fold(Counted::default(), |counted, name| {
            let is_extra = name == WitnessName::TlsRecords;
            counted.with(name, if is_extra { Tally::default() } else { bytes(boundary) })
        });
        (boundary, counted)
    });
    WorkerOutcome { boundaries: boundaries.into(), ..WorkerOutcome::default() }
}

fn labels(outcome: &Outcome, conducted: Conducted) -> Vec<String> {
    let found = compare(&sums(outcome, conducted).expect("small numbers"));
    assert!(found.iter().all(|pair| pair.left == pair.right), "{found:?}");
    let up = found.iter().filter(|pair| pair.direction == "up");
    up.map(|pair| format!("{}: {}", pair.phases, pair.pair)).collect()
}

fn grows(boundary: Boundary) -> Tally {
    Tally::of_bytes(10 * (1 + boundary as u64), 100 * (1 + boundary as u64))
}

fn served(boundary: Boundary) -> ServerSums {
    let tally = grows(boundary);
    ServerSums { received: tally[Counter::Up], sent: tally[Counter::Down] }
}

#[test]
fn the_clients_pairs_come_phase_by_phase_and_the_servers_after_them() {
    let mut outcome = outcome(grows);
    let own = ["connect", "warm-up", "measure", "drain", "close"].map(|phase| {
        ["codec = client sockets", "client sockets = kernel"].map(|pair| format!("{phase}: {pair}"))
    });
    assert_eq!(labels(&outcome, Conducted::default()), own.concat());
    for boundary in [Boundary::Connected, Boundary::Drained] {
        let counted = Counted::default();
        let served = counted.with(WitnessName::ServerSockets, served(boundary).into());
        outcome.server.insert(boundary, served);
    }
    let with_server = ["connect", "warm-up + measure + drain", "close"]
        .map(|phases| format!("{phases}: client sockets = server sockets"));
    let closed = Some(served(Boundary::Closed));
    assert_eq!(
        labels(&outcome, Conducted { closed, ..Conducted::default() }),
        [own.concat(), with_server.into()].concat()
    );
}

#[test]
fn what_could_not_be_asked_about_all_is_not_compared_and_lengthens_no_span() {
    let mut outcome = outcome(grows);
    for counted in outcome.workers[0].boundaries.values_mut().skip(2) {
        *counted = counted.with(WitnessName::Kernel, Tally::unknown(1));
    }
    let labels = labels(&outcome, Conducted::default());
    let kernel: Vec<_> = labels.iter().filter(|label| label.ends_with("kernel")).collect();
    assert_eq!(kernel, ["connect: client sockets = kernel", "warm-up: client sockets = kernel"]);
}

#[test]
fn where_a_library_opened_the_sockets_the_kernel_stands_in_for_them() {
    let booked = |off: u64| {
        let mut outcome = outcome(grows);
        for (boundary, counted) in &mut outcome.workers[0].boundaries {
            // What was booked of them, which is compared with nobody's.
            let mut sockets = Tally::of_bytes(1, 1);
            sockets.are_booked = true;
            let served = served(*boundary);
            let codec = Tally::of_bytes(served.received, served.sent + off);
            *counted =
                counted.with(WitnessName::ClientSockets, sockets).with(WitnessName::Codec, codec);
            let of_server = Counted::default().with(WitnessName::ServerSockets, served.into());
            outcome.server.insert(*boundary, of_server);
        }
        outcome
    };
    let labels = labels(&booked(0), Conducted::default());
    let of_connect: Vec<_> = labels.iter().filter(|label| label.starts_with("connect")).collect();
    assert_eq!(of_connect, ["connect: codec = kernel", "connect: kernel = server sockets"]);
    let sums = sums(&booked(1), Conducted::default()).expect("small numbers");
    let apart = compare(&sums).into_iter().find(|pair| pair.left != pair.right);
    let apart = apart.map(|pair| (pair.pair, pair.direction, pair.left - pair.right));
    assert_eq!(apart, Some(("codec = kernel".to_owned(), "down".to_owned(), 1)));
}

#[test]
fn clients_that_were_never_at_rest_are_compared_over_what_comes_before_and_after() {
    let mut outcome = outcome(grows);
    let last = |outcome: &Outcome| labels(outcome, Conducted::default()).pop();
    outcome.in_flight.insert(Boundary::Drained, InFlight::Clients);
    let expected = "measure + drain + close: client sockets = kernel";
    assert_eq!(last(&outcome).as_deref(), Some(expected));
    outcome.workers[0].counts.close_faults.insert(Fault::CloseTimeout, 1);
    assert_eq!(last(&outcome).as_deref(), Some("warm-up: client sockets = kernel"));
}

#[test]
fn where_a_connection_passed_the_end_of_the_measure_phase_in_motion_it_is_compared_with_the_drain()
{
    let mut outcome = outcome(grows);
    let worker = &mut outcome.workers[0];
    worker.in_flight.insert(Boundary::Measured, InFlight::Clients);
    // Of that moment alone nothing can be said, and nothing is.
    let counted = worker.boundaries.get_mut(&Boundary::Measured).expect("all are there");
    let tally = grows(Boundary::Measured);
    let more = Tally::of_bytes(tally[Counter::Up], tally[Counter::Down] + 8);
    *counted = counted.with(WitnessName::Kernel, more);
    let labels = labels(&outcome, Conducted::default());
    let kernel: Vec<_> = labels.iter().filter(|label| label.ends_with("kernel")).collect();
    let expected = ["connect", "warm-up", "measure + drain", "close"];
    assert_eq!(
        kernel,
        expected.map(|phases| format!("{phases}: client sockets = kernel")).each_ref()
    );
}

#[test]
fn connections_that_came_for_a_ticket_are_held_against_the_server() {
    let preliminary_sums = Counted::default()
        .with(WitnessName::ClientSockets, Tally::of_bytes(300, 900))
        .with(WitnessName::Kernel, Tally::unknown(1));
    let mut outcome = outcome(|_| Tally::default());
    outcome.workers[0].handshakes =
        Some(Handshakes { preliminary: 1, preliminary_sums, ..Handshakes::default() });
    let pairs = |outcome: &Outcome| {
        let tickets = Some(ServerSums { received: 300, sent: 899 });
        let sums = sums(outcome, Conducted { tickets, ..Conducted::default() });
        let found = compare(&sums.expect("small numbers")).into_iter();
        let tickets = found.filter(|pair| pair.phases == "tickets");
        tickets.map(|pair| (pair.left, pair.right)).collect::<Vec<_>>()
    };
    assert_eq!(pairs(&outcome), [(300, 300), (900, 899)]);
    outcome.workers[0].counts.faults.insert(Fault::Tls, 1);
    assert_eq!(pairs(&outcome), [], "the server cannot tell a client that failed from these");
}

#[test]
fn two_workers_that_are_wrong_by_as_much_do_not_make_up_for_each_other() {
    let off = |by: i64| {
        let mut worker = worker(grows);
        let last = worker.boundaries.get_mut(&Boundary::Closed).expect("all are there");
        let bytes = served(Boundary::Closed);
        let sent = bytes.sent.checked_add_signed(by).expect("a small number");
        *last = last.with(WitnessName::Codec, Tally::of_bytes(bytes.received, sent));
        worker
    };
    let outcome = Outcome { workers: vec![off(5), off(-5)], ..Outcome::default() };
    let sums = sums(&outcome, Conducted::default()).expect("small numbers");
    assert!(compare(&sums).iter().all(|pair| pair.left == pair.right), "as a whole it balances");
    let found: BTreeMap<_, _> =
        sums.unbalanced.iter().map(|pair| (pair.left, pair.right)).collect();
    assert_eq!(found, BTreeMap::from([(95, 100), (105, 100)]), "{:?}", sums.unbalanced);
}

/// What a kernel sees of the server's ends of so many connections, when this has been carried.
fn ends(boundary: Boundary, connections: u64) -> Tally {
    let mut tally = grows(boundary);
    tally[Counter::Connections] = connections;
    tally
}

/// Clients with 3 connections, and what a kernel sees of so many of the server's ends at each boundary.
fn with_server_kernel(seen: [u64; 3], damage: impl Fn(Boundary, &mut Tally)) -> Outcome {
    let mut outcome = outcome(grows);
    for (boundary, counted) in &mut outcome.workers[0].boundaries {
        *counted = counted.with(WitnessName::ClientSockets, ends(*boundary, 3));
    }
    let at = [Boundary::Connected, Boundary::WarmedUp, Boundary::Drained];
    for (boundary, connections) in at.into_iter().zip(seen) {
        let mut tally = ends(boundary, connections);
        damage(boundary, &mut tally);
        let counted = Counted::default().with(WitnessName::ServerKernel, tally);
        outcome.server.insert(boundary, counted);
    }
    outcome
}

/// Where the server's kernel was compared, and the bytes down of both.
fn by_server_kernel(outcome: &Outcome) -> Vec<(String, u64, u64)> {
    let found = compare(&sums(outcome, Conducted::default()).expect("small numbers")).into_iter();
    let pair = "client sockets = server kernel";
    let found = found.filter(|of| of.pair == pair && of.direction == "down");
    found.map(|of| (of.phases, of.left, of.right)).collect()
}

#[test]
fn the_servers_kernel_is_compared_while_its_connections_are_open() {
    let spans = by_server_kernel(&with_server_kernel([3; 3], |_, _| {}));
    let expected = [("connect", 100), ("warm-up", 100), ("measure + drain", 200)];
    assert_eq!(spans, expected.map(|(span, bytes)| (span.to_owned(), bytes, bytes)));
}

#[test]
fn a_byte_too_many_or_too_few_at_the_servers_kernel_is_found() {
    for by in [1, -1] {
        let off = |boundary, tally: &mut Tally| {
            if boundary == Boundary::Drained {
                let down = &mut tally[Counter::Down];
                *down = down.checked_add_signed(by).expect("a small number");
            }
        };
        let spans = by_server_kernel(&with_server_kernel([3; 3], off));
        let apart: Vec<_> = spans.iter().filter(|(_, left, right)| left != right).collect();
        let right = 200_u64.checked_add_signed(by).expect("a small number");
        assert_eq!(apart, [&("measure + drain".to_owned(), 200, right)]);
    }
}

#[test]
fn connections_that_the_servers_kernel_does_not_know_are_not_compared() {
    let one_less = by_server_kernel(&with_server_kernel([3, 3, 2], |_, _| {}));
    let spans = |of: &[(String, u64, u64)]| of.iter().map(|of| of.0.clone()).collect::<Vec<_>>();
    assert_eq!(spans(&one_less), ["connect", "warm-up"]);
    let missing = |_, tally: &mut Tally| tally.missing = 1;
    assert_eq!(by_server_kernel(&with_server_kernel([3; 3], missing)), []);
    assert_eq!(by_server_kernel(&with_server_kernel([0; 3], |_, _| {})), []);
}
