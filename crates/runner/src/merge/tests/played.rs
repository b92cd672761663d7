//! A trial that is played without a socket: what its workers and its server would have counted.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_load::{
    Boundary, Counted, Counter, HeadCounts, Outcome, PublisherOutcome, ServerSums, Tally,
    WitnessName, WorkerOutcome,
};
use pushbench_protocol::{ByteKind, Direction, Phase};

/// Parts that a trial is split over.
pub(super) const PARTS: usize = 3;
pub(super) const CLIENTS: u64 = 30;

/// What happened, one after the other: numbers that look random and are the same each time.
struct Events(u64);

impl Events {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Clients of one worker in the making.
#[derive(Clone)]
struct Worker {
    outcome: WorkerOutcome,
    /// What its witnesses have counted so far.
    so_far: Counted,
}

impl Worker {
    fn new() -> Self {
        let names = [
            WitnessName::Codec,
            WitnessName::TlsRecords,
            WitnessName::ClientSockets,
            WitnessName::Kernel,
        ];
        let nothing = |counted: Counted, name| counted.with(name, Tally::default());
        Self {
            outcome: WorkerOutcome::default(),
            so_far: names.into_iter().fold(Counted::default(), nothing),
        }
    }

    fn count(&mut self, name: WitnessName, counter: Counter, more: u64) {
        let mut tally = *self.so_far.tally(name).expect("it began with all");
        tally[counter] += more;
        self.so_far = self.so_far.with(name, tally);
    }

    /// An exchange, as everybody sees it who counts.
    fn exchange(&mut self, phase: Phase, events: &mut Events) {
        let tls = 22;
        for direction in [Direction::Up, Direction::Down] {
            let kinds = [ByteKind::Payload, ByteKind::Header, ByteKind::Framing];
            let kind = kinds[events.next(3) as usize];
            let bytes = 1 + events.next(900);
            self.outcome.ledger.book(phase, direction, kind, bytes);
            let counter = Counter::bytes(direction);
            self.count(WitnessName::Codec, counter, bytes);
            self.count(WitnessName::TlsRecords, counter, tls);
            self.count(WitnessName::ClientSockets, counter, bytes + tls);
            self.count(WitnessName::Kernel, counter, bytes + tls);
        }
        for counter in [Counter::SegmentsUp, Counter::SegmentsDown] {
            self.count(WitnessName::Kernel, counter, 2);
        }
        if phase == Phase::Connect {
            self.count(WitnessName::ClientSockets, Counter::Connections, 1);
            self.count(WitnessName::Kernel, Counter::WithTimestamps, 1);
            self.count(WitnessName::Kernel, Counter::RetransmittedUp, events.next(2));
            self.outcome.connect_tcp.record(Duration::from_nanos(events.next(900_000)));
            self.outcome.handshakes.get_or_insert_default().full += 1;
            self.outcome.headers.connections += 1;
            self.outcome.headers.first[0] += events.next(300);
        }
        if phase == Phase::Measure {
            let HeadCounts { uncompressed, .. } = &mut self.outcome.headers;
            uncompressed[1] += events.next(300);
            let counts = &mut self.outcome.counts;
            counts.polls += 1;
            *counts.answers.entry(200).or_default() += 1;
            counts.expected += 1;
            counts.connects += 1;
            counts.heartbeats += events.next(2);
            if events.next(50) > 0 {
                counts.delivered += 1;
                counts.deliveries_in_measure += 1;
                let nanos = 1_000 + events.next(3_000_000);
                self.outcome.latency.record(Duration::from_nanos(nanos));
                self.outcome.service_time.record(Duration::from_nanos(nanos / 2));
                self.outcome.age.area += i128::from(nanos) * 1_000_000;
                self.outcome.age.width_ns += 1_000_000;
                self.outcome.version_age.area += i128::from(nanos);
                self.outcome.version_age.width_ns += 1_000_000;
            } else {
                counts.superseded += 1;
                counts.empty_polls += 1;
            }
            self.outcome.poll_lateness.record(Duration::from_nanos(events.next(90_000)));
            self.outcome.connecting_segments += 7;
            let stall = Duration::from_nanos(events.next(2_000_000));
            self.outcome.stall = self.outcome.stall.max(Some(stall));
        }
    }

    fn end(&mut self, phase: Phase) {
        let boundary = Boundary::ALL.into_iter().find(|boundary| boundary.closes() == phase);
        let trip = Some(Duration::from_micros(40));
        let mut so_far = self.so_far;
        so_far.min_round_trip = trip;
        self.outcome.boundaries.insert(boundary.expect("each phase ends"), so_far);
    }
}

/// Boundaries at which connections are open, and the server's ends are counted.
pub(super) const OPEN: [Boundary; 3] = [Boundary::Connected, Boundary::WarmedUp, Boundary::Drained];

/// What one machine's kernel sees of the server's ends of these workers' connections.
pub(super) fn server_kernel(boundary: Boundary, workers: &[WorkerOutcome]) -> Tally {
    let of = |worker: &WorkerOutcome| {
        *worker.boundaries[&boundary].tally(WitnessName::ClientSockets).expect("it counts")
    };
    workers.iter().map(of).fold(Tally::default(), |mut sum, tally| {
        sum += tally;
        sum
    })
}

/// A trial: its workers, and what the server carried.
pub(super) fn play(workers: usize, damage: impl Fn(&mut WorkerOutcome)) -> Outcome {
    // Clients of the same number are of the same part, however many there are.
    play_by(workers, |event| event % PARTS % workers, damage)
}

/// The same, by whichever worker has the client of an event.
pub(super) fn play_by(
    workers: usize,
    worker_of: impl Fn(usize) -> usize,
    damage: impl Fn(&mut WorkerOutcome),
) -> Outcome {
    let mut events = Events(7);
    let mut parts = vec![Worker::new(); workers];
    let mut served = ServerSums::default();
    let mut server: BTreeMap<_, Counted> = BTreeMap::new();
    for &phase in Phase::ALL {
        for event in 0..600 {
            let part = &mut parts[worker_of(event)];
            let before = part.so_far;
            part.exchange(phase, &mut events);
            let grown = |way| {
                let name = WitnessName::ClientSockets;
                part.so_far.bytes(name, way) - before.bytes(name, way)
            };
            served.received += grown(Direction::Up);
            served.sent += grown(Direction::Down);
        }
        parts.iter_mut().for_each(|part| part.end(phase));
        let boundary = Boundary::ALL.into_iter().find(|boundary| boundary.closes() == phase);
        // At the end of the measure phase each client has its own moment.
        if phase != Phase::Measure {
            let counted = Counted::default().with(WitnessName::ServerSockets, served.into());
            server.insert(boundary.expect("each phase ends"), counted);
        }
    }
    let mut publisher = PublisherOutcome {
        published_in_measure: 20,
        stall: Some(Duration::from_micros(300)),
        ..PublisherOutcome::default()
    };
    publisher.lateness.record(Duration::from_micros(120));
    damage(&mut parts[0].outcome);
    let workers: Vec<_> = parts.into_iter().map(|part| part.outcome).collect();
    for boundary in OPEN {
        let counted = server.get_mut(&boundary).expect("it was reached");
        *counted = counted.with(WitnessName::ServerKernel, server_kernel(boundary, &workers));
    }
    Outcome { workers, publisher: Some(publisher), server, ..Outcome::default() }
}
