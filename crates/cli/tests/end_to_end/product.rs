//! The product of all options: every combination that a scenario may have is played once, and is
//! valid, balanced and as modelled.
//!
//! Over pipes in memory, where nothing is late and every byte must be as modelled. What only a kernel
//! has, its own books and the ends of its connections, is looked at over sockets: one combination for
//! each kind on each carrier, and wherever connections come and go.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pushbench_load::Progress;
use pushbench_protocol::{
    Compression, ConnectionUse, Deliver, HttpVersion, PollTiming, ResponseProfile, TlsUse,
    TransportKind, Unchanged,
};
use pushbench_runner::{Observer, TrialNote};
use pushbench_scenario::{Scenario, Source, read};
use pushbench_server::ServerConfig;
use pushbench_store::{CheckV1, DisturbedV1, Journal, RunV2, TrialV2, Verdict};

use crate::piped;
use crate::support::OF_THE_MACHINE;

/// Trials at a time over sockets: they mostly wait.
const AT_ONCE: usize = 4;
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

    /// Whether the kernel has something of its own to say of it: one for each kind on each carrier in
    /// clear text, for each kind in TLS, and wherever each poll has a connection; all else as usual.
    fn is_of_the_kernel(&self) -> bool {
        let is_usual = self.deliver == Deliver::Every.label()
            && !self.lines.iter().any(|line| {
                line.starts_with("compression") && line != "compression = \"none\""
                    || line.starts_with("unchanged") && line != "unchanged = \"empty\""
                    || line.starts_with("timing") && line != "timing = \"schedule\""
            });
        let per_poll = self.has("connection = \"per-poll\"");
        let is_carrier = match self.has("http = \"2\"") {
            true => self.has("tls = \"none\""),
            false => !self.has("tls = \"resumed\""),
        };
        is_usual && (per_poll || is_carrier)
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

    fn floor(&mut self, _: TrialNote<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn trial_disturbed(&mut self, _: TrialNote<'_>, _: &DisturbedV1) {}

    fn trial_ends(&mut self, _: TrialNote<'_>, _: &TrialV2) {}
}

/// What is wrong with a trial's checks; empty if nothing is.
fn faults<'a>(checks: impl Iterator<Item = &'a CheckV1> + Clone) -> Vec<String> {
    let mut faults = Vec::new();
    for check in checks.clone() {
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
        if !checks.clone().any(|check| check.check == name) {
            faults.push(format!("no check `{name}`"));
        }
    }
    faults
}

/// Plays a combination over pipes; gives what is wrong with it.
fn play_piped(combination: &Combination) -> Vec<String> {
    let trial = piped::play(&combination.scenario().expect("it was accepted"));
    let mut found = faults(trial.checks.iter());
    found.extend(piped::faults(&trial));
    found
}

/// The same over sockets. How late the machine was is not judged, so that nothing has to be tried
/// again: the books balance whenever a trial is played. Where the machine was late, how many
/// messages a held poll finds depends on it, and so do the model's bytes: they are judged over pipes.
fn play_over_sockets(combination: &Combination) -> Vec<String> {
    let scenario = combination.scenario().expect("it was accepted");
    let options = piped::options(combination.text());
    let results = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let begun = pushbench_runner::begin(&scenario, &options);
    let mut journal = Journal::begin(results.path(), &begun, 1).expect("a journal");
    let run = pushbench_runner::run(begun, &scenario, &options, &mut journal, &mut Unseen);
    let RunV2 { failure, trials, .. } = &run;
    let [trial] = &trials[..] else { return vec![format!("{} trials: {failure:?}", trials.len())] };
    let is_of_the_machine = |check: &CheckV1| OF_THE_MACHINE.contains(&check.check.as_str());
    let was_late = trial.checks.iter().any(|check| {
        is_of_the_machine(check) && matches!(check.verdict, Verdict::Warning | Verdict::Invalid)
    });
    let mut checks = trial.checks.clone();
    checks.retain(|check| !is_of_the_machine(check));
    for check in &mut checks {
        if was_late && check.verdict == Verdict::Warning {
            check.verdict = Verdict::Ok;
        }
    }
    let mut found = faults(checks.iter());
    found.extend(failure.clone());
    let is_kernel = |pair: &str| pair == "client sockets = kernel";
    let mut pairs = trial.books.reconciliations.iter();
    if !pairs.any(|pair| is_kernel(&pair.pair) && pair.left > 0) {
        found.push("the kernel's books were not compared".to_owned());
    }
    found
}

/// Plays combinations, several at a time; every one that is at fault is named.
fn check(
    combinations: &[Combination],
    at_once: usize,
    play: impl Fn(&Combination) -> Vec<String> + Sync,
) {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(combination) = combinations.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let faults = play(combination);
                    if !faults.is_empty() {
                        let faults = format!("{combination:?}\n    {}", faults.join("\n    "));
                        found.lock().expect("nobody panics with it").push(faults);
                    }
                }
            });
        }
    });
    let found = found.into_inner().expect("nobody panicked with it");
    let (faulty, all) = (found.len(), combinations.len());
    assert!(found.is_empty(), "{faulty} of {all} combinations:\n{}", found.join("\n"));
}

#[test]
fn every_combination_that_is_accepted_is_valid_and_balanced_and_as_modelled() {
    let combinations = combinations();
    assert!(combinations.len() >= 300, "only {} are accepted", combinations.len());
    let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    check(&combinations, cores, play_piped);
}

#[test]
fn a_combination_for_each_carrier_is_so_over_sockets_and_the_kernel_agrees() {
    let mut combinations = combinations();
    combinations.retain(Combination::is_of_the_kernel);
    assert!((20..40).contains(&combinations.len()), "{} of them", combinations.len());
    check(&combinations, AT_ONCE, play_over_sockets);
}

#[test]
fn a_server_that_does_something_else_is_not_as_modelled() {
    let play = |kind: &str, more: &str, change: fn(&mut ServerConfig)| {
        let lines = [&format!("kind = \"{kind}\""), more].map(str::to_owned).to_vec();
        let combination = Combination { deliver: "every", lines };
        let scenario = combination.scenario().expect("it is accepted");
        let trial = piped::play_against(&scenario, 0, change);
        let mut found = faults(trial.checks.iter());
        found.extend(piped::faults(&trial));
        found
    };
    assert_eq!(play("websocket", "", |_| {}), [""; 0]);
    let found = play("websocket", "", |config| config.heartbeat = Some(Duration::from_millis(20)));
    assert!(found.iter().any(|fault| fault.starts_with("model-bytes")), "{found:?}");
    let interval = "interval = \"60ms\"";
    let found = play("short-poll", interval, |config| config.response = profile("minimal"));
    assert!(found.iter().any(|fault| fault.starts_with("model-bytes")), "{found:?}");
    let found = play("short-poll", interval, |config| config.deliver = Deliver::Latest);
    assert!(found.iter().any(|fault| fault.starts_with("deliveries")), "{found:?}");
}

fn profile(name: &str) -> ResponseProfile {
    ResponseProfile::built_in(name).expect("built in")
}
