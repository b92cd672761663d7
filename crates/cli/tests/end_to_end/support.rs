//! Scenarios, folders and processes for all tests here.

mod running;
mod server;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use pushbench_store::{RECORD_FILE, RunV2, TrialV2, Verdict};
use tempfile::TempDir;

pub(crate) use self::running::{DEADLINE, Ended, Running, send, wait_until};
pub(crate) use self::server::{Server, get, publish, stats_of};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_pushbench");

/// Checks that judge the machine and not the program: a busy one fails them.
pub(crate) const OF_THE_MACHINE: [&str; 4] =
    ["publish-lateness", "poll-lateness", "load-busy", "load-stall"];
/// Runs until the machine is taken for one that is always late.
const RUNS: usize = 5;

/// A scenario that takes a few seconds.
pub(crate) const SMALL: &str = r#"question = "What does a small run cost?"

[workload]
clients = 20
publish = { every = "500ms" }
payload = { bytes = 20 }
warm_up = "300ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
interval = "500ms"

[[transport]]
kind = "websocket"
"#;

/// Both transports of [`SMALL`].
pub(crate) const TRANSPORTS: [&str; 2] = ["short-poll", "websocket"];

/// A folder with one scenario, `small.toml`, in which the program is run.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A folder with [`SMALL`].
    pub(crate) fn new() -> Self {
        Self::with(SMALL)
    }

    /// A folder with this scenario.
    pub(crate) fn with(scenario: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        fs::write(folder.path().join("small.toml"), scenario).expect("a scenario");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program, to be run in this folder. Whatever the tests were started by, it hears hang-ups:
    /// that they are ignored, as `nohup` has it, is inherited.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP", PROGRAM]);
        command.args(arguments).current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("PUSHBENCH_") || name == "NO_COLOR" || name == "CLICOLOR_FORCE" {
                command.env_remove(&*name);
            }
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn play(&self, arguments: &[&str]) -> Ended {
        Running::start(&mut self.program(arguments)).end()
    }

    /// Runs `run small.toml` with these arguments and gives that run, at which nothing is wrong but
    /// perhaps how late a busy machine was: no byte depends on that.
    pub(crate) fn valid_run(&self, arguments: &[&str]) -> (Ended, RunV2) {
        let ended = self.play(&[&["run", "small.toml"], arguments].concat());
        assert!(!self.records().is_empty(), "{ended}");
        let (_, record) = self.newest_record();
        let (late, wrong): (Vec<_>, Vec<_>) = invalid_checks(&record)
            .into_iter()
            .partition(|check| OF_THE_MACHINE.contains(&check.as_str()));
        assert_eq!(wrong, [""; 0], "{ended}");
        assert_eq!(ended.code, if late.is_empty() { 0 } else { 98 }, "{late:?}\n{ended}");
        (ended, record)
    }

    /// The same, when the machine is not late: for what an invalid run is not taken for.
    pub(crate) fn timely_run(&self, arguments: &[&str]) -> (Ended, RunV2) {
        for number in 1..=RUNS {
            let (ended, record) = self.valid_run(arguments);
            if ended.code == 0 {
                return (ended, record);
            }
            eprintln!("run {number}: the machine was late ({:?})", invalid_checks(&record));
        }
        panic!(
            "the machine was late in each of {RUNS} runs, so nothing can be said of a timely one"
        )
    }

    /// The record of the only run of a scenario.
    pub(crate) fn only_record(&self, scenario: &str) -> RunV2 {
        let mut folders = self.records_of(scenario);
        let folder = folders.pop().unwrap_or_else(|| panic!("no run of {scenario} is on record"));
        assert!(folders.is_empty(), "{scenario} was run more than once");
        pushbench_store::read(&folder.join(RECORD_FILE)).expect("a readable record")
    }

    /// Folders of all runs on record, the oldest first.
    pub(crate) fn records(&self) -> Vec<PathBuf> {
        self.records_of("small")
    }

    fn records_of(&self, scenario: &str) -> Vec<PathBuf> {
        let scenario = self.path().join("results").join(scenario);
        let Ok(entries) = fs::read_dir(&scenario) else { return Vec::new() };
        let mut folders: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        let written = |folder: &PathBuf| fs::metadata(folder).and_then(|meta| meta.modified()).ok();
        folders.sort_by_key(written);
        folders
    }

    /// The newest record and its folder.
    pub(crate) fn newest_record(&self) -> (PathBuf, RunV2) {
        let folder = self.records().pop().expect("a run is on record");
        let record = pushbench_store::read(&folder.join(RECORD_FILE)).expect("a readable record");
        (folder, record)
    }
}

/// Names of the checks that call a trial invalid.
pub(crate) fn invalid_checks(run: &RunV2) -> Vec<String> {
    let checks = run.trials.iter().flat_map(|trial| &trial.checks);
    let invalid = checks.filter(|check| check.verdict == Verdict::Invalid);
    invalid.map(|check| check.check.clone()).collect()
}

/// The only trial of a transport.
pub(crate) fn trial<'run>(run: &'run RunV2, transport: &str) -> &'run TrialV2 {
    let mut trials = run.trials.iter().filter(|trial| trial.transport == transport);
    let trial = trials.next().unwrap_or_else(|| panic!("no trial of {transport}"));
    assert!(trials.next().is_none(), "{transport} was played more than once");
    trial
}

/// Whether a tool is there. Where it is not, a test that needs it fails in CI and is skipped
/// elsewhere, loudly.
pub(crate) fn needs(tool: &str) -> bool {
    let is_there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if !is_there {
        skip(&format!("{tool} is not installed; scripts/setup-tests installs it"));
    }
    is_there
}

/// Says why a test cannot be made; in CI that is a failure.
pub(crate) fn skip(why: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "in CI nothing is skipped: {why}"
    );
    // Past the capture of a passing test's output.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
