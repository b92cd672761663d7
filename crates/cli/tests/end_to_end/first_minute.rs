//! What someone meets who has nothing but the program: an empty folder, and no checkout.

use std::fs;
use std::io::{Write as _, pipe};

use pushbench_store::RECORD_FILE;

use crate::support::{Bench, Running};

/// An empty folder.
fn empty() -> Bench {
    let bench = Bench::new();
    fs::remove_file(bench.path().join("small.toml")).expect("it is there");
    bench
}

/// Short enough for a test.
const SHORT: [&str; 5] = [
    "workload.clients=10",
    "workload.rounds=1",
    "workload.warm_up=300ms",
    "workload.measure=2s",
    "workload.publish.every=500ms",
];

fn short<'a>(first: &[&'a str]) -> Vec<&'a str> {
    let set = SHORT.iter().flat_map(|&setting| ["--set", setting]);
    first.iter().copied().chain(set).collect()
}

#[test]
fn a_scenario_of_the_program_is_listed_printed_checked_planned_and_run_in_an_empty_folder() {
    let bench = empty();
    let listed = bench.play(&["scenarios"]);
    assert_eq!((listed.code, listed.stderr.as_str()), (0, ""), "{listed}");
    assert!(listed.stdout.starts_with("quickstart "), "{listed}");
    let printed = bench.play(&["scenarios", "quickstart"]);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/quickstart.toml");
    assert_eq!(printed.stdout, fs::read_to_string(root).expect("a scenario"));
    let checked = bench.play(&["check", "quickstart", "servers/nchan"]);
    assert_eq!(checked.code, 0, "{checked}");
    assert!(checked.stdout.starts_with("quickstart: ok, 500 clients"), "{checked}");
    let planned = bench.play(&["plan", "quickstart", "--clients", "1M"]);
    assert_eq!(planned.code, 0, "{planned}");
    assert!(planned.stdout.contains("1,000,000 clients"), "{planned}");

    // No byte depends on a busy machine, and what it is late with is not asked here.
    let played = bench.play(&short(&["run", "quickstart", "--quiet"]));
    assert!([0, 98, 99].contains(&played.code), "{played}");
    let record = bench.only_record("quickstart");
    assert_eq!(record.scenario.file, printed.stdout, "the record has the file");
    assert_eq!(record.environment.build, "debug");
    assert_eq!(record.trials.len(), 2);
    // The folder of the records has the scenario's name, and is not taken for it.
    fs::rename(bench.path().join("results/quickstart"), bench.path().join("quickstart"))
        .expect("it can be moved");
    assert_eq!(bench.play(&["check", "quickstart"]).code, 0);
}

#[test]
fn a_file_comes_before_the_scenario_of_the_same_name_and_a_near_miss_is_told() {
    let bench = Bench::new();
    for name in ["quickstart", "quickstart.toml"] {
        fs::copy(bench.path().join("small.toml"), bench.path().join(name)).expect("it can be");
        let checked = bench.play(&["check", "quickstart"]);
        assert!(checked.stdout.starts_with("quickstart: ok, 20 clients"), "{checked}");
        fs::remove_file(bench.path().join(name)).expect("it is there");
    }
    for (name, told) in [
        ("quick-start", "did you mean `quickstart`"),
        ("scenarios/quickstart.toml", "`quickstart` without folder and ending"),
        ("nchan", "did you mean `servers/nchan`"),
    ] {
        let refused = bench.play(&["run", name]);
        assert_eq!(refused.code, 1, "{refused}");
        assert!(refused.stderr.contains(told), "{refused}");
    }
}

#[test]
fn shards_of_a_scenario_of_the_program_read_its_files_from_the_program() {
    let bench = empty();
    let played = bench.play(&short(&["run", "quickstart", "--quiet", "--shards", "2"]));
    assert!([0, 98, 99].contains(&played.code), "{played}");
    assert!(bench.only_record("quickstart").trials.iter().all(|trial| trial.shards == Some(2)));
}

#[test]
fn a_new_scenario_is_written_once_and_can_be_run_as_it_is() {
    let bench = empty();
    let made = bench.play(&["new", "mine.toml"]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made}");
    assert!(made.stdout.contains("pushbench run mine.toml"), "{made}");
    let played = bench.play(&short(&["run", "mine", "--quiet"]));
    assert!([0, 98, 99].contains(&played.code), "{played}");
    let folders = bench.path().join("results/mine");
    let folder = fs::read_dir(folders).expect("a run").next().expect("one").expect("an entry");
    assert!(folder.path().join(RECORD_FILE).is_file());
    let again = bench.play(&["new", "mine.toml"]);
    assert_eq!(again.code, 1, "{again}");
    assert!(again.stderr.contains("it is there already"), "{again}");
}

#[test]
fn five_replies_make_a_scenario_and_too_few_make_none() {
    let bench = empty();
    let asked = |arguments: &[&str], replies: &str| {
        let (reader, mut writer) = pipe().expect("a pipe");
        let running = Running::start_with(&mut bench.program(arguments), reader.into());
        writer.write_all(replies.as_bytes()).expect("it listens");
        drop(writer);
        running.end()
    };
    let made = asked(&["new", "--ask"], "lots\n2_000\n30s\n1kB\nevery\n5s\n");
    assert_eq!(made.code, 0, "{made}");
    assert!(made.stderr.contains("that is \"lots\", expected a whole number"), "{made}");
    assert_eq!(made.stderr.matches(" of 5: ").count(), 6, "{made}");
    let checked = bench.play(&["check", "scenario.toml"]);
    assert!(checked.stdout.contains("ok, 2000 clients, short-poll, websocket"), "{checked}");
    let text = fs::read_to_string(bench.path().join("scenario.toml")).expect("it is written");
    assert!(text.contains("every = \"30s\"") && text.contains("bytes = \"1kB\""), "{text}");

    let cut = asked(&["new", "other.toml", "--ask"], "10\n1s\n");
    assert_eq!(cut.code, 1, "{cut}");
    assert!(cut.stderr.contains("stdin ended before question 3 of 5"), "{cut}");
    assert!(!bench.path().join("other.toml").exists());
}

#[test]
fn new_without_arguments_names_every_way() {
    let ways = empty().play(&["new"]);
    assert_eq!(ways.code, 2, "{ways}");
    for way in ["mine.toml ", "--ask", "--from-har", "--from-curl", "--adapter"] {
        assert!(ways.stderr.contains(way), "{way}: {ways}");
    }
}

#[test]
fn the_version_names_the_commit_and_the_profile() {
    let told = empty().play(&["--version"]);
    assert_eq!(told.code, 0, "{told}");
    let version = concat!("pushbench ", env!("CARGO_PKG_VERSION"), " (");
    let built = told.stdout.trim_end().strip_prefix(version).expect(&told.stdout);
    let built = built.strip_suffix(')').expect(&told.stdout);
    let (commit, profile) = built.rsplit_once(", ").unwrap_or(("", built));
    assert!(["debug", "release", "dist", "quick"].contains(&profile), "{built}");
    let commit = commit.trim_end_matches("-dirty");
    // Sources that came without a repository do not know it.
    let is_hash = |text: &str| text.len() >= 12 && text.chars().all(|c| c.is_ascii_hexdigit());
    assert!(commit.is_empty() || is_hash(commit), "{built}");
}
