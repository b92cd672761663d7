//! Files that are, or are not, the shards of one run.

use pushbench_scenario::Shard;
use pushbench_store::{EnvironmentV1, RunStatus, RunV2, ScenarioV1, ShardV2, ToolV1};

use super::*;
use crate::merge::{NamedRun, merge_runs, shards_of_one_run};

/// A shard of the trial of these tests, on record.
pub(super) fn on_record(shard: Shard) -> ShardV2 {
    ShardV2 {
        number: shard.index() + 1,
        of: shard.of(),
        begin_at: Some("2026-01-01T00:00:00Z".to_owned()),
        host: "127.0.0.1:10000".to_owned(),
        ..ShardV2::default()
    }
}

/// The files of a run in three shards.
fn files() -> Vec<NamedRun> {
    let scenario = scenario();
    let trials = shards(&scenario, |_| {});
    let of = std::num::NonZeroU32::new(PARTS as u32).expect("three");
    let file = |(trial, shard): (TrialV2, Shard)| {
        // Only the first has asked the server, as in all tests of these shards.
        let trial = TrialV2 { shard: Some(on_record(shard)), ..trial };
        (format!("{}.json", shard.index() + 1), run(&scenario, trial))
    };
    trials.into_iter().zip(Shard::all(of)).map(file).collect()
}

fn run(scenario: &Scenario, trial: TrialV2) -> RunV2 {
    RunV2 {
        format: RunV2::FORMAT.to_owned(),
        version: RunV2::VERSION,
        id: "a1b2c3".to_owned(),
        tool: ToolV1 { name: "pushbench".to_owned(), version: "1".to_owned(), commit: None },
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        ended_at: "2026-01-01T00:01:00Z".to_owned(),
        elapsed_seconds: Some(60.0),
        notes: Vec::new(),
        tags: std::collections::BTreeMap::new(),
        status: RunStatus::Completed,
        failure: None,
        scenario: ScenarioV1 {
            name: scenario.name.clone(),
            question: scenario.question.clone(),
            file: "the text".to_owned(),
            files: Vec::new(),
            overrides: Vec::new(),
            settings: scenario.settings(),
            cells: Vec::new(),
        },
        environment: EnvironmentV1::default(),
        transports: Vec::new(),
        trials: vec![trial],
        disturbed: Vec::new(),
        floor: Vec::new(),
        no_floor: BTreeMap::new(),
        finds: Vec::new(),
        until: None,
        expectations: Vec::new(),
    }
}

fn refused(files: &[NamedRun]) -> String {
    match shards_of_one_run(files) {
        Ok(_) => panic!("they are taken for the shards of one run"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn all_shards_in_any_order_are_the_run() {
    let mut files = files();
    let merged = merge_runs(&files, &scenario()).expect("all three");
    assert_eq!((merged.trials.len(), merged.trials[0].shards), (1, Some(3)));
    assert_eq!(merged.trials[0].clients, CLIENTS);
    files.rotate_left(1);
    assert_eq!(merge_runs(&files, &scenario()).expect("all three"), merged);
}

#[test]
fn what_a_reader_has_to_know_of_a_shard_a_reader_of_the_whole_is_told() {
    let mut files = files();
    for (_, run) in &mut files {
        run.notes.push("no floor was played".to_owned());
    }
    files[1].1.notes.push("the clock was set".to_owned());
    files.rotate_left(1);
    let merged = merge_runs(&files, &scenario()).expect("all three");
    assert_eq!(merged.notes, ["no floor was played", "shard 2/3: the clock was set"]);
}

#[test]
fn the_whole_has_the_tags_of_all_shards_and_says_where_they_are_not_the_same() {
    let mut files = files();
    for ((_, run), [host, own]) in files.iter_mut().zip([["a", "x"], ["b", "y"], ["a", "z"]]) {
        let tags = [("commit", "4f2a9c1"), ("host", host), (own, own)];
        run.tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    }
    files.rotate_left(1);
    let merged = merge_runs(&files, &scenario()).expect("all three");
    let tags: Vec<_> = merged.tags.iter().map(|(name, value)| [name.as_str(), value]).collect();
    assert_eq!(tags, [["commit", "4f2a9c1"], ["host", "a"], ["x", "x"], ["y", "y"], ["z", "z"]]);
    let note = "the shards have different values of the tag host (a, b); the whole has a";
    assert_eq!(merged.notes, [note]);
}

#[test]
fn a_missing_a_doubled_and_a_foreign_shard_are_refused_by_name() {
    let files = files();
    assert_eq!(
        refused(&files[..1]),
        "shard 2/3, 3/3 is in none of the files, expected every shard of the run"
    );
    let twice = [files[0].clone(), files[1].clone(), ("again.json".to_owned(), files[1].1.clone())];
    assert_eq!(refused(&twice), "2.json and again.json are both shard 2/3, expected each once");
    let foreign = |change: &dyn Fn(&mut RunV2)| {
        let mut files = files.clone();
        change(&mut files[1].1);
        refused(&files)
    };
    let seed = foreign(&|run| {
        run.scenario.settings.insert("workload.seed".to_owned(), "8".to_owned());
    });
    assert_eq!(
        seed,
        "2.json is a shard of another run: workload.seed is 8, expected 1 as in 1.json"
    );
    let text = foreign(&|run| run.scenario.file.push('x'));
    assert!(text.contains("2.json") && text.contains("the scenario's text is another"), "{text}");
    let program = foreign(&|run| run.tool.version = "2".to_owned());
    assert!(program.contains("the program is pushbench 2 (commit unknown)"), "{program}");
    let begin = foreign(&|run| {
        let shard = run.trials[0].shard.as_mut().expect("a shard");
        shard.begin_at = Some("2026-01-01T00:00:01Z".to_owned());
    });
    assert!(begin.contains("its beginning is 2026-01-01T00:00:01Z"), "{begin}");
    let of = foreign(&|run| run.trials[0].shard.as_mut().expect("a shard").of = 4);
    assert!(of.contains("the number of shards is 4, expected 3 as in 1.json"), "{of}");
    let whole = foreign(&|run| run.trials[0].shard = None);
    assert!(whole.starts_with("2.json is no shard of a run"), "{whole}");
    assert!(refused(&[]).contains("no file"));
}

#[test]
fn a_shard_that_has_not_played_a_trial_is_refused_and_one_that_was_late_is_lost() {
    let mut files = files();
    let another = TrialV2 { round: 2, ..files[0].1.trials[0].clone() };
    files[0].1.trials.push(another);
    let error = merge_runs(&files, &scenario()).expect_err("two have not played round 2");
    let text = error.to_string();
    assert!(
        text.contains("2.json has not played `short-poll`, round 2, which 1.json has"),
        "{text}"
    );
    let mut files = self::files();
    files[2].1.trials[0].shard.as_mut().expect("a shard").late = Some("it was late".to_owned());
    let merged = merge_runs(&files, &scenario()).expect("all three");
    let check = merged.trials[0].checks.iter().find(|check| check.check == "shards");
    let check = check.expect("it is there");
    assert_eq!(check.verdict, Verdict::Invalid);
    assert!(check.text.starts_with("shard 3/3 was lost: it was late"), "{}", check.text);
}
