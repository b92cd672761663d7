//! Runs that are found, listed and shown.

use std::fs;
use std::path::Path;

use pushbench_store::{RunStatus, run_folder};
use serde_json::Value;

use super::{Records, altered, change};

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
fn results_lists_runs_newest_first_with_their_verdicts_and_names_what_it_cannot_read() {
    let records = Records::new(&[
        altered("late", 9, |run| run.status = RunStatus::Aborted),
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
