//! Journals: what is kept of a run that did not end.

mod sample;
mod version_1;

use std::fs;

use pushbench_store::{
    FloorPlayV2, FloorSideV2, FloorV2, FloorWorkV2, JOURNAL_FILE, Journal, RECORD_FILE, RunStatus,
    RunV2, StoreError, read,
};

/// A run as it is before its first trial.
fn begun() -> RunV2 {
    RunV2 {
        status: RunStatus::Completed,
        failure: None,
        trials: Vec::new(),
        floor: Vec::new(),
        no_floor: std::collections::BTreeMap::new(),
        expectations: Vec::new(),
        ..sample::run()
    }
}

#[test]
fn what_was_played_is_on_disk_before_the_run_has_ended_and_the_record_takes_its_place() {
    let results = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(results.path(), &begun(), 2).unwrap();
    let folder = journal.folder().to_owned();
    assert_eq!(read(&folder).unwrap().trials, []);

    let trial = sample::run().trials.remove(0);
    journal.trial(&trial).unwrap();
    let unfinished = read(&folder).unwrap();
    assert_eq!(unfinished.trials, [trial]);
    assert_eq!(unfinished.status, RunStatus::Aborted);
    let failure = unfinished.failure.unwrap();
    assert!(failure.contains("1 of 2 trials"), "{failure}");

    let run = sample::run();
    let record = journal.finish(&run).unwrap();
    assert_eq!(record, folder.join(RECORD_FILE));
    assert_eq!(read(&folder).unwrap(), run);
    assert!(!folder.join(JOURNAL_FILE).exists());
}

#[test]
fn the_floor_of_a_trial_is_on_disk_as_soon_as_it_was_played() {
    let results = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(results.path(), &begun(), 2).unwrap();
    journal.trial(&sample::run().trials[0]).unwrap();
    assert_eq!(read(journal.folder()).unwrap().floor, []);
    let side = FloorSideV2 { operations: 10, cpu_ns: Some(54_000), ..FloorSideV2::default() };
    let floor = FloorV2 {
        transport: "short-poll".to_owned(),
        round: 1,
        cell: [("workload.clients".to_owned(), "10".to_owned())].into(),
        started_at: "2026-11-22T14:30:12.000Z".to_owned(),
        played: FloorPlayV2 {
            work: FloorWorkV2::Polls,
            connections: 1,
            topics: 1,
            bytes_up: 690,
            bytes_down: 299,
            every_ns: None,
            at_once: 1,
            measured_seconds: 10.0,
            server: FloorSideV2 { core: Some(1), ..side.clone() },
            client: side,
        },
    };
    journal.floor(&floor).unwrap();
    let unfinished = read(journal.folder()).unwrap();
    assert_eq!(unfinished.floor, [floor]);
    let no_floor = [("long-poll".to_owned(), "requests that are held".to_owned())].into();
    let run = RunV2 { floor: unfinished.floor, no_floor, ..sample::run() };
    let folder = journal.folder().to_owned();
    journal.finish(&run).unwrap();
    assert_eq!(read(&folder).unwrap(), run);
    let other = run.of_cell(&[("workload.clients".to_owned(), "20".to_owned())].into());
    assert_eq!(other.floor, []);
}

#[test]
fn a_journal_that_is_cut_off_anywhere_has_every_trial_before() {
    let results = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(results.path(), &begun(), 3).unwrap();
    let path = journal.folder().join(JOURNAL_FILE);
    let trial = sample::run().trials.remove(0);
    let mut ends = vec![fs::metadata(&path).unwrap().len() as usize];
    for _ in 0..2 {
        journal.trial(&trial).unwrap();
        ends.push(fs::metadata(&path).unwrap().len() as usize);
    }
    let whole = fs::read(&path).unwrap();
    for len in (0..=whole.len()).rev().step_by(11) {
        fs::write(&path, &whole[..len]).unwrap();
        let lines = ends.iter().filter(|end| **end <= len).count();
        match read(&path) {
            Ok(run) => {
                assert_eq!(run.trials.len() + 1, lines, "{len} bytes");
                assert_eq!(run.notes.is_empty(), ends.contains(&len), "{len} bytes");
            }
            Err(error) => assert_eq!(lines, 0, "{len} bytes: {error}"),
        }
    }
}

#[test]
fn a_journal_of_version_1_is_read_by_todays_code() {
    use sha2::{Digest, Sha256};

    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/run-v1.json");
    let mut run: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(record).unwrap()).unwrap();
    let trial = run["trials"].as_array_mut().unwrap().remove(0);
    let journal = |version: u32| {
        let begin = serde_json::json!({
            "begin": {
                "format": "pushbench-journal", "version": version, "trials": 1, "run": run.clone()
            }
        });
        let lines = [begin, serde_json::json!({ "trial": trial.clone() })].map(|entry| {
            let entry = entry.to_string();
            let digest = Sha256::digest(&entry);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{{\"sha256\":\"{digest}\",\"entry\":{entry}}}\n")
        });
        lines.concat()
    };
    let results = tempfile::tempdir().unwrap();
    let path = results.path().join(JOURNAL_FILE);
    fs::write(&path, journal(1)).unwrap();
    assert_eq!(read(&path).unwrap().trials, version_1::of(sample::run()).trials);
    fs::write(&path, journal(3)).unwrap();
    let refused = read(&path).unwrap_err().to_string();
    assert!(refused.contains("found version 3 of `pushbench-journal`"), "{refused}");
}

#[test]
fn a_flipped_bit_of_a_journal_is_noticed() {
    let results = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(results.path(), &begun(), 1).unwrap();
    let path = journal.folder().join(JOURNAL_FILE);
    journal.trial(&sample::run().trials[0]).unwrap();
    let whole = fs::read(&path).unwrap();
    let run = read(&path).unwrap();
    // The last byte is a line's end; without it the line is cut off, which is told.
    for at in (0..whole.len() - 1).step_by(5) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        match read(&path) {
            Err(StoreError::Changed { .. }) => {}
            Ok(found) => assert_eq!(found, run, "byte {at} is none of the entry's"),
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_is_played() {
    let results = tempfile::tempdir().unwrap();
    let file = results.path().join("a-file");
    fs::write(&file, "").unwrap();
    for place in [file.as_path(), std::path::Path::new("/proc/nothing")] {
        let error = Journal::begin(place, &begun(), 1).unwrap_err().to_string();
        assert!(error.contains(&place.display().to_string()), "{error}");
    }
    Journal::begin(results.path(), &begun(), 1).unwrap().discard();
    assert_eq!(fs::read_dir(results.path()).unwrap().count(), 1, "only the file is left");
}
