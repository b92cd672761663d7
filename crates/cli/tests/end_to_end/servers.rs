//! Third-party servers, as `scenarios/servers` starts them: each is measured by its own scenario, in
//! small, and must get a valid result in which nothing is lost, out of order or unexplained.
//!
//! `scripts/setup-tests` installs them.

mod captured;
mod heartbeats;
mod secured;
mod unreadable;

use std::path::{Path, PathBuf};
use std::process::Command;

use pushbench_protocol::Phase;
use pushbench_store::{KindsV1, RunV2, TrialV2};

use crate::support::{Bench, Ended, OF_THE_MACHINE, Running, invalid_checks, skip, trial};
use crate::witnesses::installed;

/// What a scenario is played with here: each trial takes four seconds.
const SMALL: [&str; 8] = [
    "--set",
    "workload.clients=10",
    "--set",
    "workload.publish.every=200ms",
    "--set",
    "workload.warm_up=500ms",
    "--set",
    "workload.measure=2s",
];

/// Something that `scripts/setup-tests` installs.
#[derive(Clone, Copy, Debug)]
enum Needs {
    /// A program of Debian's.
    Program(&'static str),
    /// A package of npm's.
    Npm(&'static str),
    /// A module of a package of PyPI's.
    Python(&'static str),
}

impl Needs {
    /// Whether it is there; that it is not is said loudly, and fails in CI.
    fn is_there(self) -> bool {
        match self {
            Self::Program(name) => {
                let is_there = path().iter().any(|folder| folder.join(name).is_file());
                if !is_there {
                    skip(&format!("{name} is not installed; scripts/setup-tests installs it"));
                }
                is_there
            }
            Self::Npm(name) => installed(&format!("node_modules/{name}")).is_some(),
            Self::Python(module) => {
                let python = witnesses().join("python/bin/python");
                let import = ["-c", &format!("import {module}")];
                let is_there = Command::new(python).args(import).output();
                let is_there = is_there.is_ok_and(|ended| ended.status.success());
                if !is_there {
                    skip(&format!("Python has no {module}; scripts/setup-tests installs it"));
                }
                is_there
            }
        }
    }
}

/// Where programs are looked for: Python's of `scripts/setup-tests` first, and daemons too.
fn path() -> Vec<PathBuf> {
    let own = witnesses().join("python/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).collect::<Vec<_>>();
    [vec![own], others, vec!["/usr/sbin".into()]].concat()
}

fn witnesses() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is below the target");
    target.join("witnesses")
}

/// Plays a scenario of the repository in small; `None` where something that it needs is absent.
fn measured(scenario: &str, needs: &[Needs]) -> Option<RunV2> {
    measured_in(&Bench::new(), &repository(scenario), needs)
}

/// The path of a scenario of the repository.
fn repository(scenario: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios").join(scenario);
    file.into_os_string().into_string().expect("UTF-8")
}

/// The same of any scenario. No message is lost, late in its order, repeated or unexplained.
fn measured_in(bench: &Bench, scenario: &str, needs: &[Needs]) -> Option<RunV2> {
    let (_, record) = played(bench, scenario, needs)?;
    for trial in &record.trials {
        check_counts(trial);
    }
    Some(record)
}

/// Plays a scenario in small. Every trial is valid.
fn played(bench: &Bench, scenario: &str, needs: &[Needs]) -> Option<(Ended, RunV2)> {
    // Each is asked, so that all that is absent is said.
    let absent = needs.iter().filter(|needs| !needs.is_there()).count();
    if absent > 0 {
        return None;
    }
    let mut command = bench.program(&[&["run", scenario], &SMALL[..]].concat());
    // Where `target` was moved to, as scenarios/servers/README.md has it; else as anybody has it.
    if witnesses()
        != Path::new(&repository("../target/witnesses")).canonicalize().unwrap_or_default()
    {
        command.env("NODE_PATH", witnesses().join("node_modules"));
        command.env("PATH", std::env::join_paths(path()).expect("paths"));
    }
    let ended = Running::start(&mut command).end();
    // An expectation that speaks of a run of its full length may fail.
    assert!([0, 98, 99].contains(&ended.code), "{ended}");
    let name = Path::new(scenario).file_stem().and_then(|stem| stem.to_str()).expect("a name");
    let record = bench.only_record(name);
    only_of_the_machine(&record, &ended);
    assert!(!record.trials.is_empty(), "{ended}");
    Some((ended, record))
}

/// Whatever makes a trial invalid is that the machine was busy.
fn only_of_the_machine(record: &RunV2, ended: &Ended) {
    let mut wrong = invalid_checks(record);
    wrong.retain(|check| !OF_THE_MACHINE.contains(&check.as_str()));
    assert_eq!(wrong, [""; 0], "{ended}");
}

fn check_counts(trial: &TrialV2) {
    let (name, counts) = (&trial.transport, &trial.counts);
    assert!(counts.expected >= trial.clients, "{name}: {counts:?}");
    assert_eq!(counts.delivered, counts.expected, "{name}: {counts:?}");
    let bad = [counts.lost, counts.duplicates, counts.out_of_order, counts.foreign];
    assert_eq!(bad, [0; 4], "{name}: {counts:?}");
    assert!(counts.errors.is_empty(), "{name}: {counts:?}");
    let unexplained = sum(trial, |kinds| kinds.unexplained);
    assert_eq!(unexplained, 0, "{name}: {:?}", counts.examples.get("unexplained"));
}

/// A sum over both directions of all phases.
fn sum(trial: &TrialV2, bytes: impl Fn(&KindsV1) -> u64) -> u64 {
    let phases = trial.books.phases.values();
    phases.map(|phase| bytes(&phase.up) + bytes(&phase.down)).sum()
}

/// Bytes per delivery of the measure phase, downwards; they must be the same for each.
fn per_delivery(trial: &TrialV2, bytes: impl Fn(&KindsV1) -> u64) -> u64 {
    let bytes = bytes(&trial.books.phases[&Phase::Measure].down);
    let deliveries = trial.counts.deliveries_in_measure;
    assert_eq!(bytes % deliveries, 0, "{}: {bytes} for {deliveries}", trial.transport);
    bytes / deliveries
}

#[test]
fn nchan_costs_the_same_over_a_websocket_as_we_do() {
    let needs = [Needs::Program("nginx")];
    let Some(record) = measured("servers/nchan.toml", &needs) else { return };
    let theirs = trial(&record, "nchan-websocket");
    let ours = trial(&record, "websocket");
    for trial in [theirs, ours] {
        assert_eq!(per_delivery(trial, |kinds| kinds.payload), 21, "{}", trial.transport);
        assert_eq!(per_delivery(trial, |kinds| kinds.framing), 2, "{}", trial.transport);
        // 23 bytes and the acknowledgement of them, each with 52 of TCP/IP; a delayed acknowledgement
        // may be of two.
        let wire = trial.figures["wire_bytes_per_delivery"];
        assert!((wire - 127.0).abs() < 1.3, "{}: {wire}", trial.transport);
        println!("{}: {wire} bytes at layer 3 for each message", trial.transport);
    }
    for transport in ["nchan-websocket", "nchan-sse", "nchan-long-poll"] {
        let wrapping = sum(trial(&record, transport), |kinds| kinds.wrapping);
        assert_eq!(wrapping, 0, "{transport}: Nchan sends a message as it was published");
    }
}

#[test]
fn socket_io_wraps_an_event_in_thirteen_bytes_both_ways() {
    let needs = [Needs::Program("node"), Needs::Npm("socket.io")];
    let Some(record) = measured("servers/socket-io.toml", &needs) else { return };
    for transport in ["socket-io-websocket", "socket-io-long-poll"] {
        let trial = trial(&record, transport);
        assert_eq!(per_delivery(trial, |kinds| kinds.payload), 16, "{transport}");
        assert_eq!(per_delivery(trial, |kinds| kinds.wrapping), 13, "{transport}");
    }
}

/// A scenario, what it needs, and nothing else to say of it.
fn check(scenario: &str, needs: &[Needs]) {
    measured(scenario, needs);
}

#[test]
fn pushpin_is_measured() {
    check("servers/pushpin.toml", &[Needs::Program("pushpin")]);
}

#[test]
fn faye_is_measured() {
    check("servers/faye.toml", &[Needs::Program("node"), Needs::Npm("faye")]);
}

#[test]
fn nats_is_measured() {
    check("servers/nats.toml", &[Needs::Program("nats-server")]);
}

#[test]
fn etcd_is_measured() {
    check("servers/etcd.toml", &[Needs::Program("etcd")]);
}

#[test]
fn prosody_is_measured() {
    check("servers/xmpp.toml", &[Needs::Program("prosody")]);
}

#[test]
fn ws_is_measured() {
    check("servers/ws.toml", &[Needs::Program("node"), Needs::Npm("ws")]);
}

#[test]
fn websockets_of_python_is_measured() {
    check("servers/python-websockets.toml", &[Needs::Python("websockets")]);
}

#[test]
fn sockjs_is_measured() {
    check("servers/sockjs.toml", &[Needs::Program("node"), Needs::Npm("sockjs")]);
}

#[test]
fn aedes_is_measured() {
    check("servers/mqtt.toml", &[Needs::Program("node"), Needs::Npm("aedes")]);
}

#[test]
fn stomp_is_measured() {
    check("servers/stomp.toml", &[Needs::Program("node"), Needs::Npm("stomp-broker-js")]);
}

#[test]
fn graphql_is_measured_by_both_protocols() {
    let needs = ["graphql", "graphql-ws", "graphql-sse"].map(Needs::Npm);
    check("servers/graphql.toml", &[&[Needs::Program("node")], &needs[..]].concat());
}

#[test]
fn fastapi_is_measured() {
    check("servers/fastapi.toml", &[Needs::Python("sse_starlette")]);
}

#[test]
fn a_feed_that_publishes_by_itself_is_measured_by_what_it_says() {
    let needs = [Needs::Program("node"), Needs::Npm("express")];
    let bench = Bench::new();
    let file = repository("servers/express-feed.toml");
    let Some((ended, record)) = played(&bench, &file, &needs) else { return };
    let trial = trial(&record, "express-short-poll");
    let counts = &trial.counts;
    assert_eq!((counts.published, counts.lost, counts.duplicates), (0, 0, 0), "{ended}");
    assert!(counts.deliveries_in_measure >= trial.clients, "{ended}");
    // A response has at most one item: there is a second and a half between two.
    assert_eq!(counts.polls - counts.empty_polls, counts.deliveries_in_measure, "{ended}");
    assert_eq!(sum(trial, |kinds| kinds.unexplained), 0, "{ended}");
    // By the time in the item, as the service's clock has it.
    let latency = trial.figures["latency.max"];
    assert!((0.0..0.6).contains(&latency), "polled every half second: {latency} s");
}

#[test]
fn six_servers_and_ours_are_compared_in_one_report() {
    let needs = [
        Needs::Program("nginx"),
        Needs::Program("pushpin"),
        Needs::Program("nats-server"),
        Needs::Program("node"),
        Needs::Npm("socket.io"),
        Needs::Npm("faye"),
        Needs::Npm("graphql-ws"),
    ];
    let bench = Bench::new();
    let Some((ended, record)) = played(&bench, &repository("servers.toml"), &needs) else { return };
    assert_eq!(record.trials.len(), 8, "{ended}");
    for trial in &record.trials {
        check_counts(trial);
        let name = &trial.transport;
        assert!(ended.stdout.contains(name.as_str()), "{name}: {ended}");
        let process = &trial.work.server;
        assert!(process.is_some(), "{name}: the server's CPU and memory are sampled");
    }
}

#[test]
fn express_is_measured() {
    check("servers/express.toml", &[Needs::Program("node"), Needs::Npm("express")]);
}
