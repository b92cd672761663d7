//! The same trial played by one worker, by three, and by three machines.

mod files;
mod played;
mod split;

use std::collections::BTreeMap;
use std::path::Path;

use pushbench_load::{
    Boundary, Fault, Handshakes, Outcome, ServerSums, Unexpected, WitnessName, WorkerOutcome,
};
use pushbench_protocol::{Direction, HandshakeStats, Phase};
use pushbench_scenario::{Scenario, Shard, Source, read};
use pushbench_store::{
    MachineTimeV2, MachineV2, ProcessWorkV2, SocketMemoryV1, Sums, SumsError, TrialV2, Verdict,
    WorkV2,
};

use self::played::{CLIENTS, OPEN, PARTS, play, server_kernel};
use super::merge;
use crate::derive::{self, Played};
use crate::judge::Circumstances;
use crate::sums::{Conducted, sums};

fn process(of: u64) -> ProcessWorkV2 {
    ProcessWorkV2 {
        cpu_ns: Some(100_000_000 + of),
        worker_cpu_ns: vec![90_000_000 + of],
        resident_before_bytes: Some(1_000_000),
        resident_connected_bytes: Some(2_000_000 + of),
        sockets: Some(SocketMemoryV1 { sockets: 10, bytes: 4_096 * of }),
        ..ProcessWorkV2::default()
    }
}

fn machine(of: u64) -> MachineV2 {
    let time = MachineTimeV2 { stolen_ticks: of, all_ticks: 400 };
    MachineV2 { slab_before_bytes: Some(of), time: Some(time), ..MachineV2::default() }
}

fn scenario() -> Scenario {
    let text = "question = \"Is the whole the sum of its parts?\"\n[workload]\nclients = 30\n\
        deliver = \"latest\"\npublish = { every = \"100ms\" }\npayload = { bytes = 20 }\n\
        measure = \"2s\"\n[[transport]]\nkind = \"short-poll\"\ninterval = \"100ms\"\ntls = \"full\"\n";
    let no_file = |_: &Path| Err(std::io::Error::other("no file"));
    let (path, read_file) = (Path::new("split.toml"), &no_file);
    read(&Source { path, text, overrides: &[], only: &[], read_file })
        .unwrap_or_else(|refused| panic!("{refused}"))
}

fn played(scenario: &Scenario) -> Played<'_> {
    Played {
        scenario,
        transport: &scenario.transports[0],
        round: 1,
        cell: BTreeMap::new(),
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        host: "127.0.0.1:10000",
        is_ipv6: false,
        tls: None,
        is_ours: true,
        is_adapted: false,
        shard: Shard::WHOLE,
    }
}

/// What the part knows that has the publisher and has asked the server.
fn conductor(clients: u64, processes: &[u64]) -> Conducted {
    let closed = play(1, |_| {}).server[&Boundary::Closed];
    let of = |direction| closed.bytes(WitnessName::ServerSockets, direction);
    Conducted {
        published: 20,
        closed: Some(ServerSums { received: of(Direction::Up), sent: of(Direction::Down) }),
        handshakes: Some(HandshakeStats { full: 600, ..HandshakeStats::default() }),
        retransmitted_down: BTreeMap::from([(Phase::Connect, 0), (Phase::Measure, 1_448)]),
        work: WorkV2 {
            server: Some(process(9)),
            server_sockets: Some(SocketMemoryV1 { sockets: 30, bytes: 70_000 }),
            ..work(processes)
        },
        ..follower(clients, processes)
    }
}

/// What any other part knows.
fn follower(clients: u64, processes: &[u64]) -> Conducted {
    let phases = Phase::ALL.iter().map(|phase| (*phase, 2.000_1));
    Conducted {
        clients,
        connections: clients,
        is_complete: true,
        phase_seconds: phases.collect(),
        work: work(processes),
        ..Conducted::default()
    }
}

fn work(processes: &[u64]) -> WorkV2 {
    WorkV2 { load: processes.iter().map(|of| process(*of)).collect(), ..WorkV2::default() }
}

/// The trial as one machine plays it, with so many workers.
fn whole(scenario: &Scenario, workers: usize, damage: impl Fn(&mut WorkerOutcome)) -> TrialV2 {
    let outcome = play(workers, damage);
    let sums = sums(&outcome, conductor(CLIENTS, &[0, 1, 2])).expect("small numbers");
    let machines = vec![machine(0), machine(1), machine(2)];
    derive::trial(played(scenario), sums, machines, &Circumstances::default())
}

/// The trial as three machines play it, each with the clients of one worker.
fn shards(scenario: &Scenario, damage: impl Fn(&mut WorkerOutcome)) -> Vec<TrialV2> {
    let Outcome { workers, publisher, server, .. } = play(PARTS, damage);
    let mut conducted = Some((publisher, server));
    let shard = |(worker, of): (WorkerOutcome, u64)| {
        let clients = CLIENTS / PARTS as u64;
        let workers = vec![worker];
        // Each sees the server's ends of its own connections only.
        let ends = OPEN.map(|at| (at, server_kernel(at, &workers)));
        let (mut outcome, known) = match conducted.take() {
            Some((publisher, server)) => {
                let outcome = Outcome { workers, publisher, server, ..Outcome::default() };
                (outcome, conductor(clients, &[of]))
            }
            None => (Outcome { workers, ..Outcome::default() }, follower(clients, &[of])),
        };
        for (boundary, tally) in ends {
            let counted = outcome.server.entry(boundary).or_default();
            *counted = counted.with(WitnessName::ServerKernel, tally);
        }
        let sums = sums(&outcome, known).expect("small numbers");
        derive::trial(played(scenario), sums, vec![machine(of)], &Circumstances::default())
    };
    workers.into_iter().zip(0..).map(shard).collect()
}

fn merged(scenario: &Scenario, shards: &[TrialV2]) -> TrialV2 {
    merge(shards, played(scenario)).expect("shards of one trial")
}

#[test]
fn a_trial_of_one_worker_of_three_and_of_three_machines_is_the_same_trial() {
    let scenario = scenario();
    let one = whole(&scenario, 1, |_| {});
    assert_eq!(whole(&scenario, PARTS, |_| {}), one, "workers");
    let mut shards = shards(&scenario, |_| {});
    assert_eq!(merged(&scenario, &shards), one, "machines");
    shards.rotate_left(1);
    assert_eq!(merged(&scenario, &shards), one, "in another order");
    let [front, back] = [&shards[..2], &shards[2..]].map(<[TrialV2]>::to_vec);
    let grouped = [vec![merged(&scenario, &front)], back].concat();
    assert_eq!(merged(&scenario, &grouped), one, "in groups");
    // There was something to compare and to make figures of.
    let of = |name: &str| one.checks.iter().find(|check| check.check == name).expect("a check");
    assert_eq!(of("books-balance").verdict, Verdict::Ok, "{}", of("books-balance").text);
    assert_eq!(of("server-kernel").verdict, Verdict::Ok, "{}", of("server-kernel").text);
    assert_eq!(of("tls-handshakes").verdict, Verdict::Ok, "{}", of("tls-handshakes").text);
    assert!(one.figures.len() > 100, "{} figures", one.figures.len());
    for name in ["latency.max", "age_mean", "load_busy", "connect_wire_bytes_per_poll"] {
        assert!(one.figures.contains_key(name), "{name}");
    }
    assert_eq!(one.machines.len(), PARTS, "each machine by itself");
}

#[test]
fn what_is_wrong_in_a_part_is_wrong_in_the_whole() {
    let scenario = scenario();
    let damage = |worker: &mut WorkerOutcome| {
        worker.counts.faults.insert(Fault::Malformed, 1);
        let unexpected = Unexpected { first_bytes: "SSH-2.0".to_owned(), ..Unexpected::default() };
        worker.unexpected.insert(Fault::Malformed, unexpected);
        worker.counts.foreign = 1;
        worker.counts.first_foreign = Some("hello".to_owned());
        worker.counts.lost = 2;
        worker.handshakes = Some(Handshakes { full: 1, resumed: 3, ..Handshakes::default() });
    };
    let one = whole(&scenario, PARTS, damage);
    assert_eq!(merged(&scenario, &shards(&scenario, damage)), one);
    for name in ["errors", "deliveries", "tls-handshakes"] {
        let check = one.checks.iter().find(|check| check.check == name).expect("a check");
        assert!(check.verdict >= Verdict::Warning, "{name}: {}", check.text);
    }
}

#[test]
fn a_record_holds_the_sums_that_it_was_made_of() {
    let scenario = scenario();
    let outcome = play(PARTS, |_| {});
    let sums = sums(&outcome, conductor(CLIENTS, &[0, 1, 2])).expect("small numbers");
    let trial =
        derive::trial(played(&scenario), sums.clone(), Vec::new(), &Circumstances::default());
    let text = serde_json::to_string(&trial).expect("plain JSON");
    let read: TrialV2 = serde_json::from_str(&text).expect("what was written");
    assert_eq!(read, trial);
    assert_eq!(Sums::of_record(&read).expect("it has them"), sums);
}

#[test]
fn shards_of_other_trials_and_two_that_asked_the_server_are_refused() {
    let scenario = scenario();
    let shards = shards(&scenario, |_| {});
    let refused = |shards: &[TrialV2]| merge(shards, played(&scenario)).unwrap_err();
    let twice = [shards[0].clone(), shards[0].clone()];
    assert!(matches!(refused(&twice), SumsError::ServerTwice { .. }));
    let other = [shards[0].clone(), TrialV2 { round: 2, ..shards[1].clone() }];
    let text = refused(&other).to_string();
    assert!(text.contains("round 1") && text.contains("round 2"), "{text}");
    let old = [TrialV2 { connections: None, ..shards[1].clone() }];
    assert!(matches!(refused(&old), SumsError::NoSums { .. }));
}

#[test]
fn of_a_server_that_publishes_by_itself_nothing_is_said_of_what_was_due() {
    let scenario = scenario();
    let outcome = Outcome { publisher: None, ..play(1, |_| {}) };
    let conducted =
        Conducted { published: 0, publishes_by_itself: true, ..conductor(CLIENTS, &[0]) };
    let sums = sums(&outcome, conducted).expect("small numbers");
    let trial = derive::trial(played(&scenario), sums, Vec::new(), &Circumstances::default());
    for figure in ["published", "lost", "publish_lateness.p99", "idle_wire_bytes_per_client_hour"] {
        assert_eq!(trial.figures.get(figure), None, "{figure}");
    }
    assert_eq!((trial.counts.sent, trial.counts.publishes_by_itself), (None, true));
    for name in ["deliveries", "published", "publish-lateness"] {
        let check = trial.checks.iter().find(|check| check.check == name).expect("it is told");
        assert_eq!((check.verdict, check.found), (Verdict::NotChecked, None), "{name}");
    }
}
