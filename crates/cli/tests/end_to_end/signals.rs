//! What happens when something is killed in the middle of a trial.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use pushbench_protocol::Phase;
use pushbench_store::{RunStatus, RunV2, Verdict};
use rustix::process::Signal;

use crate::proc;
use crate::support::{
    Bench, Ended, PROGRAM, Running, SMALL, TRANSPORTS, invalid_checks, send, stats_of, trial,
    wait_until,
};

/// Messages that are due in the warm-up of [`in_measure`]'s scenario, and some beyond it.
const WELL_INTO_MEASURE: u64 = 3 + 5;

/// A run and its server.
pub(crate) struct Playing {
    pub(crate) running: Running,
    pub(crate) server: u32,
    address: SocketAddr,
}

impl Playing {
    /// Starts a run whose measure phase lasts an hour, and waits until it is in it.
    pub(crate) fn in_measure(bench: &Bench, transport: &str) -> Self {
        Self::in_measure_of(bench, transport, "60m")
    }

    pub(crate) fn in_measure_of(bench: &Bench, transport: &str, measure: &str) -> Self {
        let measure = format!("workload.measure={measure}");
        let arguments = [
            "run",
            "small.toml",
            "--only",
            transport,
            "--set",
            &measure,
            "--set",
            "workload.publish.every=100ms",
        ];
        Self::started(&mut bench.program(&arguments))
    }

    /// Starts this command, which is to be such a run.
    fn started(command: &mut Command) -> Self {
        let running = Running::start(command);
        let mut server = None;
        wait_until("the run to start a server", || {
            let found = proc::children(running.pid())
                .into_iter()
                .find_map(|pid| proc::listens_at(pid).map(|address| (pid, address)));
            server = server.or(found);
            server.is_some()
        });
        let (server, address) = server.expect("waited for");
        let playing = Self { running, server, address };
        wait_until("the measure phase", || {
            stats_of(playing.address).is_some_and(|stats| stats.published >= WELL_INTO_MEASURE)
        });
        playing
    }

    /// Waits for the end and looks for anything left over.
    pub(crate) fn end(self) -> Ended {
        let Self { running, server, .. } = self;
        let ended = running.end();
        wait_until("the server to end", || !proc::is_alive(server));
        ended
    }
}

/// What a trial that was broken off has on record.
fn assert_measured_until_then(record: &RunV2, transport: &str) {
    let trial = trial(record, transport);
    let measured = trial.phase_seconds.get(&Phase::Measure).copied();
    assert!(measured.is_some_and(|seconds| seconds > 0.0), "{:?}", trial.phase_seconds);
    assert!(trial.counts.deliveries_in_measure > 0, "{:?}", trial.counts);
}

fn assert_invalid_because(record: &RunV2, transport: &str, check: &str, reason: &str) {
    let checks = &trial(record, transport).checks;
    let found = checks.iter().find(|found| found.check == check).expect("it is checked");
    assert_eq!(found.verdict, Verdict::Invalid, "{found:?}");
    assert!(found.text.contains(reason), "{found:?}");
}

#[test]
fn a_server_killed_in_mid_measure_is_98_and_the_record_says_why() {
    for transport in TRANSPORTS {
        let bench = Bench::new();
        let playing = Playing::in_measure(&bench, transport);
        send(playing.server, Signal::KILL);
        let ended = playing.end();
        assert_eq!(ended.code, 98, "{ended}");
        let (folder, record) = bench.newest_record();
        assert_eq!(record.status, RunStatus::Completed);
        assert_invalid_because(&record, transport, "server-alive", "signal: 9");
        assert_measured_until_then(&record, transport);
        assert!(folder.join("report.md").exists());
        assert!(ended.stdout.contains("signal: 9"), "the report does not say it: {ended}");
    }
}

#[test]
fn the_first_signal_ends_the_trial_105_and_what_was_measured_is_on_record() {
    for (transport, signal) in
        [(TRANSPORTS[0], Signal::INT), (TRANSPORTS[1], Signal::INT), (TRANSPORTS[1], Signal::TERM)]
    {
        let bench = Bench::new();
        let playing = Playing::in_measure(&bench, transport);
        playing.running.signal(signal);
        let ended = playing.end();
        assert_eq!(ended.code, 105, "{ended}");
        let (_, record) = bench.newest_record();
        assert_eq!(record.status, RunStatus::Aborted);
        assert_invalid_because(&record, transport, "ended-early", "stopped before its end");
        assert_measured_until_then(&record, transport);
        let books: Vec<_> = invalid_checks(&record);
        assert!(!books.contains(&"books-balance".to_owned()), "{ended}");
    }
}

/// Runs a command that ignores hang-ups, for a shell.
const WITHOUT_HANG_UPS: &str = "trap '' HUP; exec \"$0\" \"$@\"";

#[test]
fn the_program_receives_hang_ups_whatever_the_tests_are_started_by() {
    let bench = Bench::new();
    let program = bench.program(&["serve", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    command.args(["-c", WITHOUT_HANG_UPS]).arg(program.get_program()).args(program.get_args());
    let running = Running::start(&mut command);
    running.first_line();
    running.signal(Signal::HUP);
    assert_eq!(running.end().code, 0, "a server ends in order");
}

#[test]
fn a_run_whose_hang_ups_are_ignored_is_ended_by_one_signal_and_not_killed() {
    let bench = Bench::new();
    // As `nohup` starts it.
    let mut command = Command::new("sh");
    command.args(["-c", WITHOUT_HANG_UPS, PROGRAM]);
    command.args(["run", "small.toml", "--only", "websocket", "--set", "workload.measure=60m"]);
    command.args(["--set", "workload.publish.every=100ms"]).current_dir(bench.path());
    let playing = Playing::started(&mut command);
    playing.running.signal(Signal::HUP);
    let published = || stats_of(playing.address).map_or(0, |stats| stats.published);
    let before = published();
    wait_until("the run to go on", || published() > before + 2);
    playing.running.signal(Signal::TERM);
    let ended = playing.end();
    assert_eq!(ended.code, 105, "{ended}");
    let (_, record) = bench.newest_record();
    assert_eq!(record.status, RunStatus::Aborted);
    assert_measured_until_then(&record, "websocket");
}

#[test]
fn the_second_signal_kills_at_once_and_leaves_no_server() {
    for transport in TRANSPORTS {
        let bench = Bench::new();
        let playing = Playing::in_measure(&bench, transport);
        // A server that does not stir keeps the trial from ending: only the kill ends it.
        send(playing.server, Signal::STOP);
        playing.running.signal(Signal::INT);
        playing.running.wait_for_stderr("again to kill");
        playing.running.signal(Signal::INT);
        let ended = playing.end();
        assert_eq!(ended.code, 105, "{ended}");
        let [folder] = &bench.records()[..] else { panic!("{:?}", bench.records()) };
        assert!(!folder.join("run.json").exists(), "it ended in order and was not killed: {ended}");
    }
}

#[test]
fn a_run_that_is_killed_leaves_no_server() {
    let bench = Bench::new();
    let Playing { mut running, server, .. } = Playing::in_measure(&bench, "websocket");
    running.signal(Signal::KILL);
    wait_until("the run to end", || running.has_ended());
    wait_until("the server to end", || !proc::is_alive(server));
    let [folder] = &bench.records()[..] else { panic!("{:?}", bench.records()) };
    assert!(!folder.join("run.json").exists(), "it was killed");
}

#[test]
fn a_trial_that_the_machine_disturbs_is_played_again_and_that_is_on_record() {
    // Half of the interval between two messages is the most that they may be late.
    const PAUSE: Duration = Duration::from_millis(300);
    let bench = Bench::new();
    let playing = Playing::in_measure_of(&bench, TRANSPORTS[1], "3s");
    playing.running.signal(Signal::STOP);
    // What is tested is this pause.
    std::thread::sleep(PAUSE);
    playing.running.signal(Signal::CONT);
    let ended = playing.end();
    let (_, record) = bench.newest_record();
    let disturbed = record.disturbed.first().unwrap_or_else(|| panic!("not noticed: {ended}"));
    assert_eq!((disturbed.transport.as_str(), disturbed.round), (TRANSPORTS[1], 1));
    let stall = disturbed.checks.iter().find(|check| check.check == "load-stall");
    assert!(stall.is_some_and(|s| s.found > Some(PAUSE.as_secs_f64() / 2.0)), "{disturbed:?}");
    assert_eq!(record.trials.len(), 1, "it counts once");
    assert!(ended.stderr.contains("retried"), "{ended}");
    assert!(ended.stdout.contains("retried; "), "{ended}");
    assert_eq!(ended.code == 0, invalid_checks(&record).is_empty(), "{ended}");
}

/// Polls often, or messages so large that a server that does not read keeps the publisher waiting.
const LARGE_MESSAGES: &str = r#"question = "Who kept whom waiting?"

[workload]
clients = 2
deliver = "every"
publish = { every = "100ms" }
payload = { bytes = 1_000_000 }
warm_up = "300ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "websocket"
"#;

#[test]
fn a_server_that_stands_still_is_in_the_latency_and_no_reason_to_play_again() {
    const PAUSE: Duration = Duration::from_secs(2);
    for (scenario, transport) in [(SMALL, TRANSPORTS[0]), (LARGE_MESSAGES, TRANSPORTS[1])] {
        // A machine that disturbs the load generator besides disturbs this test, and the other tests
        // are part of that machine: six of them run at a time.
        let (ended, record) = (0..6)
            .map(|_| {
                let bench = Bench::with(scenario);
                let playing = Playing::in_measure_of(&bench, transport, "5s");
                send(playing.server, Signal::STOP);
                // What is tested is this pause.
                std::thread::sleep(PAUSE);
                send(playing.server, Signal::CONT);
                (playing.end(), bench.newest_record().1)
            })
            .find(|(_, record)| {
                let stalls = record.disturbed.iter().flat_map(|disturbed| &disturbed.checks);
                !stalls.into_iter().any(|check| check.check == "load-stall")
            })
            .expect("the machine lets one trial of six pass");
        assert!(record.disturbed.is_empty(), "{transport}: {:?}", record.disturbed);
        let trial = trial(&record, transport);
        let longest = trial.figures["latency.max"];
        assert!(longest > PAUSE.as_secs_f64() * 0.9, "{transport}: {longest} s; {ended}");
        let kept = trial.checks.iter().find(|check| check.check == "server-kept-waiting");
        // Messages that the kernel's buffers take (here up to 32 MB) are not kept waiting.
        let found = kept.and_then(|check| check.found).expect("a check of our own server");
        let verdict = if found > 0.1 { Verdict::Warning } else { Verdict::Ok };
        assert_eq!(kept.map(|check| check.verdict), Some(verdict), "{transport}: {kept:?}");
        assert!(transport != TRANSPORTS[0] || found > PAUSE.as_secs_f64() * 0.5, "{kept:?}");
        for own in ["poll_lateness.p99", "publish_lateness.p99"] {
            let late = trial.figures.get(own).copied().unwrap_or(0.0);
            assert!(
                late < PAUSE.as_secs_f64() / 2.0,
                "{transport}: {own} {late} s is the server's"
            );
        }
    }
}
