//! The product of all options: every combination that a scenario may have is played once, and is
//! valid, balanced and as modelled.
//!
//! The runner's library plays them, several at a time, since a small trial mostly waits.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pushbench_load::Progress;
use pushbench_protocol::{
    Compression, ConnectionUse, Deliver, HttpVersion, PollTiming, TlsUse, TransportKind, Unchanged,
};
use pushbench_runner::{Observer, Options, ServerCommand, TrialNote};
use pushbench_scenario::{Scenario, Source, read};
use pushbench_store::{DisturbedV1, EnvironmentV1, Journal, RunV1, ToolV1, TrialV1, Verdict};

use crate::support::OF_THE_MACHINE;

/// Trials at a time, of those that mostly wait and of those that mostly shake hands.
const AT_ONCE: [usize; 2] = [6, 2];
/// How often a combination is played that the machine was too busy for.
const ATTEMPTS: u32 = 6;
/// Measured time: below what a scenario file may ask for, and enough for a hundred events.
const MEASURE: Duration = Duration::from_millis(840);

/// The lines of a transport, and the work.
#[derive(Clone, Debug, Default)]
struct Combination {
    deliver: &'static str,
    lines: Vec<String>,
}

impl Combination {
    fn text(&self) -> String {
        format!(
            "question = \"Is it as modelled?\"\n[workload]\nclients = 10\n\
             publish = {{ every = \"70ms\" }}\npayload = {{ bytes = 600, content = \"json\" }}\n\
             deliver = \"{}\"\nwarm_up = \"210ms\"\nmeasure = \"1s\"\nrounds = 1\n\
             [[transport]]\nname = \"it\"\n{}\n",
            self.deliver,
            self.lines.join("\n")
        )
    }

    fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|written| written == line)
    }

    /// Whether each poll has a handshake of TLS.
    fn shakes_hands(&self) -> bool {
        self.has("connection = \"per-poll\"") && !self.has("tls = \"none\"")
    }

    /// The scenario, if `check` accepts it.
    fn scenario(&self) -> Option<Scenario> {
        let text = self.text();
        let path = Path::new("product.toml");
        let read_file = |_: &Path| Err(std::io::Error::other("no file"));
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
        let mut scenario = read(&source).ok()?;
        scenario.workload.measure = MEASURE;
        Some(scenario)
    }

    /// Each of these with each of the values.
    fn times(all: Vec<Self>, option: &str, values: &[&str]) -> Vec<Self> {
        let one = |combination: &Self, value: &str| {
            let mut with = combination.clone();
            with.lines.push(format!("{option} = \"{value}\""));
            with
        };
        all.iter().flat_map(|of| values.iter().map(move |value| one(of, value))).collect()
    }
}

fn labels<T: Copy>(all: &[T], label: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|&value| label(value)).collect()
}

/// Every combination that `check` accepts. What an option does not go with, `check` refuses: there the
/// combination goes on without it.
fn combinations() -> Vec<Combination> {
    let options: [(&str, Vec<&str>); 6] = [
        ("http", labels(HttpVersion::ALL, HttpVersion::label)),
        ("tls", labels(TlsUse::ALL, TlsUse::label)),
        ("connection", labels(ConnectionUse::ALL, ConnectionUse::label)),
        ("compression", labels(Compression::ALL, Compression::label)),
        ("unchanged", labels(Unchanged::ALL, Unchanged::label)),
        ("timing", labels(PollTiming::ALL, PollTiming::label)),
    ];
    let mut all = Vec::new();
    for &deliver in Deliver::ALL {
        for kind in TransportKind::ALL {
            let mut lines = vec![format!("kind = \"{kind}\"")];
            if *kind == TransportKind::ShortPoll {
                lines.push("interval = \"60ms\"".to_owned());
            }
            all.push(Combination { deliver: deliver.label(), lines });
        }
    }
    for (option, values) in options {
        let mut next = Combination::times(all.clone(), option, &values);
        next.retain(|combination| combination.scenario().is_some());
        let stem = |combination: &Combination, of: &Combination| {
            combination.deliver == of.deliver && combination.lines.starts_with(&of.lines)
        };
        all.retain(|of| !next.iter().any(|combination| stem(combination, of)));
        next.append(&mut all);
        all = next;
    }
    // Timing changes when polls are sent and nothing of what they are: with every kind of connection,
    // and otherwise as it is.
    all.retain(|combination| {
        let has = |line| combination.has(line);
        let is_usual = has("timing = \"schedule\"") || !has("kind = \"short-poll\"");
        is_usual
            || has("tls = \"none\"")
                && has("compression = \"none\"")
                && has("unchanged = \"empty\"")
    });
    all
}

/// Nobody watches.
struct Unseen;

impl Observer for Unseen {
    fn trial_begins(&mut self, _: TrialNote<'_>) {}

    fn progress(&mut self, _: TrialNote<'_>, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn trial_disturbed(&mut self, _: TrialNote<'_>, _: &DisturbedV1) {}

    fn trial_ends(&mut self, _: TrialNote<'_>, _: &TrialV1) {}
}

fn options(file: String) -> Options {
    Options {
        server: ServerCommand {
            program: env!("CARGO_BIN_EXE_pushbench").into(),
            arguments: ["serve", "--config", "-"].map(str::to_owned).to_vec(),
        },
        target: None,
        cores: 2,
        file,
        files: Vec::new(),
        overrides: Vec::new(),
        environment: EnvironmentV1 {
            link: "loopback".to_owned(),
            build: "debug".to_owned(),
            ..EnvironmentV1::default()
        },
        tool: ToolV1 { name: "pushbench".to_owned(), version: "test".to_owned(), commit: None },
    }
}

/// What is wrong with a run; empty if nothing is.
fn faults(run: &RunV1) -> Vec<String> {
    let mut faults: Vec<String> = run.failure.iter().cloned().collect();
    if run.trials.len() != 1 {
        faults.push(format!("{} trials", run.trials.len()));
    }
    for trial in &run.trials {
        for check in &trial.checks {
            let is_model = check.check.starts_with("model-");
            // Polls that the server's responses time have no schedule; everything else has events
            // enough.
            let may_be_silent = check.text.contains("after-answer");
            let is_fault = match check.verdict {
                Verdict::Ok => false,
                Verdict::NotChecked => is_model && !may_be_silent,
                Verdict::Warning => is_model,
                Verdict::Invalid => true,
            };
            if is_fault {
                faults.push(format!("{}: {}", check.check, check.text));
            }
        }
        for name in ["model-deliveries", "model-bytes", "books-balance"] {
            if !trial.checks.iter().any(|check| check.check == name) {
                faults.push(format!("no check `{name}`"));
            }
        }
    }
    faults
}

/// Whether a fault may be the machine's alone.
fn is_of_the_machine(run: &RunV1) -> bool {
    let invalid = || {
        let checks = run.trials.iter().flat_map(|trial| &trial.checks);
        checks.filter(|check| check.verdict == Verdict::Invalid)
    };
    invalid().any(|check| OF_THE_MACHINE.contains(&check.check.as_str()))
}

/// Plays a combination until the machine was not too busy for it.
fn play(combination: &Combination) -> Result<(), String> {
    let scenario = combination.scenario().expect("it was accepted");
    let options = options(combination.text());
    for attempt in 1.. {
        let results = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let begun = pushbench_runner::begin(&scenario, &options);
        let mut journal = Journal::begin(results.path(), &begun, 1).expect("a journal");
        let run = pushbench_runner::run(begun, &scenario, &options, &mut journal, &mut Unseen);
        let faults = faults(&run);
        if faults.is_empty() {
            return Ok(());
        }
        if attempt >= ATTEMPTS || !is_of_the_machine(&run) {
            return Err(format!("{combination:?}\n    {}", faults.join("\n    ")));
        }
    }
    unreachable!("the last attempt returns")
}

#[test]
fn every_combination_that_is_accepted_is_valid_and_balanced_and_as_modelled() {
    let combinations = combinations();
    assert!(combinations.len() >= 300, "only {} are accepted", combinations.len());
    let (busy, quiet): (Vec<_>, Vec<_>) =
        combinations.iter().partition(|combination| combination.shakes_hands());
    let found = Mutex::new(Vec::new());
    for (combinations, at_once) in [quiet, busy].into_iter().zip(AT_ONCE) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(combination) = combinations.get(place) else { return };
                        if let Err(faults) = play(combination) {
                            found.lock().expect("nobody panics with it").push(faults);
                        }
                    }
                });
            }
        });
    }
    let found = found.into_inner().expect("nobody panicked with it");
    assert!(
        found.is_empty(),
        "{} of {} combinations:\n{}",
        found.len(),
        combinations.len(),
        found.join("\n")
    );
}
