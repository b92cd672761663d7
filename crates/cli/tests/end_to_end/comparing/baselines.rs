//! Copies of runs that others are held against.

use std::fs;

use pushbench_store::{RunStatus, run_folder};

use super::{Records, altered, change};

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
