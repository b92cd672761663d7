//! What is kept when a run does not end, or its results cannot be kept.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use pushbench_store::{JOURNAL_FILE, RECORD_FILE, RunStatus};
use rustix::process::Signal;

use crate::support::{Bench, Ended, Running};

/// The program under a limit of so many KiB for each file that it writes.
fn limited(bench: &Bench, kib: u32, arguments: &[&str]) -> Ended {
    let program = bench.program(arguments);
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &format!("ulimit -f {kib} && exec \"$0\" \"$@\"")])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(bench.path());
    Running::start(&mut shell).end()
}

#[test]
fn a_killed_run_costs_the_trial_that_was_being_played_and_no_other() {
    let bench = Bench::new();
    let arguments = ["run", "small.toml", "--only", "websocket", "--set", "workload.rounds=3"];
    let running = Running::start(&mut bench.program(&arguments));
    running.wait_for_stderr("trial 1/3");
    running.signal(Signal::KILL);
    drop(running);

    let folder = bench.records().pop().expect("the folder is made before the first trial");
    assert!(folder.join(JOURNAL_FILE).exists() && !folder.join(RECORD_FILE).exists());
    let (run, shown) = (pushbench_store::read(&folder).expect("a journal"), folder.display());
    assert_eq!((run.status, run.trials.len()), (RunStatus::Aborted, 1));

    let report = bench.play(&["report", &shown.to_string()]);
    assert_eq!(report.code, 0, "{report}");
    // A line of 80 columns breaks where it has to.
    let words: Vec<_> = report.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("1 of 3 trials are in its journal"), "{report}");
    let list = bench.play(&["results"]);
    assert!(list.stdout.contains("aborted") && list.stdout.contains(&run.id), "{list}");
    let compared = bench.play(&["compare", &run.id, &run.id]);
    assert!(compared.stdout.contains("aborted"), "{compared}");
}

#[test]
fn results_that_cannot_be_kept_are_refused_before_anything_is_played() {
    let bench = Bench::new();
    fs::write(bench.path().join("a-file"), "").expect("a file");
    for place in ["a-file", "/proc/nothing"] {
        let ended = bench.play(&["run", "small.toml", "--results", place]);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended}");
        for part in ["nothing was run", place, "--results"] {
            assert!(ended.stderr.contains(part), "{part}: {ended}");
        }
    }
    // As on a disk that is full: not even the beginning of the journal fits.
    let ended = limited(&bench, 0, &["run", "small.toml"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended}");
    assert!(ended.stderr.contains("nothing was run"), "{ended}");
    assert!(bench.records().is_empty(), "{:?}", bench.records());
}

#[test]
fn a_disk_that_takes_no_trial_leaves_the_report_on_stdout_and_says_that_nothing_is_kept() {
    let bench = Bench::new();
    let arguments = ["run", "small.toml", "--only", "websocket", "--format", "json"];
    let (_, mut record) = bench.valid_run(&arguments[2..4]);
    record.trials.clear();
    let begin = serde_json::to_string(&record).expect("a run without trials").len();
    let kib = u32::try_from((begin + 1_024).div_ceil(1_024)).expect("small");

    let ended = limited(&bench, kib, &arguments);
    assert_eq!(ended.code, 1, "{ended}");
    for part in ["nothing could be kept", "none of the 1 trial that was played", "--results"] {
        assert!(ended.stderr.contains(part), "{part}: {ended}");
    }
    assert!(!ended.stderr.contains("reads it"), "{ended}");
    let shown: pushbench_store::RunV2 = serde_json::from_str(&ended.stdout).expect("a record");
    assert_eq!(shown.trials.len(), 1);

    let report = bench.play(&["report", "latest"]);
    assert_eq!((report.code, report.stdout.as_str()), (1, ""), "{report}");
    for part in ["nothing to report", "holds no trial", "0 of 1 trials are in its journal"] {
        assert!(report.stderr.contains(part), "{part}: {report}");
    }
}

#[test]
fn a_report_that_cannot_be_written_costs_the_report_alone() {
    let bench = Bench::new();
    let arguments = ["run", "small.toml", "--only", "websocket", "--format", "csv"];
    let (_, record) = bench.valid_run(&arguments[2..]);
    let size = |name: &str| {
        let folder = bench.records().pop().expect("a run");
        fs::metadata(folder.join(name)).expect("a file").len().div_ceil(1024)
    };
    let (record_kib, page_kib) = (size(RECORD_FILE), size("report.html"));
    assert!(record_kib + 4 < page_kib, "{record_kib} and {page_kib} KiB");

    let between = u32::try_from(record_kib + 4).expect("small");
    let ended = limited(&bench, between, &arguments);
    assert!([0, 98].contains(&ended.code), "{ended}");
    assert!(ended.stderr.contains("warning: report.html is missing"), "{ended}");
    let (folder, second) = bench.newest_record();
    assert_ne!(second.id, record.id);
    let left: Vec<_> = fs::read_dir(&folder).expect("a folder").collect();
    assert_eq!(left.len(), 3, "the record, its digest, report.md: {left:?}");
    let again = bench.play(&["report", &second.id, "--format", "csv"]);
    assert_eq!(again.stdout, ended.stdout);
}

#[test]
fn nobody_to_tell_ends_no_run_and_a_full_disk_is_1_and_a_line() {
    let bench = Bench::new();
    let full = || File::options().write(true).open("/dev/full").expect("a device");
    let mut program = bench.program(&["run", "small.toml", "--only", "websocket"]);
    let status = program.stdout(Stdio::null()).stderr(full()).status().expect("it starts");
    assert!([Some(0), Some(98)].contains(&status.code()), "{status}");
    assert_eq!(bench.newest_record().1.status, RunStatus::Completed);

    for arguments in [
        &["check", "small.toml"][..],
        &["results"],
        &["report", "latest"],
        &["--help"],
        &["--version"],
        &["help", "run"],
        &["run", "-h"],
    ] {
        let mut program = bench.program(arguments);
        let done = program.stdout(full()).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("cannot write to stdout"), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_record_keeps_the_files_of_its_scenario_and_what_made_it() {
    let head = "GET {path} HTTP/1.1\nHost: {host}\nUser-Agent: mine\n";
    let scenario = crate::support::SMALL
        .replace("[[transport]]\nkind = \"short-poll\"", "[headers]\nrequest = \"mine.head\"\n\n$0")
        .replace("$0", "[[transport]]\nkind = \"short-poll\"");
    let bench = Bench::with(&scenario);
    fs::write(bench.path().join("mine.head"), head).expect("a file");
    let ended = bench.play(&["run", "small.toml", "--only", "short-poll"]);
    assert!([0, 98].contains(&ended.code), "{ended}");
    let (_, record) = bench.newest_record();
    let [file] = &record.scenario.files[..] else { panic!("{:?}", record.scenario.files) };
    assert_eq!((file.path.as_str(), file.text.as_deref()), ("mine.head", Some(head)));
    assert_eq!(file.bytes, head.len() as u64);
    assert!(record.elapsed_seconds.is_some_and(|seconds| seconds > 1.0));
    assert_eq!(record.notes, [""; 0]);

    for (reference, said) in [("/dev/zero", "a device"), ("./", "a folder")] {
        let set = format!("headers.request={reference}");
        let ended = bench.play(&["check", "small.toml", "--set", &set]);
        assert_eq!(ended.code, 104, "{ended}");
        assert!(ended.stderr.contains(said), "{ended}");
    }
}
