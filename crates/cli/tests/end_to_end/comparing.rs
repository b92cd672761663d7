//! Runs compared and listed, as their users do it.
//!
//! What is compared is a record of the tree, altered here where a test needs a change of known
//! size; only the planted header is played.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pushbench_store::{RunStatus, RunV2, run_folder};
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
fn a_run_is_found_by_folder_file_id_and_as_the_latest() {
    let records = Records::new(&[altered("same", 1, |_| {})]);
    let folder = run_folder(Path::new("results"), &altered("same", 1, |_| {}));
    let [folder, file] =
        [folder.clone(), folder.join("run.json")].map(|path| path.display().to_string());
    for name in ["same", &folder, &file, "latest", "latest:quickstart", "latest~0:quickstart"] {
        let ended = records.compare(&["latest~1:quickstart", name]);
        assert_eq!(ended.code, 0, "{name}: {ended}");
        assert!(ended.stdout.contains("from base to same"), "{name}: {ended}");
        let shown = records.bench.play(&["report", name, "--format", "json"]);
        assert!(shown.stdout.contains("\"id\": \"same\""), "{name}: {shown}");
    }
    assert_eq!(records.bench.play(&["report", "latest~2"]).code, 1);
    for name in ["latest:other", "latest~2", "results/absent"] {
        assert_eq!(records.compare(&["base", name]).code, 1, "{name}");
    }
}

#[test]
fn several_new_runs_are_each_compared_with_the_base() {
    let records = Records::new(&[altered("one", 1, |_| {}), altered("two", 2, |_| {})]);
    let ended = records.compare(&["base", "one", "two"]);
    assert!(ended.stdout.contains("from base to one"), "{ended}");
    assert!(ended.stdout.contains("from base to two"), "{ended}");
}

#[test]
fn results_lists_runs_newest_first_with_their_verdicts_and_names_what_it_cannot_read() {
    let records = Records::new(&[
        altered("late", 9, |run| run.status = pushbench_store::RunStatus::Aborted),
        altered("early", 8, |_| {}),
    ]);
    let broken = records.bench.path().join("results/broken/run");
    fs::create_dir_all(&broken).expect("a folder");
    fs::write(broken.join("run.json"), "{}").expect("a file");
    let ended = records.bench.play(&["results"]);
    assert_eq!(ended.code, 0, "{ended}");
    let ids: Vec<_> =
        ended.stdout.lines().step_by(2).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ids, ["late", "early", "base"], "{ended}");
    assert!(ended.stdout.contains("aborted"), "{ended}");
    assert!(ended.stdout.contains("What does a ticker cost"), "{ended}");
    assert!(ended.stderr.contains("found format none"), "{ended}");

    let json = records.bench.play(&["results", "results", "--format", "json"]);
    let rows: Value = serde_json::from_str(&json.stdout).expect("one document");
    assert_eq!(rows.as_array().map(Vec::len), Some(3), "{json}");
    assert_eq!(rows[0]["verdict"], "aborted");
    assert_eq!(rows[1]["transports"], serde_json::json!(["short-poll", "websocket"]));
    assert_eq!(records.bench.play(&["results", "absent"]).code, 1);
}

#[test]
fn the_page_of_trends_marks_what_changed_and_links_to_the_reports_that_there_are() {
    let more = altered("more", 9, |run| {
        for figure in ["wire_bytes_per_delivery", "stream_bytes_per_delivery"] {
            change(run, "websocket", figure, |bytes| bytes + 10.0);
        }
    });
    let folder = run_folder(Path::new("results"), &more).join("report.html");
    let records = Records::new(&[more, altered("same", 8, |_| {})]);
    fs::write(records.bench.path().join(&folder), "a page").expect("a file");
    fs::create_dir(records.bench.path().join("pages")).expect("a folder");
    let ended = records.bench.play(&["results", "--html", "pages/all.html"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended}");
    assert!(ended.stderr.contains("3 runs: pages/all.html"), "{ended}");
    let page = fs::read_to_string(records.bench.path().join("pages/all.html")).expect("the page");
    assert!(page.contains("websocket</strong> wire_bytes_per_delivery more"), "{page}");
    assert!(page.contains(&format!("<a href=\"../{}\">", folder.display())), "{page}");
    assert_eq!(page.matches("<a href=\"../").count(), 1, "the others have no report");
    let both = records.bench.play(&["results", "--html", "-", "--format", "json"]);
    assert_eq!(both.code, 2, "{both}");
}

#[test]
fn what_a_record_says_is_shown_and_never_obeyed() {
    let ugly = "a\u{1b}[31mred\u{7}\u{9b}2J\u{202e}gnp\u{2067}\nb";
    let records = Records::new(&[altered("ugly", 1, |run| {
        run.scenario.question = ugly.to_owned();
        run.transports[0].label = ugly.to_owned();
        for trial in run.trials.iter_mut().filter(|trial| trial.transport == "short-poll") {
            trial.transport = ugly.to_owned();
        }
    })]);
    for arguments in [
        &["report", "ugly"][..],
        &["report", "ugly", "--format", "md"],
        &["report", "ugly", "--format", "csv"],
        &["report", "ugly", "--format", "html"],
        &["report", "ugly", "--format", "json"],
        &["compare", "base", "ugly"],
        &["compare", "base", "ugly", "--format", "md"],
        &["compare", "base", "ugly", "--format", "json"],
        &["compare", "base", "ugly", "--fail-on", "*\u{1b}[1m.lost > +0%"],
        &["results"],
        &["results", "--format", "json"],
        &["check", "a\u{1b}[31m.toml"],
    ] {
        let ended = records.bench.play(arguments);
        let is_obeyed = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        for text in [&ended.stdout, &ended.stderr] {
            let found: Vec<_> = text.chars().filter(|&c| is_obeyed(c)).collect();
            assert!(found.is_empty(), "{arguments:?} prints {found:?}");
        }
        assert!(!ended.stdout.is_empty() || !ended.stderr.is_empty(), "{arguments:?}");
    }
    let json = records.bench.play(&["report", "ugly", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).expect("one document");
    assert_eq!(json["scenario"]["question"], ugly, "JSON stays the same document");
}

#[test]
fn a_baseline_outlives_its_run_and_is_no_run_of_the_list() {
    let slower = altered("slower", 1, |run| {
        change(run, "websocket", "wire_bytes_per_delivery", |bytes| bytes + 10.0);
    });
    let records = Records::new(&[altered("same", 2, |_| {}), slower]);
    let saved = records.compare(&["base", "--save-baseline", "main"]);
    assert_eq!((saved.code, saved.stdout.as_str()), (0, ""), "{saved}");
    assert!(
        saved.stderr.contains("base is the baseline main now: results/baselines/main"),
        "{saved}"
    );
    let listed = records.bench.play(&["results"]);
    assert_eq!(listed.stdout.matches("quickstart").count(), 3, "a copy is no run: {listed}");

    fs::remove_dir_all(run_folder(
        &records.bench.path().join("results"),
        &altered("base", 0, |_| {}),
    ))
    .expect("it is there");
    let condition = ["--fail-on", "websocket.wire_bytes_per_delivery > +0%"];
    let failed = [&["baseline:main", "slower", "--save-baseline", "main"][..], &condition].concat();
    let failed = records.compare(&failed);
    assert_eq!(failed.code, 3, "{failed}");
    assert!(failed.stderr.contains("slower is not kept as the baseline main"), "{failed}");
    // What had the name before has it still, and one that passes takes its place.
    let passed = [&["baseline:main", "same", "--save-baseline", "main"][..], &condition].concat();
    let passed = records.compare(&passed);
    assert_eq!(passed.code, 0, "{passed}");
    let shown = records.bench.play(&["report", "baseline:main", "--format", "json"]);
    assert!(shown.stdout.contains(r#""id": "same""#), "{shown}");
    let left = fs::read_dir(records.bench.path().join("results/baselines")).expect("a folder");
    assert_eq!(left.count(), 1, "nothing unfinished is left");
}

#[test]
fn what_cannot_be_a_baseline_is_refused_and_the_one_before_it_stays() {
    let aborted = altered("aborted", 1, |run| run.status = RunStatus::Aborted);
    let records = Records::new(&[aborted]);
    for (arguments, code, says) in [
        (&["aborted", "--save-baseline", "main"][..], 1, "is aborted and cannot be a baseline"),
        (&["base", "--save-baseline", "../main"], 2, "the first of them no `.`"),
        (&["baseline:main", "base"], 1, "there is no baseline main in results"),
        (&["baseline:../x", "base"], 1, "the first of them no `.`"),
        (&["base"], 2, "required"),
    ] {
        let refused = records.compare(arguments);
        assert_eq!(refused.code, code, "{refused}");
        assert!(refused.stderr.contains(says), "{says}: {refused}");
    }
    assert!(!records.bench.path().join("results/baselines/main").exists());
}

#[test]
fn a_gate_and_a_run_are_told_to_a_ci_system_in_the_forms_that_it_reads() {
    let slower = altered("slower", 1, |run| {
        change(run, "websocket", "wire_bytes_per_delivery", |bytes| bytes + 10.0);
    });
    let records = Records::new(&[slower]);
    let gate = |format| {
        let watched = ["--fail-on", "*.wire_bytes_per_delivery > +0%", "--format", format];
        records.compare(&[&["base", "slower"][..], &watched].concat())
    };
    let junit = gate("junit");
    assert_eq!(junit.code, 3, "{junit}");
    let cases = cases(&records.bench, &junit.stdout);
    let failed = "websocket.wire_bytes_per_delivery (*.wire_bytes_per_delivery > +0%)";
    let passed = "short-poll.wire_bytes_per_delivery (*.wire_bytes_per_delivery > +0%)";
    assert_eq!(
        cases,
        [("can be compared", "passed"), (passed, "passed"), (failed, "failure")].map(owned)
    );
    let annotated = gate("annotations");
    assert_eq!(annotated.code, 3, "{annotated}");
    let errors = annotated.stdout.lines().filter(|line| line.starts_with("::error"));
    assert_eq!(errors.count(), 1, "{annotated}");

    let out =
        records.bench.play(&["report", "base", "--summary", "answer", "--out", "junit=run.xml"]);
    assert_eq!(out.code, 0, "{out}");
    let xml = fs::read_to_string(records.bench.path().join("run.xml")).expect("it was written");
    let run = reference();
    let checks: usize = run.trials.iter().map(|trial| trial.checks.len()).sum();
    assert_eq!(self::cases(&records.bench, &xml).len(), checks + run.expectations.len() + 1);
}

fn owned((name, outcome): (&str, &str)) -> (String, String) {
    (name.to_owned(), outcome.to_owned())
}

/// The cases of JUnit's XML by a parser that is not ours: name and what stands in it.
fn cases(bench: &Bench, xml: &str) -> Vec<(String, String)> {
    let file = bench.path().join("cases.xml");
    fs::write(&file, xml).expect("it can be");
    let script = "import sys, xml.etree.ElementTree as e
for c in e.parse(sys.argv[1]).getroot().iter('testcase'): print(c.get('name'), c[0].tag if len(c) else 'passed', sep='\t')";
    let read =
        Command::new("python3").args(["-c", script]).arg(&file).output().expect("python3 is there");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let printed = String::from_utf8(read.stdout).expect("text");
    printed.lines().map(|line| owned(line.split_once('\t').expect("two columns"))).collect()
}
