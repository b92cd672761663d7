//! What else differs between two runs, and what that spoils.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use pushbench_protocol::unsaid_setting;
use pushbench_store::{EnvironmentV1, PlacementV2, RunStatus, RunV2, Verdict};
use serde::Serialize;

use crate::family::Family;
use crate::inputs::differing_files;

/// Something besides the programs that differs between two runs, or is wrong with one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Objection {
    /// What it is about.
    pub about: About,
    /// What it spoils, unless it is set aside.
    pub spoils: Spoils,
    /// Whether the user asked to compare despite it.
    pub set_aside: bool,
    /// What differs, from which to which.
    pub text: String,
}

/// What an objection is about: the name by which it can be set aside.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The work that was measured.
    Scenario,
    /// What one transport was told to do.
    Transport,
    /// A run that is invalid or did not complete.
    Validity,
    /// The link or the target, and how TCP is set up.
    Network,
    /// Processor, cores, memory.
    Machine,
    /// Which cores the processes ran on.
    Placement,
    /// Kernel.
    Kernel,
    /// Release or debug.
    Build,
    /// What is good to know.
    Note,
}

/// What an objection spoils.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoils {
    /// Nothing; it is said.
    Nothing,
    /// Times, CPU and memory; bytes are decided by the programs.
    Times,
    /// Every figure.
    Everything,
}

impl About {
    /// Those that can be set aside, in the order reports show them.
    pub const ALL: [Self; 8] = [
        Self::Scenario,
        Self::Transport,
        Self::Validity,
        Self::Network,
        Self::Machine,
        Self::Placement,
        Self::Kernel,
        Self::Build,
    ];

    /// Its name on the command line and in reports.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Transport => "transport",
            Self::Validity => "validity",
            Self::Network => "network",
            Self::Machine => "machine",
            Self::Placement => "placement",
            Self::Kernel => "kernel",
            Self::Build => "build",
            Self::Note => "note",
        }
    }

    /// The one of that name.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|about| about.label() == label)
    }
}

impl Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}

impl Spoils {
    /// Whether figures of this family may still be compared.
    pub fn leaves(self, family: Family) -> bool {
        match self {
            Self::Nothing => true,
            Self::Everything => false,
            Self::Times => match family {
                Family::Bytes | Family::Count => true,
                Family::Time | Family::Work | Family::Memory => false,
            },
        }
    }
}

/// Settings that may differ: they ask the question or say how often, and change no answer; or, `pin`,
/// what came of them is held against each other.
const HARMLESS: [&str; 8] = [
    "question",
    "workload.rounds",
    "workload.rounds.until",
    "workload.rounds.at_most",
    "pin",
    "find.from",
    "find.to",
    "find.precision",
];
/// What is said of a setting that one run alone has.
const NOT_SET: &str = "not set";
/// A difference of memory that is no other machine: what the kernel keeps for itself varies.
const SAME_MEMORY: f64 = 0.05;

/// Every objection to comparing two runs as a whole, the gravest first.
pub(crate) fn objections(base: &RunV2, new: &RunV2, despite: &BTreeSet<About>) -> Vec<Objection> {
    let mut found = Vec::new();
    let mut object = |about: About, spoils: Spoils, text: String| {
        let set_aside = despite.contains(&about);
        found.push(Objection { about, spoils, set_aside, text });
    };
    for (side, run) in [("base", base), ("new", new)] {
        if let Some(text) = wrong_with(run) {
            object(About::Validity, Spoils::Everything, format!("{side}: {text}"));
        }
    }
    for text in differing_settings(base, new) {
        object(About::Scenario, Spoils::Everything, text);
    }
    for text in differing_files(base, new) {
        object(About::Scenario, Spoils::Everything, text);
    }
    let (was, is) = (&base.environment, &new.environment);
    for text in network(was, is) {
        object(About::Network, Spoils::Everything, text);
    }
    for text in machine(was, is) {
        object(About::Machine, Spoils::Times, text);
    }
    let placed = [was, is].map(placed);
    if placed[0] != placed[1] {
        let text = format!("processes: {} and {}", placed[0], placed[1]);
        object(About::Placement, Spoils::Times, text);
    }
    if was.kernel != is.kernel {
        object(About::Kernel, Spoils::Times, differs("kernel", &was.kernel, &is.kernel));
    }
    if was.build != is.build {
        object(About::Build, Spoils::Times, format!("build: {} and {}", was.build, is.build));
    } else if !is.is_optimized() {
        let text = format!("both are {} builds: their times say nothing of a release", is.build);
        object(About::Note, Spoils::Nothing, text);
    }
    for text in notes(base, new) {
        object(About::Note, Spoils::Nothing, text);
    }
    found.sort_by_key(|objection| std::cmp::Reverse(objection.spoils));
    found
}

fn wrong_with(run: &RunV2) -> Option<String> {
    match run.status {
        RunStatus::Aborted => return Some("the run was aborted".to_owned()),
        RunStatus::Failed => return Some("the run failed".to_owned()),
        RunStatus::Completed => {}
    }
    let invalid = run.judged_trials().flat_map(|trial| {
        let checks = trial.checks.iter().filter(|check| check.verdict == Verdict::Invalid);
        checks.map(move |check| (trial, check))
    });
    let invalid: Vec<_> = invalid.collect();
    let (trial, check) = invalid.first()?;
    let more = match invalid.len() {
        1 => String::new(),
        count => format!("; and {} more", count - 1),
    };
    Some(format!(
        "the run is invalid: {}, round {}: {}{more}",
        trial.transport, trial.round, check.text
    ))
}

/// Settings of the workload, one text each; those of a transport are held against each other where
/// the transports are paired.
fn differing_settings(base: &RunV2, new: &RunV2) -> Vec<String> {
    // What one run alone asks is no difference between the rest of them.
    let is_in_both = |server: &str| {
        let adapter = format!("server.{server}.adapter");
        [base, new].iter().all(|run| run.scenario.settings.contains_key(&adapter))
    };
    // Nobody told a target what is in `[server]`.
    let is_at_target = [base, new].iter().any(|run| run.environment.is_target());
    let matters = |name: &str| {
        if let Some(name) = name.strip_prefix("server.")
            && !name.contains('.')
            && is_at_target
        {
            return false;
        }
        let of_server = name.strip_prefix("server.").and_then(|name| name.split_once('.'));
        !HARMLESS.contains(&name)
            && !name.starts_with("transport.")
            && of_server.is_none_or(|(server, _)| is_in_both(server))
    };
    differences([&base.scenario.settings, &new.scenario.settings], unsaid_setting, matters)
}

/// What differs between two sets of settings. One that a record does not say has the default that
/// `unsaid` gives, and is not set where there is none.
pub(crate) fn differences(
    sides: [&BTreeMap<String, String>; 2],
    unsaid: impl Fn(&str) -> Option<&'static str>,
    matters: impl Fn(&str) -> bool,
) -> Vec<String> {
    let names: BTreeSet<_> = sides.iter().flat_map(|side| side.keys()).collect();
    let names = names.into_iter().filter(|name| matters(name));
    let values = names.map(|name| {
        let value = |side: &BTreeMap<String, String>| match side.get(name) {
            Some(value) => value.clone(),
            None => unsaid(name).unwrap_or(NOT_SET).to_owned(),
        };
        (name, sides.map(value))
    });
    let differing = values.filter(|(_, [was, is])| was != is);
    differing.map(|(name, [was, is])| format!("{name}: {was} and {is}")).collect()
}

fn network(was: &EnvironmentV1, is: &EnvironmentV1) -> Vec<String> {
    let mut texts = Vec::new();
    if was.link != is.link {
        texts.push(format!("link: {} and {}", was.link, is.link));
    }
    if was.congestion_control != is.congestion_control {
        texts.push(differs("congestion control", &was.congestion_control, &is.congestion_control));
    }
    if was.tcp_timestamps != is.tcp_timestamps {
        texts.push(differs("TCP timestamps", &was.tcp_timestamps, &is.tcp_timestamps));
    }
    texts
}

fn machine(was: &EnvironmentV1, is: &EnvironmentV1) -> Vec<String> {
    let mut texts = Vec::new();
    if was.cpu != is.cpu {
        texts.push(differs("CPU", &was.cpu, &is.cpu));
    }
    if was.cores != is.cores {
        texts.push(differs("cores", &was.cores, &is.cores));
    }
    let memory = was.memory_bytes.zip(is.memory_bytes);
    if memory.is_some_and(|(was, is)| (is as f64 / was as f64 - 1.0).abs() > SAME_MEMORY) {
        texts.push(differs("memory in bytes", &was.memory_bytes, &is.memory_bytes));
    }
    texts
}

/// On which CPUs the processes ran; before that was kept, anywhere.
fn placed(environment: &EnvironmentV1) -> String {
    let placement = environment.placement.as_ref();
    placement.map_or_else(|| PlacementV2::ANYWHERE.to_owned(), PlacementV2::place)
}

fn notes(base: &RunV2, new: &RunV2) -> Vec<String> {
    let mut texts = Vec::new();
    if base.id == new.id {
        texts.push("both are the same run".to_owned());
    }
    if base.scenario.name != new.scenario.name {
        let (was, is) = (&base.scenario.name, &new.scenario.name);
        texts.push(format!("the scenario's file is named {was} and {is}"));
    }
    if base.environment.os != new.environment.os {
        texts.push(differs("system", &base.environment.os, &new.environment.os));
    }
    if base.tool.version != new.tool.version {
        let (was, is) = (&base.tool.version, &new.tool.version);
        texts.push(format!("pushbench: {was} and {is}"));
    }
    for (side, run) in [("base", base), ("new", new)] {
        let warned = run.trials.iter().filter(|trial| trial.worst_verdict() == Verdict::Warning);
        match warned.count() {
            0 => {}
            1 => texts.push(format!("{side}: 1 trial of {} has a warning", run.trials.len())),
            count => {
                texts.push(format!("{side}: {count} trials of {} have warnings", run.trials.len()));
            }
        }
    }
    texts
}

/// `name: was and is`; what a record does not say is `unknown`.
fn differs<T: Display>(name: &str, was: &Option<T>, is: &Option<T>) -> String {
    let shown = |value: &Option<T>| value.as_ref().map_or("unknown".to_owned(), T::to_string);
    format!("{name}: {} and {}", shown(was), shown(is))
}
