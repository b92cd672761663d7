//! Runs compared and listed, as their users do it.
//!
//! What is compared is a record of the tree, altered here where a test needs a change of known
//! size; only the planted header is played.

mod baselines;
mod for_ci;
mod found;

use std::fs;
use std::path::{Path, PathBuf};

use pushbench_store::{RunV2, run_folder};
use serde_json::Value;

use crate::support::{Bench, Ended};

/// A folder with the reference run of the quickstart (three rounds, two transports) as `base`.
struct Records {
    bench: Bench,
}

/// The reference run.
fn reference() -> RunV2 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../results/reference/quickstart");
    pushbench_store::read(Path::new(folder)).expect("a record of the tree")
}

/// The reference run under another name, an hour later, with something changed.
fn altered(id: &str, hour: u32, alter: impl FnOnce(&mut RunV2)) -> RunV2 {
    let mut run = reference();
    run.id = id.to_owned();
    run.started_at = format!("2026-11-23T{hour:02}:00:00.000Z");
    alter(&mut run);
    run
}

/// Changes a figure of a transport in every round.
fn change(run: &mut RunV2, transport: &str, figure: &str, by: impl Fn(f64) -> f64) {
    for trial in run.trials.iter_mut().filter(|trial| trial.transport == transport) {
        let value = trial.figures.get_mut(figure).expect("the record has it");
        *value = by(*value);
    }
}

impl Records {
    fn new(runs: &[RunV2]) -> Self {
        let records = Self { bench: Bench::new() };
        for run in [&[altered("base", 0, |_| {})], runs].concat() {
            records.write(&run);
        }
        records
    }

    fn write(&self, run: &RunV2) -> PathBuf {
        let folder = run_folder(&self.bench.path().join("results"), run);
        pushbench_store::write_record(run, &folder).expect("written")
    }

    fn compare(&self, arguments: &[&str]) -> Ended {
        self.bench.play(&[&["compare"], arguments].concat())
    }
}

#[test]
fn a_header_of_40_bytes_that_was_planted_is_found_named_and_sized() {
    let scenario = r#"question = "What does one more header cost?"
workload = { clients = 5, publish = { every = "500ms" }, payload = { bytes = 20 }, warm_up = "300ms", measure = "1s", rounds = 2 }
headers = { response = "answer.head" }
[[transport]]
kind = "short-poll"
interval = "500ms"
"#;
    let bench = Bench::with(scenario);
    let profile = "HTTP/1.1 200 OK\nDate: {date}\nContent-Length: {length}\n";
    let head = bench.path().join("answer.head");
    fs::write(&head, profile).expect("a profile");
    bench.timely_run(&[]);
    fs::write(&head, format!("{profile}X-Planted: {}\n", "7".repeat(40 - 13))).expect("a profile");
    bench.timely_run(&[]);

    // Were the machine busy for the first, it was played again: compare the last of each.
    let records = bench.records();
    let has_plant = |folder: &PathBuf| {
        let run = pushbench_store::read(folder).expect("a record");
        let sample = run.trials[0].sample.as_ref().expect("polls have one");
        sample.response_head.contains("X-Planted")
    };
    let base =
        records.iter().rfind(|folder| !has_plant(folder)).expect("played").display().to_string();
    // The file has changed under its name: without leave that is the input's difference.
    let ended = bench.play(&["compare", &base, "latest:small", "--format", "json"]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.stdout.contains("`answer.head` is another file"), "{ended}");
    assert!(ended.stdout.contains("`X-Planted: 777"), "{ended}");
    let gate =
        ["--allow-mismatch", "scenario", "--fail-on", "short-poll.header_bytes_per_poll > +0%"];
    let ended = bench.play(&[&["compare", &base, "latest:small"], &gate[..]].concat());
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.stdout.contains("REGRESSION short-poll.header_bytes_per_poll"), "{ended}");
    let json = [&["compare", &base, "latest:small", "--format", "json"], &gate[..2]].concat();
    let json = bench.play(&json);
    assert_eq!(json.code, 0, "{json}");
    let json: Value = serde_json::from_str(&json.stdout).expect("one document");
    let changes = json["comparisons"][0]["pairs"][0]["changes"].as_array().expect("changes");
    for (figure, by) in [
        ("header_bytes_per_poll", 40.0),
        ("header_bytes_down_per_poll", 40.0),
        ("header_bytes_up_per_poll", 0.0),
    ] {
        let change = changes.iter().find(|change| change["figure"] == figure).expect("compared");
        let found = &change["found"];
        if by == 0.0 {
            assert_eq!(found["method"], "same", "{change}");
        } else {
            assert_eq!((&found["method"], &found["difference"]), (&"exact".into(), &by.into()));
        }
    }
    let back = bench.play(&[&["compare", "latest:small", &base], &gate[..]].concat());
    assert_eq!(back.code, 0, "a header less is no regression: {back}");
}

#[test]
fn equals_are_0_and_a_regression_is_3_in_every_format() {
    let records = Records::new(&[
        altered("same", 1, |_| {}),
        altered("slow", 2, |run| change(run, "websocket", "latency.p99", |p99| 3.0 * p99)),
    ]);
    let gate =
        ["--fail-on", "*.wire_bytes_per_delivery > +0%", "--fail-on", "*.latency.p99 > +10%"];
    for format in ["text", "md", "json", "bmf", "github"] {
        for (new, code) in [("same", 0), ("slow", 3)] {
            let ended = records.compare(&[&["base", new, "--format", format], &gate[..]].concat());
            assert_eq!(ended.code, code, "{format}: {ended}");
            assert!(!ended.stdout.is_empty(), "{format}");
            let said = ended.stderr.contains("regression in slow: websocket.latency.p99");
            assert_eq!(said, code == 3 && format != "text", "{format}: {ended}");
        }
    }
    let ended = records.compare(&["base", "slow"]);
    assert_eq!(ended.code, 0, "nothing was asked to fail: {ended}");
    assert!(ended.stdout.contains("websocket: latency.p99 slower"), "{ended}");
}

#[test]
fn faults_in_every_round_pass_no_gate_though_the_base_had_none() {
    let faults = ["lost", "errors", "duplicates", "foreign", "retransmitted_bytes"];
    let records = Records::new(&[altered("faulty", 1, |run| {
        for trial in &mut run.trials {
            for fault in faults {
                trial.figures.insert(fault.to_owned(), 5.0);
            }
        }
    })]);
    for fault in faults {
        let condition = format!("*.{fault} > +0%");
        let ended = records.compare(&["base", "faulty", "--fail-on", &condition]);
        assert_eq!(ended.code, 3, "{ended}");
        for transport in ["short-poll", "websocket"] {
            let said = format!("REGRESSION {transport}.{fault}: up from 0, in every round");
            assert!(ended.stdout.contains(&said), "{ended}");
        }
    }
}

#[test]
fn a_slowdown_that_the_rounds_do_not_show_is_no_regression() {
    let records = Records::new(&[altered("wide", 1, |run| {
        let mut by = [1.0, 8.0, 0.9].into_iter();
        let websocket = run.trials.iter_mut().filter(|trial| trial.transport == "websocket");
        for trial in websocket {
            let value = trial.figures.get_mut("latency.p99").expect("there");
            *value *= by.next().expect("three rounds");
        }
    })]);
    let ended = records.compare(&["base", "wide", "--fail-on", "websocket.latency.p99 > +10%"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.stdout.contains("unsure websocket.latency.p99"), "{ended}");
}

#[test]
fn what_cannot_be_compared_is_4_and_says_what_differs() {
    let records = Records::new(&[
        altered("other", 1, |run| {
            run.scenario.settings.insert("workload.clients".to_owned(), "7".to_owned());
        }),
        altered("debug", 2, |run| run.environment.build = "debug".to_owned()),
        altered("single", 3, |run| run.trials.retain(|trial| trial.round == 1)),
    ]);
    let p99 = ["--fail-on", "*.latency.p99 > +10%"];
    for (arguments, code, said) in [
        (&["base", "other"][..], 4, "workload.clients: 500 and 7"),
        (&["base", "other", "--allow-mismatch", "scenario"], 0, "set aside"),
        // By the name that it had.
        (&["base", "other", "--despite", "scenario"], 0, "set aside"),
        (&["base", "debug"], 0, "release and debug"),
        (&["base", "single"], 4, "Nothing could be compared: base has"),
    ] {
        let ended = records.compare(arguments);
        assert_eq!(ended.code, code, "{ended}");
        assert!(ended.stdout.contains(said), "{ended}");
    }
    let ended = records.compare(&[&["base", "debug"], &p99[..]].concat());
    assert_eq!(ended.code, 4, "a condition that was not judged has not passed: {ended}");

    let newer = records.write(&altered("newer", 4, |_| {}));
    let text = fs::read_to_string(&newer).expect("a record");
    fs::write(&newer, text.replacen("\"version\": 2", "\"version\": 3", 1)).expect("written");
    // A change that is meant goes without the digest of what was there before.
    fs::remove_file(newer.with_file_name(pushbench_store::DIGEST_FILE)).expect("a digest");
    let ended = records.compare(&["base", newer.to_str().expect("text")]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(
        ended.stderr.contains("found version 3 of `pushbench-run`, expected at most version 2"),
        "{ended}"
    );
}

#[test]
fn a_condition_that_names_nothing_or_is_none_is_2_with_what_was_meant() {
    let records = Records::new(&[altered("same", 1, |_| {})]);
    for (condition, said) in [
        ("websockt.latency.p99 > +1%", "did you mean `websocket`?"),
        ("websocket.latency.p9 > +1%", "did you mean `latency.p9"),
        ("websocket.latency.p99 > 1%", "expected `TRANSPORT.FIGURE > +N%`"),
    ] {
        let ended = records.compare(&["base", "same", "--fail-on", condition]);
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.stderr.contains(said), "{ended}");
    }
    assert_eq!(records.compare(&["base", "same", "--allow-mismatch", "weather"]).code, 2);
    let ended = records.compare(&["base", "absent"]);
    assert_eq!(ended.code, 1, "{ended}");
    let said = "pushbench: there is no run absent: 2 runs in results;";
    assert!(ended.stderr.starts_with(said), "said once: {ended}");
    let ended = records.compare(&["base", "absent", "--results", "nowhere"]);
    let said = "pushbench: cannot find the run base: cannot look for runs in nowhere: ";
    assert!(ended.code == 1 && ended.stderr.starts_with(said), "{ended}");
}

#[test]
fn several_new_runs_are_each_compared_with_the_base() {
    let records = Records::new(&[altered("one", 1, |_| {}), altered("two", 2, |_| {})]);
    let ended = records.compare(&["base", "one", "two"]);
    assert!(ended.stdout.contains("from base to one"), "{ended}");
    assert!(ended.stdout.contains("from base to two"), "{ended}");
}
