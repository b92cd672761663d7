//! Sums of parts: the same in every order and grouping, exact, and refused where they are none.

mod sample;
mod version_1;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_store::{
    AreaV2, ClientHandshakes, FieldBlocksV2, HandshakesV2, InFlightV2, ProcessWorkV2,
    ReconciliationV1, SideV2, SocketMemoryV1, Sums, SumsError, TallyV2, UnexpectedV1, WitnessV2,
};

/// Something that is counted.
#[derive(Clone, Debug)]
enum Event {
    Booked(Phase, Direction, ByteKind, u64),
    Counted(u8, u64),
    Failed(String),
    Example(String),
    Witnessed(&'static str, Phase, &'static str, u64),
    Missing(Phase),
    Sample(&'static str, u64),
    Aged(u64, u64),
    Stalled(&'static str, u64),
    RoundTrip(u64),
    InFlight(Phase, InFlightV2),
    Lasted(Phase, u32),
    Http2(u64),
    Handshake(bool),
}

fn event() -> impl Strategy<Value = Event> {
    let phase = || prop::sample::select(Phase::ALL);
    let bytes = || 0..1_000_000_000_u64;
    let names = || prop::sample::select(&["latency", "poll_lateness"][..]);
    let kinds = &[ByteKind::Payload, ByteKind::Header, ByteKind::Framing][..];
    let witnesses = &["codec", "client sockets", "kernel"][..];
    prop_oneof![
        (phase(), prop::sample::select(Direction::ALL), prop::sample::select(kinds), bytes())
            .prop_map(|(phase, way, kind, bytes)| Event::Booked(phase, way, kind, bytes)),
        (0..8_u8, bytes()).prop_map(|(which, count)| Event::Counted(which, count)),
        "[a-c]".prop_map(Event::Failed),
        "[a-c]{2}".prop_map(Event::Example),
        (
            prop::sample::select(witnesses),
            phase(),
            prop::sample::select(&["up", "down"][..]),
            bytes()
        )
            .prop_map(|(name, phase, counter, n)| Event::Witnessed(name, phase, counter, n)),
        phase().prop_map(Event::Missing),
        // Some longer than an hour.
        (names(), 0..4_000_000_000_000_u64).prop_map(|(name, nanos)| Event::Sample(name, nanos)),
        (any::<u64>(), bytes()).prop_map(|(area, width)| Event::Aged(area, width)),
        (prop::sample::select(&["a load worker", "the publisher"][..]), bytes())
            .prop_map(|(who, nanos)| Event::Stalled(who, nanos)),
        bytes().prop_map(Event::RoundTrip),
        (phase(), prop::sample::select(&[InFlightV2::Server, InFlightV2::Clients][..]))
            .prop_map(|(phase, in_flight)| Event::InFlight(phase, in_flight)),
        (phase(), any::<u32>()).prop_map(|(phase, millis)| Event::Lasted(phase, millis)),
        bytes().prop_map(Event::Http2),
        any::<bool>().prop_map(Event::Handshake),
    ]
}

/// Counts something where it happens.
fn count(sums: &mut Sums, event: &Event) {
    match event.clone() {
        Event::Booked(phase, way, kind, bytes) => {
            *sums.ledger.entry((phase, way, kind)).or_default() += bytes;
        }
        Event::Counted(which, count) => {
            let counts = &mut sums.counts;
            *match which {
                0 => &mut counts.published,
                1 => &mut counts.delivered,
                2 => &mut counts.polls,
                3 => counts.altered.get_or_insert_default(),
                4 => counts.sent.get_or_insert_default(),
                5 => counts.connecting_segments.get_or_insert_default(),
                6 => &mut sums.clients,
                _ => counts.answers.entry(200).or_default(),
            } += count;
        }
        Event::Failed(kind) => *sums.counts.errors.entry(kind).or_default() += 1,
        Event::Example(text) => {
            let example = sums.counts.examples.entry("foreign".to_owned());
            let example = example.or_insert_with(|| text.clone());
            *example = example.clone().min(text.clone());
            let response = UnexpectedV1 { first_bytes: text, ..UnexpectedV1::default() };
            let kept = sums.unexpected.entry("io".to_owned()).or_insert_with(|| response.clone());
            *kept = kept.clone().min(response);
        }
        Event::Witnessed(name, phase, counter, bytes) => {
            *tally(sums, name, phase).counts.entry(counter.to_owned()).or_default() += bytes;
        }
        Event::Missing(phase) => tally(sums, "kernel", phase).missing += 1,
        Event::Sample(name, nanos) => {
            let samples = sums.samples.entry(name.to_owned()).or_default();
            samples.record(Duration::from_nanos(nanos));
        }
        Event::Aged(area, width) => {
            for sum in [&mut sums.age, &mut sums.version_age] {
                sum.area += i128::from(area);
                sum.width_ns += i128::from(width);
            }
        }
        Event::Stalled(who, nanos) => {
            let longest = sums.longest_stall_ns.entry(who.to_owned()).or_default();
            *longest = nanos.max(*longest);
        }
        Event::RoundTrip(nanos) => {
            let shortest = sums.shortest_round_trip_ns.unwrap_or(nanos);
            sums.shortest_round_trip_ns = Some(shortest.min(nanos));
        }
        Event::InFlight(phase, in_flight) => {
            let worst = sums.in_flight.entry(phase).or_insert(in_flight);
            *worst = in_flight.max(*worst);
        }
        Event::Lasted(phase, millis) => {
            let longest = sums.phase_seconds.entry(phase).or_default();
            *longest = longest.max(f64::from(millis) / 1e3);
        }
        Event::Http2(bytes) => {
            let field_blocks = sums.counts.field_blocks.get_or_insert_default();
            field_blocks.connections += 1;
            field_blocks.first[1] += bytes;
        }
        Event::Handshake(is_full) => {
            let handshakes = sums.handshakes.get_or_insert_default();
            *if is_full { &mut handshakes.full } else { &mut handshakes.preliminary } += 1;
        }
    }
}

fn tally<'sums>(sums: &'sums mut Sums, name: &str, phase: Phase) -> &'sums mut TallyV2 {
    let witness = sums.witnesses.entry(name.to_owned()).or_insert_with(|| WitnessV2 {
        side: SideV2::Client,
        layer: "socket".to_owned(),
        until: BTreeMap::new(),
    });
    witness.until.entry(phase).or_default()
}

fn counted(events: &[Event]) -> Sums {
    let mut sums = Sums::default();
    events.iter().for_each(|event| count(&mut sums, event));
    sums
}

/// A part of a trial, with what is a list as well.
fn part() -> impl Strategy<Value = Sums> {
    let process = any::<(Option<u64>, u64)>().prop_map(|(cpu_ns, worker)| ProcessWorkV2 {
        cpu_ns,
        worker_cpu_ns: vec![worker],
        ..ProcessWorkV2::default()
    });
    let apart = any::<(u64, u64)>().prop_map(|(left, right)| ReconciliationV1 {
        pair: "codec = client sockets".to_owned(),
        phases: "measure".to_owned(),
        direction: "up".to_owned(),
        left,
        right,
    });
    let lists = (prop::collection::vec(process, 0..3), prop::collection::vec(apart, 0..2));
    (prop::collection::vec(event(), 0..20), lists).prop_map(|(events, (mut load, mut apart))| {
        let mut sums = counted(&events);
        load.sort();
        apart.sort();
        (sums.work.load, sums.unbalanced) = (load, apart);
        sums
    })
}

fn of(parts: &[&Sums]) -> Sums {
    Sums::of(parts.iter().copied()).expect("small numbers")
}

proptest! {
    #[test]
    fn a_trial_that_is_split_over_parts_is_the_sum_of_them(
        events in prop::collection::vec((event(), 0..4_usize), 0..80),
    ) {
        let whole: Vec<_> = events.iter().map(|(event, _)| event.clone()).collect();
        let parts = [0, 1, 2, 3].map(|part| {
            let events = events.iter().filter(|(_, of)| *of == part);
            counted(&events.map(|(event, _)| event.clone()).collect::<Vec<_>>())
        });
        prop_assert_eq!(of(&parts.each_ref()), counted(&whole));
    }

    #[test]
    fn no_order_and_no_grouping_of_parts_makes_a_difference(
        a in part(), b in part(), c in part(),
    ) {
        let whole = of(&[&a, &b, &c]);
        for order in [[&a, &c, &b], [&b, &a, &c], [&b, &c, &a], [&c, &a, &b], [&c, &b, &a]] {
            prop_assert_eq!(&of(&order), &whole);
        }
        prop_assert_eq!(&of(&[&of(&[&a, &b]), &c]), &whole);
        prop_assert_eq!(&of(&[&a, &of(&[&b, &c])]), &whole);
        prop_assert_eq!(&of(&[&a, &Sums::default()]), &a, "a part that did nothing adds nothing");
    }
}

#[test]
fn a_sum_that_its_counter_does_not_hold_is_refused_and_does_not_wrap() {
    let mut most = Sums::default();
    most.counts.polls = u64::MAX;
    most.counts.gap_messages = u64::MAX;
    let mut one = Sums::default();
    one.counts.gap_messages = 1;
    let sum = of(&[&most, &one]);
    assert_eq!(sum.counts.gap_messages, u64::MAX, "the number is the server's");
    one.counts.polls = 1;
    let refused = Sums::of([&most, &one]).unwrap_err();
    assert_eq!(refused, SumsError::TooLarge { what: "polls".to_owned() });
    let area = |area| Sums { age: AreaV2 { area, width_ns: 1 }, ..Sums::default() };
    let refused = Sums::of([&area(i128::MAX), &area(1)]).unwrap_err();
    assert_eq!(refused, SumsError::TooLarge { what: "ages".to_owned() });
}

#[test]
fn what_is_the_servers_is_counted_once() {
    let witness = WitnessV2 {
        side: SideV2::Server,
        layer: "socket".to_owned(),
        until: BTreeMap::from([(Phase::Connect, TallyV2::default())]),
    };
    let books = Sums {
        witnesses: BTreeMap::from([("server sockets".to_owned(), witness)]),
        ..Sums::default()
    };
    let handshakes = Sums { server_handshakes: Some(HandshakesV2::default()), ..Sums::default() };
    let mut work = Sums::default();
    work.work.server_sockets = Some(SocketMemoryV1::default());
    let retransmitted_down = BTreeMap::from([(Phase::Measure, 0)]);
    let again = Sums { retransmitted_down, ..Sums::default() };
    for asked in [books, handshakes, work, again] {
        assert_eq!(of(&[&asked, &Sums::default()]), asked);
        let twice = Sums::of([&asked, &asked]).unwrap_err();
        assert!(matches!(twice, SumsError::ServerTwice { .. }), "{twice}");
    }
}

#[test]
fn a_record_of_version_1_has_no_sums_and_one_of_version_2_has() {
    let trial = &sample::run().trials[0];
    // Its samples are none that could be read.
    let mut whole = trial.clone();
    whole.waiting.histograms.clear();
    let sums = Sums::of_record(&whole).expect("it has them");
    assert_eq!((sums.counts.polls, sums.age.mean()), (10, Some(5e8)));
    assert_eq!(sums.busiest_worker_share(), Some(0.01));
    let old = &version_1::of(sample::run()).trials[0];
    let refused = Sums::of_record(old).unwrap_err().to_string();
    assert_eq!(refused, "short-poll, round 1: the record has no sums, expected one of version 2");
}

#[test]
fn every_kind_of_count_is_added() {
    // Each count is told apart by its size.
    let mut trial = sample::run().trials.remove(0);
    trial.waiting.histograms.clear();
    trial.counts.field_blocks = Some(FieldBlocksV2 {
        connections: 1,
        first: [2, 3],
        firsts_in_measure: 4,
        first_in_measure: [5, 6],
        uncompressed: [7, 8],
    });
    let mut one = Sums::of_record(&trial).expect("it has them");
    // There is one server.
    one.work.server = None;
    one.work.server_sockets = None;
    one.handshakes = Some(ClientHandshakes { full: 9, ..ClientHandshakes::default() });
    let two = of(&[&one, &one]);
    let numbers = |sums: &Sums| {
        let value = serde_json::to_value(&sums.counts).expect("plain JSON");
        let mut numbers = Vec::new();
        flatten(&value, &mut numbers);
        numbers
    };
    let doubled: Vec<_> = numbers(&one).into_iter().map(|count| 2 * count).collect();
    assert_eq!(numbers(&two), doubled);
    assert_eq!(two.handshakes.map(|of| of.full), Some(18));
}

fn flatten(value: &serde_json::Value, into: &mut Vec<u64>) {
    match value {
        serde_json::Value::Object(fields) => fields.values().for_each(|field| flatten(field, into)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| flatten(item, into)),
        value => into.extend(value.as_u64()),
    }
}
