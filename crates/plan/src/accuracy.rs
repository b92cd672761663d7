//! How far the model was from what was measured, in the records of earlier runs.
//!
//! A record says how many messages there really were. Where arrivals are random, fewer or more may
//! have come than the scenario's mean, and no model of bytes is to blame for that: each trial is
//! planned anew with the messages that came, by today's model, and held against what was counted
//! then.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use pushbench_protocol::{Phase, TransportKind, Unchanged};
use pushbench_scenario::{Rate, Scenario, Source, Transport, TransportSettings, read};
use pushbench_stats::Rounds;
use pushbench_store::{RunStatus, TrialV2, Verdict};
use serde::Serialize;

use crate::borrowed::Record;

/// What is compared: the catalogue's name, and what people call it.
const COMPARED: [(&str, &str); 4] = [
    ("wire_bytes_per_delivery", "wire bytes per delivery"),
    ("idle_wire_bytes_per_client_hour", "wire bytes per idle hour"),
    ("latency.mean", "latency mean"),
    ("latency.p95", "latency p95"),
];
/// Share of polls answered "nothing yet" beyond which a run says little about a server that has run
/// for long.
const MOST_BEFORE_MESSAGES: f64 = 0.01;

/// One figure of one trial, as planned and as measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The record it is from.
    pub from: String,
    /// Label of the transport.
    pub transport: String,
    /// Its kind.
    pub kind: TransportKind,
    /// The trial's round, from 1.
    pub round: u32,
    /// Name of the figure.
    pub figure: &'static str,
    /// What the model says.
    pub modelled: f64,
    /// What was measured.
    pub measured: f64,
}

/// How far the model was from all trials of one kind of transport.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// The kind.
    pub kind: TransportKind,
    /// Name of the figure.
    pub figure: &'static str,
    /// What people call it.
    #[serde(skip)]
    pub name: &'static str,
    /// Trials that were compared.
    pub trials: usize,
    /// Median of the distances, as a share.
    pub median: f64,
    /// The farthest.
    pub worst: Deviation,
}

/// How far one trial was off, and which.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deviation {
    /// Measured over modelled, less one.
    pub share: f64,
    /// The record it is from.
    pub from: String,
    /// Label of the transport.
    pub transport: String,
}

/// A record, or a transport of it, that could not be compared.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct LeftOut {
    /// Which.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Compared {
    /// Measured over modelled, less one.
    pub fn share(&self) -> f64 {
        self.measured / self.modelled - 1.0
    }
}

/// A model that may look at the trial it is to be held against: at its link, not at its result. The
/// number is how many messages a second came in each topic.
pub type PredictTrial<'a> =
    &'a dyn Fn(&Scenario, &Transport, &Record, &TrialV2, f64) -> BTreeMap<String, f64>;

/// The newest record of each scenario that is complete and has no invalid trial; where there is none,
/// the newest that is complete, and then the newest.
pub fn newest_valid(records: &[Record]) -> Vec<&Record> {
    let mut best: BTreeMap<&str, &Record> = BTreeMap::new();
    let key = |record: &Record| {
        let is_complete = record.run.status == RunStatus::Completed;
        let is_valid = record.run.worst_verdict() != Verdict::Invalid;
        // RFC 3339 in UTC sorts as time does.
        (is_complete, is_valid, record.run.started_at.clone())
    };
    for record in records {
        let best = best.entry(&record.run.scenario.name).or_insert(record);
        if key(record) > key(best) {
            *best = record;
        }
    }
    best.into_values().collect()
}

/// Plans each trial of the records with the messages that came and gives what was measured beside it.
pub fn compare(records: &[&Record], predict: PredictTrial<'_>) -> (Vec<Compared>, Vec<LeftOut>) {
    let (mut compared, mut left_out) = (Vec::new(), Vec::new());
    for record in records {
        let mut leave_out = |what: String, why: &str| {
            left_out.push(LeftOut { what, why: why.to_owned() });
        };
        if record.run.status != RunStatus::Completed {
            leave_out(record.path.clone(), "the run did not complete");
            continue;
        }
        let Some(scenario) = scenario(record) else {
            leave_out(record.path.clone(), "its scenario cannot be read again");
            continue;
        };
        for trial in &record.run.trials {
            let what = || format!("{}, {}", record.path, trial.transport);
            if trial.worst_verdict() == Verdict::Invalid {
                leave_out(what(), "a trial is invalid");
                continue;
            }
            let Some((scenario, transport)) = planned(&scenario, trial) else {
                leave_out(what(), "its scenario has no such transport or cell");
                continue;
            };
            if let Some(why) = transport.without_model() {
                leave_out(what(), why);
                continue;
            }
            if is_before_messages(transport.settings, trial) {
                leave_out(
                    what(),
                    "most topics had no message yet, so there was nothing to send again",
                );
                continue;
            }
            let rate = match trial.counts.published {
                0 => 0.0,
                _ => scenario.workload.publish.rate.per_second(),
            };
            let modelled = predict(&scenario, &transport, record, trial, rate);
            for (figure, _) in COMPARED {
                let found = modelled.get(figure).zip(trial.figures.get(figure));
                let Some((&modelled, &measured)) = found else { continue };
                compared.push(Compared {
                    from: record.path.clone(),
                    transport: trial.transport.clone(),
                    kind: transport.settings.kind(),
                    round: trial.round,
                    figure,
                    modelled,
                    measured,
                });
            }
        }
    }
    left_out.sort();
    left_out.dedup();
    (compared, left_out)
}

/// Median and worst of what was compared, by kind and figure.
pub fn accuracy(compared: &[Compared]) -> Vec<Accuracy> {
    let mut all = Vec::new();
    for (figure, name) in COMPARED {
        for &kind in TransportKind::ALL {
            let of: Vec<_> =
                compared.iter().filter(|c| c.figure == figure && c.kind == kind).collect();
            let distances: Vec<_> = of.iter().map(|compared| compared.share().abs()).collect();
            let worst = of.iter().max_by(|a, b| a.share().abs().total_cmp(&b.share().abs()));
            let Some((rounds, worst)) = Rounds::of(&distances).zip(worst) else { continue };
            all.push(Accuracy {
                kind,
                figure,
                name,
                trials: of.len(),
                median: rounds.value,
                worst: Deviation {
                    share: worst.share(),
                    from: worst.from.clone(),
                    transport: worst.transport.clone(),
                },
            });
        }
    }
    all
}

/// The scenario of a record, from its own text.
fn scenario(record: &Record) -> Option<Scenario> {
    let recorded = &record.run.scenario;
    let given = |flag: &str| -> Vec<String> {
        let given = recorded.overrides.iter().filter_map(|text| text.strip_prefix(flag));
        given.map(|value| value.trim().to_owned()).collect()
    };
    let (overrides, only) = (given("--set "), given("--only "));
    let path = format!("{}.toml", recorded.name);
    let of_record = |path: &Path| {
        let mut files = recorded.files.iter();
        let file = files.find(|file| Path::new(&file.path) == path);
        let text = file.and_then(|file| file.text.clone()).map(String::into_bytes);
        text.ok_or_else(|| std::io::Error::other(format!("{} is not on record", path.display())))
    };
    let source = Source {
        path: Path::new(&path),
        text: &recorded.file,
        overrides: &overrides,
        only: &only,
        read_file: &of_record,
    };
    read(&source).ok()
}

/// The scenario of a trial with the messages that arrived, and its transport.
fn planned(scenario: &Scenario, trial: &TrialV2) -> Option<(Scenario, Transport)> {
    let mut cells = scenario.cells.iter();
    let of_cell = if trial.cell.is_empty() {
        scenario
    } else {
        &cells.find(|cell| cell.settings == trial.cell)?.scenario
    };
    let mut transports = of_cell.transports.iter();
    let transport = transports.find(|transport| transport.label == trial.transport)?.clone();
    let mut planned = of_cell.clone();
    let measure = trial.phase_seconds.get(&Phase::Measure).map(|_| planned.workload.measure)?;
    // Of a phase without news the scenario's own rate is the right one: none is due in it.
    if let Some(count) = NonZeroU32::new(u32::try_from(trial.counts.published).ok()?) {
        let per: Duration = measure.checked_mul(planned.workload.topics.get())?;
        planned.workload.publish.rate = Rate { count, per };
    }
    Some((planned, transport))
}

/// Whether much of a run of "send it again" was before there was anything to send.
fn is_before_messages(settings: TransportSettings, trial: &TrialV2) -> bool {
    let resends = settings.timer().is_some_and(|poll| poll.unchanged == Unchanged::Resend);
    let nothing = trial.counts.answers.get(&204).copied().unwrap_or(0) as f64;
    resends && nothing > MOST_BEFORE_MESSAGES * trial.counts.polls as f64
}
