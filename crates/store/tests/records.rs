//! Records written, read back, refused, and held to the schema.

mod sample;
mod version_1;

use std::fs;
use std::path::{Path, PathBuf};

use pushbench_protocol::Phase;
use pushbench_store::{
    DIGEST_FILE, Journal, RECORD_FILE, StoreError, Verdict, read, run_folder, run_v2_schema,
    write_beside, write_record,
};

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn blessing() -> bool {
    std::env::var_os("PUSHBENCH_BLESS").is_some_and(|value| value == "1")
}

#[test]
fn what_is_written_is_read_back_from_the_file_and_from_its_folder() {
    let results = tempfile::tempdir().unwrap();
    let run = sample::run();
    let folder = run_folder(results.path(), &run);
    assert_eq!(folder, results.path().join("ticker/20261122T143000Z-7k3mqa"));

    let record = write_record(&run, &folder).unwrap();
    write_beside(&folder, "report.txt", "hello\n").unwrap();

    assert_eq!(record, folder.join(RECORD_FILE));
    assert_eq!(read(&record).unwrap(), run);
    assert_eq!(read(&folder).unwrap(), run);
    assert_eq!(fs::read_to_string(folder.join("report.txt")).unwrap(), "hello\n");
    assert_eq!(names(&folder), ["report.txt", RECORD_FILE, DIGEST_FILE]);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_run_that_is_there_is_not_written_over_and_nothing_is_left_behind() {
    let results = tempfile::tempdir().unwrap();
    let run = sample::run();
    let folder = run_folder(results.path(), &run);
    let record = write_record(&run, &folder).unwrap();

    let mut other = run.clone();
    other.scenario.question = "another".to_owned();
    assert!(matches!(write_record(&other, &folder), Err(StoreError::Io { .. })));
    assert!(matches!(Journal::begin(results.path(), &other, 1), Err(StoreError::Io { .. })));

    assert_eq!(read(&record).unwrap(), run);
    assert_eq!(names(&folder), [RECORD_FILE, DIGEST_FILE]);
}

#[test]
fn every_flipped_bit_of_a_record_is_noticed_and_a_copy_without_its_digest_is_read_as_it_is() {
    let results = tempfile::tempdir().unwrap();
    let folder = results.path().join("run");
    let record = write_record(&sample::run(), &folder).unwrap();
    let bytes = fs::read(&record).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&record, &flipped).unwrap();
        let error = read(&folder).unwrap_err();
        assert!(matches!(error, StoreError::Digest { .. }), "byte {at}: {error}");
    }
    // Somebody's own change, elsewhere.
    let changed = String::from_utf8(bytes).unwrap().replace("7k3mqa", "another");
    let elsewhere = results.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join(RECORD_FILE), changed).unwrap();
    assert_eq!(read(&elsewhere).unwrap().id, "another");
}

#[test]
fn a_figure_that_json_cannot_say_is_refused_by_name() {
    let results = tempfile::tempdir().unwrap();
    let mut run = sample::run();
    run.trials[0].model.figures.insert("latency.p99".to_owned(), f64::NAN);
    assert_eq!(
        write_record(&run, &results.path().join("run")).unwrap_err().to_string(),
        "short-poll, round 1: figure `latency.p99` is NaN, expected a finite number or no figure"
    );
    assert_eq!(fs::read_dir(results.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_name_holds_nothing_that_leads_out_of_the_results() {
    let mut run = sample::run();
    run.scenario.name = "../a b/c".to_owned();
    run.started_at = "some day".to_owned();
    run.id = String::new();
    assert_eq!(run_folder(Path::new("results"), &run), Path::new("results/-..-a-b-c/-"));
}

#[test]
fn records_of_another_kind_or_version_are_refused_with_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    let name = path.display();
    for (text, expected) in [
        (r#"{"version": 1}"#, format!("{name}: found format none, expected `pushbench-run`")),
        (
            r#"{"format": "benchpush", "version": 1}"#,
            format!("{name}: found format `benchpush`, expected `pushbench-run`"),
        ),
        (
            r#"{"format": "pushbench-run", "version": 3, "id": 7}"#,
            format!(
                "{name}: found version 3 of `pushbench-run`, expected at most version 2: written \
                 by a newer pushbench?"
            ),
        ),
        (
            r#"{"format": "pushbench-run", "version": 1}"#,
            format!("{name}: not a readable record: missing field `id` at line 1 column 41"),
        ),
        (
            r#"{"format": "pushbench-run", "version": 2}"#,
            format!("{name}: not a readable record: missing field `id` at line 1 column 41"),
        ),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(read(&path).unwrap_err().to_string(), expected);
    }
    assert!(matches!(read(&folder.path().join("none.json")), Err(StoreError::Io { .. })));
}

#[test]
fn the_records_of_each_version_in_the_tree_are_read_by_todays_code() {
    let path = in_crate("tests/records/run-v2.json");
    // Only ever made once: a record that is rewritten with the code proves nothing.
    if blessing() && !path.exists() {
        let folder = tempfile::tempdir().unwrap();
        let record = write_record(&sample::run(), &folder.path().join("run")).unwrap();
        fs::copy(record, &path).unwrap();
    }
    assert_eq!(read(&path).unwrap(), sample::run());
    let old = in_crate("tests/records/run-v1.json");
    assert_eq!(read(&old).unwrap(), version_1::of(sample::run()));
    // And they are what the schemas say that were committed with them.
    for (record, schema) in [(path, "schema/run-v2.json"), (old, "schema/run-v1.json")] {
        let value = |path: &Path| -> serde_json::Value {
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
        };
        let validator = jsonschema::validator_for(&value(&in_crate(schema))).unwrap();
        assert!(validator.is_valid(&value(&record)), "{}", record.display());
    }
}

#[test]
fn a_record_from_before_a_field_was_added_is_read_as_one_without_it() {
    // What may be absent, by where it stands; a field that is added joins them.
    let optional = [
        ("", "failure"),
        ("", "disturbed"),
        ("/scenario", "overrides"),
        ("/scenario", "cells"),
        ("/environment", "kernel"),
        ("/trials/0", "cell"),
        ("/trials/0", "sample"),
        ("/trials/0", "machines"),
        ("/trials/0/waiting", "version_age"),
        ("/trials/0/books/phases/measure/up", "tls"),
        ("/expectations/0", "cell"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    let mut record = serde_json::to_value(sample::run()).unwrap();
    for (place, field) in optional {
        let fields = record.pointer_mut(place).unwrap().as_object_mut().unwrap();
        fields.remove(field);
    }
    fs::write(&path, record.to_string()).unwrap();
    let run = read(&path).unwrap();
    assert_eq!((run.failure, run.environment.kernel), (None, None));
    assert_eq!(run.trials[0].waiting.version_age, None);
    assert!(run.scenario.overrides.is_empty() && run.trials[0].cell.is_empty());
    assert_eq!(run.trials[0].figures, sample::run().trials[0].figures);
}

#[test]
fn every_reference_run_in_the_tree_is_read_its_books_balance_and_none_is_invalid() {
    let mut count = 0;
    for entry in fs::read_dir(in_crate("../../results/reference")).expect("committed") {
        let folder = entry.expect("listed").path();
        let run = read(&folder).expect("a record of a version that is known");
        assert!(run.worst_verdict() < Verdict::Invalid, "{}", folder.display());
        let mut pairs = run.trials.iter().flat_map(|trial| &trial.books.reconciliations);
        assert!(pairs.all(|pair| pair.left == pair.right), "{}", folder.display());
        count += 1;
    }
    assert!(count >= 5, "{count} runs");
}

fn json(of: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(of).expect("plain JSON")
}

/// What a record in the tree says, as any JSON.
fn raw(folder: &Path) -> serde_json::Value {
    let text = fs::read_to_string(folder.join(RECORD_FILE)).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn figures_checks_and_counts_of_every_reference_run_are_those_that_were_written() {
    let same = |what: &str, written: &serde_json::Value, read: serde_json::Value| {
        assert_eq!(*written, read, "{what}");
    };
    for entry in fs::read_dir(in_crate("../../results/reference")).expect("committed") {
        let folder = entry.expect("listed").path();
        let (written, run) = (raw(&folder), read(&folder).expect("a version that is known"));
        let trials = written["trials"].as_array().expect("a list");
        assert_eq!(trials.len(), run.trials.len());
        for (written, trial) in trials.iter().zip(&run.trials) {
            let at = |name: &str| format!("{}: {} {name}", folder.display(), trial.transport);
            same(&at("figures"), &written["figures"], json(&trial.figures));
            same(&at("model"), &written["model"], json(&trial.model));
            same(&at("checks"), &written["checks"], json(&trial.checks));
            same(&at("counts"), &written["counts"], json(&trial.counts));
            same(&at("books"), &written["books"], json(&trial.books));
            for (name, samples) in &trial.waiting.histograms {
                let written = &written["waiting"]["histograms"][name];
                same(&at(name), written, json(samples));
            }
        }
        same("expectations", &written["expectations"], json(&run.expectations));
    }
}

#[test]
fn a_record_of_version_1_that_is_written_anew_says_the_same() {
    let results = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(in_crate("../../results/reference")).expect("committed") {
        let folder = entry.expect("listed").path();
        let run = read(&folder).expect("a version that is known");
        let anew = results.path().join(folder.file_name().expect("it has a name"));
        write_record(&run, &anew).unwrap();
        assert_eq!(read(&anew).unwrap(), run, "{}", folder.display());
    }
}

#[test]
fn the_committed_schema_is_current() {
    let path = in_crate("schema/run-v2.json");
    if blessing() {
        fs::write(&path, run_v2_schema()).unwrap();
    }
    // As values: the order of fields depends on which other crates are built along.
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        value(&committed) == value(&run_v2_schema()),
        "{} is not what the types say; run the test with PUSHBENCH_BLESS=1 and look at the diff",
        path.display()
    );
}

#[test]
fn a_record_fits_the_schema_and_a_record_without_trials_does_not() {
    let schema = serde_json::from_str(&run_v2_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut record = serde_json::to_value(sample::run()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");

    record.as_object_mut().unwrap().remove("trials");
    assert!(!validator.is_valid(&record));
}

#[test]
fn bytes_that_only_third_party_servers_have_are_on_record_where_there_are_any() {
    let results = tempfile::tempdir().unwrap();
    let keys = ["wrapping", "unexplained"];
    for (bytes, is_there) in [(0, false), (13, true)] {
        let mut run = sample::run();
        let down = &mut run.trials[0].books.phases.get_mut(&Phase::Measure).unwrap().down;
        (down.wrapping, down.unexplained) = (bytes, bytes);
        let path = write_record(&run, &results.path().join(bytes.to_string())).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(keys.map(|key| text.contains(&format!("\"{key}\""))), [is_there; 2]);
        assert_eq!(read(&path).unwrap(), run);
    }
}

#[test]
fn the_worst_verdict_of_any_trial_is_the_runs() {
    let mut run = sample::run();
    assert_eq!(run.worst_verdict(), Verdict::Warning);
    run.trials.push(run.trials[0].clone());
    run.trials[1].checks[0].verdict = Verdict::Invalid;
    assert_eq!(run.worst_verdict(), Verdict::Invalid);
    run.trials.clear();
    assert_eq!(run.worst_verdict(), Verdict::Ok);
}
