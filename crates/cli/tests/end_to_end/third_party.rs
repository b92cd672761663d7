//! A third-party server is started for each trial, measured by its processes, and ended with the run,
//! also by the next one. Here it is our own server, spoken to by its adapter as any other.

use std::fs;
use std::path::PathBuf;

use pushbench_store::ThirdPartyV1;
use rustix::process::Signal;
use serde_json::Value;

use crate::proc;
use crate::support::{
    Bench, Ended, OF_THE_MACHINE, PROGRAM, Running, invalid_checks, trial, wait_until,
};

/// A shell stands between, so that what is measured is a child of what was started.
fn scenario() -> String {
    format!(
        r#"question = "What does a server of other hands cost?"

[workload]
clients = 10
publish = {{ every = "200ms" }}
payload = {{ bytes = 20 }}
deliver = "every"
warm_up = "300ms"
measure = "1s"
rounds = 1

[server.other]
adapter = "pushbench"
url = "http://127.0.0.1:${{port}}"
start = ["sh", "-c", "'{PROGRAM}' serve --listen 127.0.0.1:${{port}} & wait"]
ready = "GET /healthz"

[[transport]]
kind = "websocket"
name = "other"
server = "other"

[[transport]]
kind = "websocket"
"#
    )
}

/// The program, with a folder of its own for notes of what runs.
fn play(bench: &Bench, arguments: &[&str]) -> Running {
    let mut command = bench.program(arguments);
    command.env("XDG_RUNTIME_DIR", bench.path());
    Running::start(&mut command)
}

/// The pid and the folder of each server of which there is a note.
fn noted(bench: &Bench) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(bench.path().join("pushbench")) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let of_note = |path: PathBuf| {
        let note: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let pid = note["leader"][0].as_u64()?;
        Some((u32::try_from(pid).ok()?, note["folder"].as_str()?.into()))
    };
    paths.filter_map(of_note).collect()
}

/// A run whose server is started and measured, and the pids of the server and its child.
fn in_measure(bench: &Bench) -> (Running, [u32; 2], PathBuf) {
    let arguments = ["run", "small.toml", "--only", "other", "--set", "workload.measure=60m"];
    let running = play(bench, &arguments);
    let mut found = None;
    wait_until("a trial's server", || {
        // That of the preflight is another.
        let has_begun = bench.records().len() == 1;
        let server = noted(bench).pop().filter(|_| has_begun);
        found = server
            .and_then(|(shell, folder)| Some(([shell, *proc::children(shell).first()?], folder)));
        found.as_ref().is_some_and(|([_, server], _)| proc::listens_at(*server).is_some())
    });
    let (pids, folder) = found.expect("waited for");
    assert!(folder.is_dir());
    (running, pids, folder)
}

fn is_over(ended: &Ended, pids: [u32; 2], folder: &std::path::Path) {
    assert_eq!(pids.map(proc::is_alive), [false; 2], "{ended}");
    assert!(!folder.exists(), "{ended}");
}

#[test]
fn a_third_party_server_is_measured_beside_ours_and_ended() {
    let bench = Bench::with(&scenario());
    let ended = play(&bench, &["run", "small.toml"]).end();
    let record = bench.only_record("small");
    let mut wrong = invalid_checks(&record);
    wrong.retain(|check| !OF_THE_MACHINE.contains(&check.as_str()));
    assert_eq!(wrong, [""; 0], "{ended}");
    let (other, ours) = (trial(&record, "other"), trial(&record, "websocket"));
    for trial in [other, ours] {
        assert_eq!(trial.counts.delivered, trial.counts.expected, "{}", trial.transport);
        assert_eq!(trial.counts.lost, 0, "{}", trial.transport);
        let work = trial.work.server.as_ref().expect("its processes are known");
        assert!(work.resident_connected_bytes.is_some_and(|bytes| bytes > 1 << 20), "{work:?}");
        assert!(work.cpu_ns.is_some(), "{work:?}");
    }
    assert!(other.model.figures.is_empty() && other.server.is_none());
    assert!(!other.checks.iter().any(|check| check.check.starts_with("model-")));
    assert!(!ours.model.figures.is_empty() && ours.server.is_some());
    // The same server spoken to by its adapter and by code moves the same bytes.
    let figure = "wire_bytes_per_delivery";
    assert_eq!(other.figures[figure], ours.figures[figure]);
    let expected = ThirdPartyV1 {
        name: "other".to_owned(),
        adapter: "pushbench".to_owned(),
        started: true,
        ..record.transports[0].server.clone().expect("it is another's")
    };
    assert_eq!(record.transports[0].server.as_ref(), Some(&expected));
    assert_eq!(record.transports[1].server, None);
    assert_eq!(noted(&bench), []);
}

#[test]
fn what_a_killed_run_leaves_is_ended_by_the_next() {
    let bench = Bench::with(&scenario());
    let (running, pids, folder) = in_measure(&bench);
    running.signal(Signal::KILL);
    drop(running);
    assert_eq!(pids.map(proc::is_alive), [true; 2], "nobody could end it");
    let ended = play(&bench, &["run", "small.toml", "--only", "websocket"]).end();
    assert!([0, 98].contains(&ended.code), "{ended}");
    is_over(&ended, pids, &folder);
    assert_eq!(noted(&bench), []);
}

#[test]
fn a_run_that_is_told_to_end_ends_its_third_party_server() {
    let bench = Bench::with(&scenario());
    let (running, pids, folder) = in_measure(&bench);
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, 105, "{ended}");
    is_over(&ended, pids, &folder);
    assert_eq!(noted(&bench), []);
}

#[test]
fn a_target_beside_a_third_party_server_is_refused() {
    let bench = Bench::with(&scenario());
    // Nobody is there, which is not looked at.
    let ended = play(&bench, &["run", "small.toml", "--target", "http://127.0.0.1:1"]).end();
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.stderr.contains("other asks server.other"), "{ended}");
}
