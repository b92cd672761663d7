//! A run that is watched while it plays: lines of JSON, a page, Prometheus.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::{Bench, Running, SMALL, get, wait_until};

/// The address that a run has said for what it serves.
fn address(running: &Running, what: &str) -> SocketAddr {
    let said = format!("pushbench: {what}: http://");
    running.wait_for_stderr(&said);
    let text = running.stderr_so_far();
    let from = text.find(&said).expect("waited for") + said.len();
    let until = text[from..].find('/').expect("a path follows");
    text[from..from + until].parse().expect("an address")
}

#[test]
fn a_program_a_page_and_prometheus_see_a_run_go_by_and_how_it_ends() {
    let bench = Bench::with(SMALL);
    let mut command = bench.program(&[
        "run",
        "small.toml",
        "--only",
        "websocket",
        "--progress",
        "json",
        "--live=127.0.0.1:0",
        "--prometheus",
        "127.0.0.1:0",
    ]);
    let mut running = Running::start(&mut command);
    let page = address(&running, "the run, live");
    let metrics = address(&running, "metrics");
    let html = get(page, "/").expect("the page");
    assert!(html.contains("EventSource"), "{html}");
    let sample = "pushbench_deliveries_total{transport=\"websocket\"";
    let mut scraped = String::new();
    wait_until("a scrape in the measure phase", || {
        scraped = get(metrics, "/metrics").unwrap_or_default();
        let measures =
            scraped.lines().any(|line| line.contains("phase=\"measure\"") && line.ends_with(" 1"));
        measures && scraped.contains(sample) || running.has_ended()
    });
    assert!(scraped.contains(sample), "{scraped}");
    let state: Value = get(page, "/state")
        .and_then(|text| serde_json::from_str(text.lines().last()?).ok())
        .expect("the state while it plays");
    assert_eq!(state["run"]["scenario"], "small", "{state}");

    let ended = running.end();
    assert_eq!(ended.code, 0, "{ended}");
    let (_, record) = bench.newest_record();
    let events: Vec<Value> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let names: Vec<_> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names.first(), Some(&"run-begins"), "{ended}");
    assert_eq!(names.last(), Some(&"run-ends"), "{ended}");
    assert!(names.contains(&"progress"), "{ended}");
    let ends: Vec<_> = events.iter().filter(|event| event["event"] == "trial-ends").collect();
    assert_eq!(ends.len(), record.trials.len());
    let figure = "wire_bytes_per_delivery";
    assert_eq!(ends[0]["figures"][figure].as_f64(), record.trials[0].figures.get(figure).copied());
    let last = events.last().expect("there is one");
    assert_eq!(last["exit_code"], 0);
    let folder = last["folder"].as_str().expect("there is a record");
    assert!(bench.path().join(folder).join("run.json").exists(), "{folder}");
}

#[test]
fn an_address_that_others_reach_is_refused_before_anything_is_played() {
    let bench = Bench::with(SMALL);
    for flag in ["--live=0.0.0.0:0", "--prometheus=0.0.0.0:0"] {
        let refused = bench.play(&["run", "small.toml", flag]);
        assert_eq!(refused.code, 1, "{refused}");
        assert!(refused.stderr.contains("is not a loopback address"), "{refused}");
    }
    assert!(bench.records().is_empty(), "nothing was played");
}

#[test]
fn a_view_of_the_terminal_without_a_terminal_is_refused_before_anything_is_played() {
    let bench = Bench::new();
    let refused = bench.play(&["run", "small.toml", "--tui"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("--tui needs a terminal"), "{refused}");
    assert!(bench.records().is_empty(), "{refused}");
}
