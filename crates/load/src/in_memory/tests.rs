//! Trials against a small server of these tests: each kind over each carrier, in clear text and in
//! TLS. Its own counters are the other witness in the kernel's place.

mod adapted;
mod ended;
mod player;
mod stand_in;
mod third_party;
mod third_party_polls;

use std::path::Path;
use std::time::Duration;

use pushbench_protocol::{Arrival, Direction, HttpVersion, Layer, Phase, TlsUse, TransportKind};
use pushbench_scenario::{Scenario, Source, Transport, read};

use self::player::{Seen, play};
use self::stand_in::Manners;
use crate::command::Standing;
use crate::{Boundary, Fault, PAIRS, Tally, WitnessName};

/// Every accepted combination of a kind with its carriers.
fn scenario(deliver: &str) -> Scenario {
    scenario_of(deliver, |_, _| String::new())
}

/// The same with more settings for each combination.
fn scenario_of(deliver: &str, more: impl Fn(TransportKind, HttpVersion) -> String) -> Scenario {
    let mut text = format!(
        "question = \"?\"\n[workload]\nclients = 4\ntopics = 1\npublish = {{ every = \"100ms\" }}\n\
         payload = {{ bytes = 40, content = \"json\" }}\ndeliver = \"{deliver}\"\nwarm_up = \"500ms\"\n\
         measure = \"2s\"\ndrain = \"3s\"\n"
    );
    for kind in TransportKind::ALL {
        for http in kind.properties().http {
            for tls in [TlsUse::None, TlsUse::Full] {
                let interval = match kind.has_timer() {
                    true => "interval = \"250ms\"\n",
                    false => "",
                };
                let number = usize::from(*http != HttpVersion::Http11) + 1;
                text += &format!(
                    "[[transport]]\nname = \"{kind}-http{number}-tls-{tls}\"\nkind = \"{kind}\"\n{interval}\
                     http = \"{http}\"\ntls = \"{tls}\"\n{}\n",
                    more(*kind, *http)
                );
            }
        }
    }
    let source = Source {
        path: Path::new("in-memory.toml"),
        text: &text,
        overrides: &[],
        only: &[],
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    read(&source).unwrap_or_else(|refused| panic!("{refused}"))
}

/// The books of clients and server agree to the byte at every boundary.
fn check_books(label: &str, seen: &Seen) {
    let Seen { outcome, .. } = seen;
    assert!(outcome.in_flight.is_empty(), "{label}: {:?}", outcome.in_flight);
    let agreed = outcome.server.iter();
    let agreed = agreed.filter(|(_, by)| by.tally(WitnessName::ServerSockets).is_some());
    let compared: Vec<_> = agreed.map(|(boundary, _)| *boundary).collect();
    let all = [Boundary::Connected, Boundary::WarmedUp, Boundary::Drained];
    assert_eq!(compared, all, "{label}: boundaries at which the server's books agreed");
    check_sums(label, seen);
}

/// The books of clients and server agree to the byte at the end.
fn check_sums(label: &str, seen: &Seen) {
    let Seen { outcome, served, .. } = seen;
    let [worker] = &outcome.workers[..] else { panic!("{label}: one thread plays all") };
    let sums = worker.boundaries[&Boundary::Closed];
    let kernel = sums.tally(WitnessName::Kernel).expect("it is on the list");
    assert_eq!(kernel.missing, sums.connections(), "{label}: no kernel is asked");
    let served = Tally::of_bytes(served.0, served.1);
    let counted =
        Standing::of(sums.with(WitnessName::ServerSockets, served), &worker.ledger, Vec::new())
            .counted;
    for pair in [&PAIRS[0], &PAIRS[2]] {
        for &direction in Direction::ALL {
            let (left, right) = counted.pair(pair, direction).expect("both were asked about all");
            assert_eq!(left, right, "{label}: {}, {direction:?}", pair.label);
        }
    }
}

/// The books of the clients agree to the byte where each connection's measure phase has ended.
fn check_measured(label: &str, seen: &Seen) {
    let worker = &seen.outcome.workers[0];
    let until = Phase::ALL.iter().filter(|&&phase| phase <= Phase::Measure);
    let booked = |way: Direction| -> u64 {
        until.clone().map(|&phase| worker.ledger.kinds(phase, way).layer(Layer::Stream)).sum()
    };
    let booked = Tally::of_bytes(booked(Direction::Up), booked(Direction::Down));
    let counted = worker.boundaries[&Boundary::Measured].with(WitnessName::Codec, booked);
    for &direction in Direction::ALL {
        let (left, right) = counted.pair(&PAIRS[0], direction).expect("both were asked about all");
        assert_eq!(left, right, "{label}: {}, {direction:?}, measured", PAIRS[0].label);
    }
}

fn check(label: &str, transport: &Transport, seen: &Seen) {
    check_delivered(label, transport, seen);
    assert_eq!(seen.outcome.workers[0].counts.duplicates, 0, "{label}");
}

/// All has come, whatever came more than once.
fn check_delivered(label: &str, transport: &Transport, seen: &Seen) {
    check_books(label, seen);
    let counts = &seen.outcome.workers[0].counts;
    assert!(counts.faults.is_empty(), "{label}: {:?}", counts.faults);
    assert!(counts.close_faults.is_empty(), "{label}: {:?}", counts.close_faults);
    assert_eq!(counts.expected, 4 * 20, "{label}: 4 clients, 10 messages per second for 2 s");
    assert_eq!((counts.delivered, counts.lost), (counts.expected, 0), "{label}");
    assert_eq!((counts.foreign, counts.altered), (0, 0), "{label}");
    let unexpected = &seen.outcome.workers[0].unexpected;
    assert!(unexpected.is_empty(), "{label}: {unexpected:?}");
    // Nothing takes time but what waits for it: a poll for its interval, and the timer's grid.
    let longest = seen.outcome.workers[0].latency.max().expect("messages were delivered");
    let bound = match transport.settings.kind().has_timer() {
        true => Duration::from_millis(252),
        false => Duration::from_millis(2),
    };
    assert!(longest <= bound, "{label}: {longest:?}");
}

#[test]
fn every_kind_over_every_carrier_delivers_all_and_its_books_agree() {
    let scenario = scenario("every");
    assert_eq!(scenario.transports.len(), 2 * (5 * HttpVersion::ALL.len() + 1));
    for transport in &scenario.transports {
        let seen = play(&scenario, transport, Manners::Good);
        check(&transport.label, transport, &seen);
    }
}

#[test]
fn what_comes_together_behind_the_measure_phase_is_all_of_the_drain() {
    let scenario = scenario("every");
    let rambles = |kind| matches!(kind, TransportKind::Sse | TransportKind::WebSocket);
    for transport in scenario.transports.iter().filter(|of| rambles(of.settings.kind())) {
        let seen = play(&scenario, transport, Manners::Rambles);
        check(&transport.label, transport, &seen);
        let drain = seen.outcome.workers[0].ledger.kinds(Phase::Drain, Direction::Down);
        assert!(drain.layer(Layer::Stream) > 0, "{}: it says something", transport.label);
        check_measured(&transport.label, &seen);
    }
}

#[test]
fn a_response_that_begins_long_before_it_ends_is_all_of_one_phase() {
    let scenario = scenario("every");
    let manners = Manners::BeginsEarly { before: "", behind: "\n" };
    let is_held = |of: &&Transport| of.settings.kind() == TransportKind::LongPoll;
    for transport in scenario.transports.iter().filter(is_held) {
        let seen = play(&scenario, transport, manners);
        check(&transport.label, transport, &seen);
        check_measured(&transport.label, &seen);
    }
}

#[test]
fn a_trial_costs_the_same_bytes_each_time() {
    let scenario = scenario("every");
    for transport in scenario.transports.iter().filter(|of| of.carriage.tls == TlsUse::None) {
        let bytes = || {
            let Seen { outcome, served, .. } = play(&scenario, transport, Manners::Good);
            (outcome.workers[0].ledger, served)
        };
        assert_eq!(bytes(), bytes(), "{}", transport.label);
    }
}

#[test]
fn what_a_server_cuts_off_is_in_the_books() {
    let scenario = scenario("every");
    for transport in &scenario.transports {
        let seen = play(&scenario, transport, Manners::CutsOff);
        let faults = &seen.outcome.workers[0].counts.faults;
        let is_of_a_cut =
            |fault: &Fault| matches!(fault, Fault::Closed | Fault::NotLines | Fault::Protocol);
        assert!(faults.keys().all(is_of_a_cut), "{}: {faults:?}", transport.label);
        assert_eq!(faults.values().sum::<u64>(), 4, "{}: {faults:?}", transport.label);
        check_books(&transport.label, &seen);
    }
}

#[test]
fn what_came_of_a_response_that_stalls_is_in_the_books() {
    let scenario = scenario("every");
    let is_poll = |kind: TransportKind| match kind.properties().arrival {
        Arrival::Timer | Arrival::Held => true,
        Arrival::Pushed | Arrival::Notified => false,
    };
    for transport in scenario.transports.iter().filter(|of| is_poll(of.settings.kind())) {
        let seen = play(&scenario, transport, Manners::Stalls);
        let counts = &seen.outcome.workers[0].counts;
        // A response may be held for longer than the trial goes on: that is no fault yet.
        let is_late = counts.faults.keys().all(|&fault| fault == Fault::AnswerTimeout);
        assert!(is_late && counts.delivered < counts.expected, "{}: {counts:?}", transport.label);
        check_sums(&transport.label, &seen);
    }
}

#[test]
fn why_a_server_closes_a_websocket_is_kept_whatever_carries_it() {
    let plain = scenario("every");
    let deflated = scenario_of("every", |kind, http| {
        match kind == TransportKind::WebSocket && http == HttpVersion::Http11 {
            true => "compression = \"deflate\"\n".to_owned(),
            false => String::new(),
        }
    });
    let is_compressed = |of: &&Transport| of.settings.deflate().is_some();
    let all = plain.transports.iter().map(|of| (&plain, of));
    let all = all.chain(deflated.transports.iter().filter(is_compressed).map(|of| (&deflated, of)));
    let mut played = 0;
    for (scenario, transport) in all.filter(|(_, of)| of.settings.kind().upgrades()) {
        let seen = play(scenario, transport, Manners::SaysWhy);
        let worker = &seen.outcome.workers[0];
        let faults: Vec<_> = worker.counts.faults.clone().into_iter().collect();
        assert_eq!(faults, [(Fault::Closed, 4)], "{}", transport.label);
        let kept = &worker.unexpected[&Fault::Closed];
        let why = (kept.close_code, kept.first_bytes.as_str());
        assert_eq!(why, (Some(1013), "too slow\\u{1b}[2J"), "{}", transport.label);
        check_books(&transport.label, &seen);
        played += 1;
    }
    // WebSockets over both versions of HTTP, nudges over one at least, and compressed ones, each in
    // clear text and in TLS.
    assert!(played >= 2 * 4, "{played}");
}

/// RSV1 is of the first frame of a message alone (RFC 7692, section 6), and a length takes the fewest
/// bytes (RFC 6455, section 5.2).
#[test]
fn a_frame_that_breaks_a_rule_fails_the_connection_after_what_came_before_it() {
    let scenario = scenario_of("every", |kind, http| {
        match kind == TransportKind::WebSocket && http == HttpVersion::Http11 {
            true => "compression = \"deflate\"\n".to_owned(),
            false => String::new(),
        }
    });
    let is_compressed = |of: &&Transport| of.settings.deflate().is_some();
    for frames in [&b"\xc9\x00"[..], b"\x01\x01a\xc0\x01b", b"\x89\x7e\x00\x00"] {
        for transport in scenario.transports.iter().filter(is_compressed) {
            let seen = play(&scenario, transport, Manners::Frames(frames));
            let label = format!("{}, {frames:x?}", transport.label);
            let counts = &seen.outcome.workers[0].counts;
            let faults: Vec<_> = counts.faults.clone().into_iter().collect();
            assert_eq!(faults, [(Fault::Protocol, 4)], "{label}");
            assert!(counts.delivered > 0, "{label}");
            check_sums(&label, &seen);
        }
    }
}

#[test]
fn a_stream_in_two_codings_is_refused_whatever_carries_it() {
    let scenario = scenario("every");
    let is_stream = |kind| matches!(kind, TransportKind::Sse | TransportKind::Stream);
    for transport in scenario.transports.iter().filter(|of| is_stream(of.settings.kind())) {
        let seen = play(&scenario, transport, Manners::Codes);
        let faults: Vec<_> = seen.outcome.workers[0].counts.faults.clone().into_iter().collect();
        assert_eq!(faults, [(Fault::Coding, 4)], "{}", transport.label);
    }
}
