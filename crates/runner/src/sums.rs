//! From what each worker, the publisher and the server saw to the sums of a trial. Pure.
//!
//! Each worker is a part, and so is whoever conducts: the publisher, the server's own counts, and the
//! processes. [`Sums::of`] adds them up, as it does the shards of a trial on several machines.

use std::collections::BTreeMap;

use pushbench_load::{
    Boundary, Counted, Counter, Counts, Fault, HeadCounts, InFlight, Outcome, SampleHeaders,
    ServerSums, Tally, TimeAverage, Unexpected, WITNESSES, WitnessEntry, WitnessName,
    WorkerOutcome,
};
use pushbench_protocol::headers::printable_characters;
use pushbench_protocol::{ByteKind, Direction, HandshakeStats, Phase};
use pushbench_stats::Histogram;
use pushbench_store::{
    AreaV2, ClientHandshakes, CountsV1, FieldBlocksV2, HandshakesV2, InFlightV2, ReconnectsV2,
    SampleV1, SideV2, Sums, SumsError, TallyV2, UnexpectedV1, WitnessV2, WorkV2,
};

use crate::books::unbalanced;
use crate::failures::PUBLISHER;

/// What whoever conducts a trial knows of it beside what the load generator saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conducted {
    /// The place of the server that it was played against, from 0.
    pub(crate) server: u32,
    /// Whether the messages that were published are counted elsewhere: each is one of the trial,
    /// however many servers it was published to.
    pub(crate) counts_no_messages: bool,
    pub(crate) clients: u64,
    pub(crate) connections: u64,
    /// Messages due in the measure phase.
    pub(crate) published: u64,
    /// Whether the server publishes by itself.
    pub(crate) publishes_by_itself: bool,
    pub(crate) is_complete: bool,
    pub(crate) phase_seconds: BTreeMap<Phase, f64>,
    /// What the server had carried once all was closed.
    pub(crate) closed: Option<ServerSums>,
    /// What it had carried on connections that came for a ticket only.
    pub(crate) tickets: Option<ServerSums>,
    /// TLS handshakes that it counted.
    pub(crate) handshakes: Option<HandshakeStats>,
    /// Bytes that its kernel sent again in each phase, as far as that is known.
    pub(crate) retransmitted_down: BTreeMap<Phase, u64>,
    pub(crate) work: WorkV2,
}

/// The sums of a trial.
///
/// # Errors
///
/// If something comes to more than its counter holds.
pub(crate) fn sums(outcome: &Outcome, conducted: Conducted) -> Result<Sums, SumsError> {
    let in_flight = in_flight(outcome);
    let workers = outcome.workers.iter().map(|worker| {
        let part = of_worker(worker);
        // What it finds of a worker alone has to be looked for before workers make up for each other.
        Sums {
            unbalanced: unbalanced(&Sums { in_flight: in_flight.clone(), ..part.clone() }),
            ..part
        }
    });
    let parts: Vec<_> = workers.chain([of_conductor(outcome, conducted)]).collect();
    Sums::of(&parts)
}

/// What one worker's clients saw.
fn of_worker(worker: &WorkerOutcome) -> Sums {
    Sums {
        counts: counts(&worker.counts, worker),
        ledger: ledger(worker),
        witnesses: witnesses(&worker.boundaries),
        tickets: worker.handshakes.iter().flat_map(|of| tickets(&of.preliminary_sums)).collect(),
        samples: samples([
            ("latency", &worker.latency),
            ("service_time", &worker.service_time),
            ("connect_tcp", &worker.connect_tcp),
            ("connect_tls", &worker.connect_tls),
            ("connect_upgrade", &worker.connect_upgrade),
            ("poll_lateness", &worker.poll_lateness),
            ("poll_kept_waiting", &worker.poll_kept_waiting),
            ("response_time", &worker.response_time),
            ("reconnect_time", &worker.reconnect_time),
            ("gap", &worker.gap),
        ]),
        age: area(worker.age),
        version_age: area(worker.version_age),
        longest_stall_ns: worker
            .stall
            .map(|stall| ("a load worker".to_owned(), stall.as_nanos() as u64))
            .into_iter()
            .collect(),
        shortest_round_trip_ns: worker
            .boundaries
            .values()
            .filter_map(|counted| Some(counted.min_round_trip?.as_nanos() as u64))
            .min(),
        handshakes: worker.handshakes.as_ref().map(|of| ClientHandshakes {
            full: of.full,
            resumed: of.resumed,
            preliminary: of.preliminary,
            cipher_suite: Some(of.cipher_suite.clone()).filter(|suite| !suite.is_empty()),
        }),
        sample: worker.sample.as_ref().map(sample),
        unexpected: all_on_record("", &worker.unexpected),
        ..Sums::default()
    }
}

/// What is known of a trial beside its clients.
fn of_conductor(outcome: &Outcome, conducted: Conducted) -> Sums {
    // Of a server that publishes by itself it is not known what was published, and when.
    let publisher = outcome.publisher.as_ref();
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    if outcome.workers_gone > 0 {
        errors.insert(Fault::ThreadGone.label(), outcome.workers_gone);
    }
    for (fault, count) in publisher.iter().flat_map(|publisher| &publisher.faults) {
        *errors.entry(format!("{PUBLISHER}{}", fault.label())).or_default() += count;
    }
    let close_errors = publisher
        .filter(|publisher| publisher.close_unanswered)
        .map(|_| (format!("{PUBLISHER}{}", Fault::CloseTimeout.label()), 1));
    let counts = CountsV1 {
        published: if conducted.counts_no_messages { 0 } else { conducted.published },
        publishes_by_itself: conducted.publishes_by_itself,
        sent: publisher
            .filter(|_| !conducted.counts_no_messages)
            .map(|publisher| publisher.published_in_measure),
        errors,
        close_errors: close_errors.into_iter().collect(),
        ..CountsV1::default()
    };
    let closed = conducted.closed.map(|closed| (Boundary::Closed, closed));
    let closed = closed.map(|(boundary, sums)| {
        (boundary, Counted::default().with(WitnessName::ServerSockets, sums.into()))
    });
    let server = outcome.server.iter().map(|(boundary, counted)| (*boundary, *counted));
    Sums {
        clients: conducted.clients,
        connections: conducted.connections,
        broken_off: u64::from(!conducted.is_complete),
        servers: [conducted.server].into(),
        phase_seconds: conducted.phase_seconds,
        counts,
        witnesses: witnesses(&server.chain(closed).collect()),
        tickets: conducted
            .tickets
            .iter()
            .flat_map(|sums| {
                tickets(&Counted::default().with(WitnessName::ServerSockets, (*sums).into()))
            })
            .collect(),
        retransmitted_down: conducted.retransmitted_down,
        in_flight: in_flight(outcome),
        samples: publisher.map_or_else(BTreeMap::new, |publisher| {
            samples([
                ("publish_lateness", &publisher.lateness),
                ("publish_kept_waiting", &publisher.kept_waiting),
            ])
        }),
        longest_stall_ns: publisher
            .and_then(|publisher| publisher.stall)
            .map(|stall| ("the publisher".to_owned(), stall.as_nanos() as u64))
            .into_iter()
            .collect(),
        server_handshakes: conducted
            .handshakes
            .map(|HandshakeStats { full, resumed, failed }| HandshakesV2 { full, resumed, failed }),
        work: conducted.work,
        unexpected: publisher.map_or_else(BTreeMap::new, |publisher| {
            all_on_record(PUBLISHER, &publisher.unexpected)
        }),
        ..Sums::default()
    }
}

fn counts(counts: &Counts, worker: &WorkerOutcome) -> CountsV1 {
    let labelled = |faults: &BTreeMap<Fault, u64>| {
        faults.iter().map(|(fault, count)| (fault.label(), *count)).collect()
    };
    let examples = [
        ("altered", &counts.first_altered),
        ("foreign", &counts.first_foreign),
        ("unexplained", &counts.first_unexplained),
        ("unfinished", &counts.first_unfinished),
        ("without-id", &counts.first_without_id),
        ("without-time", &counts.first_without_time),
    ];
    let examples =
        examples.into_iter().filter_map(|(name, first)| Some((name.to_owned(), first.clone()?)));
    CountsV1 {
        published: 0,
        sent: None,
        publishes_by_itself: false,
        without_id: Some(counts.without_id).filter(|count| *count > 0),
        without_time: Some(counts.without_time).filter(|count| *count > 0),
        expected: counts.expected,
        delivered: counts.delivered,
        superseded: counts.superseded,
        lost: counts.lost,
        duplicates: counts.duplicates,
        out_of_order: counts.out_of_order,
        foreign: counts.foreign,
        altered: Some(counts.altered),
        deliveries_in_measure: counts.deliveries_in_measure,
        uncompressed_payload_bytes_in_measure: Some(counts.uncompressed_payload_in_measure),
        polls: counts.polls,
        empty_polls: counts.empty_polls,
        answers: counts.answers.clone(),
        connects: Some(counts.connects),
        reconnects: counts.reconnects.as_ref().map(|of| ReconnectsV2 {
            lost_connections: of.lost,
            restored_connections: of.restored,
            failed_attempts: of.failed,
            by_second: of.by_second.clone(),
        }),
        retries: Some(counts.retries).filter(|retries| *retries > 0),
        heartbeats: Some(counts.heartbeats),
        acknowledgements: Some(counts.acknowledgements).filter(|count| *count > 0),
        overtaken: Some(counts.overtaken).filter(|count| *count > 0),
        coded_messages: Some(counts.coded_messages).filter(|count| *count > 0),
        connecting_segments: Some(worker.connecting_segments),
        field_blocks: field_blocks(worker.headers),
        examples: examples.collect(),
        gap_messages: counts.gap_messages,
        errors: labelled(&counts.faults),
        close_errors: labelled(&counts.close_faults),
    }
}

fn field_blocks(counts: HeadCounts) -> Option<FieldBlocksV2> {
    (counts.connections > 0).then_some(FieldBlocksV2 {
        connections: counts.connections,
        first: counts.first,
        firsts_in_measure: counts.firsts_in_measure,
        first_in_measure: counts.first_in_measure,
        uncompressed: counts.uncompressed,
    })
}

fn ledger(worker: &WorkerOutcome) -> BTreeMap<(Phase, Direction, ByteKind), u64> {
    let mut ledger = BTreeMap::new();
    for &phase in Phase::ALL {
        for &direction in Direction::ALL {
            let kinds = worker.ledger.kinds(phase, direction);
            let booked = ByteKind::ALL.iter().filter(|kind| kinds[**kind] > 0);
            ledger.extend(booked.map(|&kind| ((phase, direction, kind), kinds[kind])));
        }
    }
    ledger
}

/// What each witness of the list had counted when each phase ended.
fn witnesses(boundaries: &BTreeMap<Boundary, Counted>) -> BTreeMap<String, WitnessV2> {
    let mut witnesses = BTreeMap::new();
    for entry in &WITNESSES {
        let until = boundaries.iter().filter_map(|(boundary, counted)| {
            Some((boundary.closes(), tally(entry, counted.tally(entry.name)?)))
        });
        let until: BTreeMap<_, _> = until.collect();
        if !until.is_empty() {
            let witness =
                WitnessV2 { side: side(entry), layer: entry.layer.label().to_owned(), until };
            witnesses.insert(entry.label.to_owned(), witness);
        }
    }
    witnesses
}

fn tickets(counted: &Counted) -> Vec<(String, TallyV2)> {
    let counted = |entry: &WitnessEntry| {
        Some((entry.label.to_owned(), tally(entry, counted.tally(entry.name)?)))
    };
    WITNESSES.iter().filter_map(counted).collect()
}

const fn side(entry: &WitnessEntry) -> SideV2 {
    match entry.side {
        pushbench_load::Side::Client => SideV2::Client,
        pushbench_load::Side::Server => SideV2::Server,
    }
}

fn tally(entry: &WitnessEntry, tally: &Tally) -> TallyV2 {
    let is_byte = |counter: &&Counter| matches!(counter, Counter::Up | Counter::Down);
    // What was booked of a library's sockets is no count of theirs: absent, as what nobody knows is.
    let counts = entry.counters.iter().filter(|of| !(tally.are_booked && is_byte(of)));
    TallyV2 {
        missing: tally.missing,
        counts: counts.map(|&counter| (counter.label().to_owned(), tally[counter])).collect(),
    }
}

fn in_flight(outcome: &Outcome) -> BTreeMap<Phase, InFlightV2> {
    let named = |in_flight: &InFlight| match in_flight {
        InFlight::Clients => InFlightV2::Clients,
        InFlight::Server => InFlightV2::Server,
    };
    let by_themselves = outcome.workers.iter().flat_map(|worker| &worker.in_flight);
    let in_flight = outcome.in_flight.iter().chain(by_themselves);
    in_flight.map(|(boundary, in_flight)| (boundary.closes(), named(in_flight))).collect()
}

fn samples<const N: usize>(of: [(&str, &Histogram); N]) -> BTreeMap<String, Histogram> {
    let some = of.into_iter().filter(|(_, samples)| !samples.is_empty());
    some.map(|(name, samples)| (name.to_owned(), samples.clone())).collect()
}

const fn area(average: TimeAverage) -> AreaV2 {
    AreaV2 { area: average.area, width_ns: average.width_ns }
}

/// The response of one kind of failure, on record; `who` is empty for clients and [`PUBLISHER`] for it.
pub(crate) fn on_record(who: &str, fault: Fault, unexpected: &Unexpected) -> UnexpectedV1 {
    let Unexpected { status, first_line, close_code, first_bytes, dialogue, key: _ } =
        unexpected.clone();
    let error = format!("{who}{}", fault.label());
    UnexpectedV1 { error, status, first_line, close_code, first_bytes, dialogue }
}

fn all_on_record(
    who: &str,
    unexpected: &BTreeMap<Fault, Unexpected>,
) -> BTreeMap<String, UnexpectedV1> {
    let kept = unexpected.iter().map(|(fault, unexpected)| on_record(who, *fault, unexpected));
    kept.map(|kept| (kept.error.clone(), kept)).collect()
}

fn sample(sample: &SampleHeaders) -> SampleV1 {
    SampleV1 {
        request_characters: printable_characters(&sample.request) as u64,
        response_characters: printable_characters(&sample.response) as u64,
        request_bytes: sample.request.len() as u64,
        response_bytes: sample.response.len() as u64,
        body_bytes: sample.body_len,
        request_head: String::from_utf8_lossy(&sample.request).into_owned(),
        response_head: String::from_utf8_lossy(&sample.response).into_owned(),
    }
}
