//! Two runs, paired by transport and cell.

use std::collections::BTreeSet;

use pushbench_protocol::{counted, figure, unsaid_option};
use pushbench_stats::holm;
use pushbench_store::{CellV1, RunStatus, RunV2, TrialV2, Verdict};
use serde::Serialize;

use crate::change::{Change, Found, Untold};
use crate::estimate::Shown;
use crate::family::{Family, HEADLINES};
use crate::finds::{FindChange, finds};
use crate::objection::{About, Objection, Spoils, differences, objections};
use crate::{CONFIDENCE, EXACT_ROUNDS, INTERVAL_ROUNDS};

/// What changed between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The run that is compared with.
    pub base: RunNote,
    /// The run that is judged.
    pub new: RunNote,
    /// What else differs, and what is wrong.
    pub objections: Vec<Objection>,
    /// What only one of the runs has.
    pub unpaired: Vec<Unpaired>,
    /// The largest amounts of work that both found; absent without searches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finds: Vec<FindChange>,
    /// What was compared.
    pub pairs: Vec<Pair>,
}

/// What to know of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunNote {
    /// Its name.
    pub id: String,
    /// When it started, RFC 3339, UTC.
    pub started_at: String,
    /// Name of its scenario.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// Rounds that were played.
    pub rounds: u32,
    /// Its build.
    pub build: String,
    /// How it ended.
    pub status: RunStatus,
    /// What its checks say.
    pub verdict: Verdict,
}

/// One transport, in one cell where settings were swept, in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The transport's name.
    pub transport: String,
    /// The swept settings; empty without a sweep.
    #[serde(skip_serializing_if = "CellV1::is_empty")]
    pub cell: CellV1,
    /// Each figure that both have, in the order of the catalogue.
    pub changes: Vec<Change>,
}

/// A transport, or a cell of it, that only one of the runs has.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Unpaired {
    /// The transport's name.
    pub transport: String,
    /// The swept settings; empty without a sweep.
    #[serde(skip_serializing_if = "CellV1::is_empty")]
    pub cell: CellV1,
    /// Which run has it.
    pub only_in: Side,
}

/// One of the two runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The run that is compared with.
    Base,
    /// The run that is judged.
    New,
}

/// Compares two runs, despite what is named in `despite`.
pub fn compare(base: &RunV2, new: &RunV2, despite: &BTreeSet<About>) -> Comparison {
    let mut objections = objections(base, new, despite);
    let spoils = spoiled(&objections);
    let set_aside = despite.contains(&About::Transport);
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    for (transport, cell) in played(base) {
        let [was, is] = [base, new].map(|run| trials(run, &transport, &cell));
        if is.is_empty() {
            unpaired.push(Unpaired { transport, cell, only_in: Side::Base });
            continue;
        }
        let texts = differing_options(base, new, &transport);
        // Said of its transport alone: the others are compared.
        let spoils = if texts.is_empty() || set_aside { spoils } else { Spoils::Everything };
        for text in texts {
            let text = format!("{transport}: {text}");
            if !objections.iter().any(|known| known.text == text) {
                let about = About::Transport;
                objections.push(Objection { about, spoils: Spoils::Nothing, set_aside, text });
            }
        }
        pairs.push(Pair { changes: changes(&was, &is, spoils), transport, cell });
    }
    for (transport, cell) in played(new) {
        if trials(base, &transport, &cell).is_empty() {
            unpaired.push(Unpaired { transport, cell, only_in: Side::New });
        }
    }
    mark(&mut pairs);
    let finds = finds(base, new, spoils == Spoils::Nothing);
    Comparison { base: note(base), new: note(new), objections, unpaired, finds, pairs }
}

impl Comparison {
    /// Whether any figure was judged at all.
    pub fn is_comparable(&self) -> bool {
        let mut changes = self.pairs.iter().flat_map(|pair| &pair.changes);
        changes.any(|change| !matches!(change.found, Found::None { .. }))
            || self.finds.iter().any(|find| find.ratio.is_some())
    }
}

impl Comparison {
    /// Why no figure was judged; `None` if one was.
    pub fn why_not(&self) -> Option<String> {
        if self.is_comparable() {
            return None;
        }
        let mut standing = self.objections.iter().filter(|objection| !objection.set_aside);
        let spoilt = standing.any(|objection| objection.spoils == Spoils::Everything);
        let reasons = || {
            let changes = self.pairs.iter().flat_map(|pair| &pair.changes);
            changes.filter_map(|change| match change.found {
                Found::None { reason } => Some(reason),
                Found::Same | Found::Exact { .. } | Found::OneSided { .. } | Found::Interval(_) => {
                    None
                }
            })
        };
        Some(if spoilt {
            "what is listed below spoils every figure".to_owned()
        } else if self.pairs.is_empty() {
            "no transport was played in both runs".to_owned()
        } else if reasons().any(|reason| reason == Untold::TooFewRounds) {
            format!(
                "base has {} and new has {}, and it takes {EXACT_ROUNDS} of each to show that bytes or \
                 counts differ, {INTERVAL_ROUNDS} to judge times by an interval: raise workload.rounds",
                counted(self.base.rounds.into(), "round"),
                counted(self.new.rounds.into(), "round")
            )
        } else if reasons().any(|reason| reason == Untold::NotComparable) {
            "what differs leaves no figure that may be compared".to_owned()
        } else {
            "no figure is in both runs".to_owned()
        })
    }
}

impl Pair {
    /// A figure of it.
    pub fn change(&self, figure: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.figure == figure)
    }

    /// Those that a report shows, in its order.
    pub fn headlines(&self) -> impl Iterator<Item = &Change> {
        HEADLINES.iter().filter_map(|figure| self.change(figure))
    }
}

fn spoiled(objections: &[Objection]) -> Spoils {
    let standing = objections.iter().filter(|objection| !objection.set_aside);
    standing.map(|objection| objection.spoils).max().unwrap_or(Spoils::Nothing)
}

/// Each transport in each cell that it was played in, in the order reports show them.
pub(crate) fn played(run: &RunV2) -> Vec<(String, CellV1)> {
    let mut played: Vec<(String, CellV1)> = Vec::new();
    for trial in &run.trials {
        let key = (trial.transport.clone(), trial.cell.clone());
        if !played.contains(&key) {
            played.push(key);
        }
    }
    let transport = |label: &str| run.transports.iter().position(|known| known.label == label);
    let cell = |cell: &CellV1| run.scenario.cells.iter().position(|known| known == cell);
    played.sort_by_key(|(label, settings)| (transport(label), cell(settings)));
    played
}

fn differing_options(base: &RunV2, new: &RunV2, label: &str) -> Vec<String> {
    let of = |run: &RunV2| run.transports.iter().find(|known| known.label == label).cloned();
    let Some((was, is)) = of(base).zip(of(new)) else { return Vec::new() };
    let mut texts = differences([&was.options, &is.options], unsaid_option, |_| true);
    if was.kind != is.kind {
        texts.push(format!("kind: {} and {}", was.kind, is.kind));
    }
    texts
}

pub(crate) fn trials<'run>(run: &'run RunV2, label: &str, cell: &CellV1) -> Vec<&'run TrialV2> {
    let trials = run.trials.iter();
    trials.filter(|trial| trial.transport == label && trial.cell == *cell).collect()
}

fn changes(base: &[&TrialV2], new: &[&TrialV2], spoils: Spoils) -> Vec<Change> {
    let figures = figure::all().into_iter();
    let changes = figures
        .filter_map(|figure| Change::of(&figure, base, new, spoils.leaves(Family::of(&figure))));
    changes.collect()
}

/// What may be said of each headline, given how many there are.
fn mark(pairs: &mut [Pair]) {
    let mut estimates: Vec<_> = pairs
        .iter_mut()
        .flat_map(|pair| &mut pair.changes)
        .filter(|change| HEADLINES.contains(&change.figure.as_str()))
        .filter_map(|change| match &mut change.found {
            Found::Interval(estimate) => Some(estimate),
            Found::Same | Found::Exact { .. } | Found::OneSided { .. } | Found::None { .. } => None,
        })
        .collect();
    let p_values: Vec<_> = estimates.iter().map(|estimate| estimate.p).collect();
    for (estimate, p) in estimates.iter_mut().zip(holm(&p_values)) {
        if estimate.shown == Shown::Perhaps && p <= 1.0 - CONFIDENCE {
            estimate.shown = Shown::Yes;
        }
    }
}

fn note(run: &RunV2) -> RunNote {
    RunNote {
        id: run.id.clone(),
        started_at: run.started_at.clone(),
        scenario: run.scenario.name.clone(),
        question: run.scenario.question.clone(),
        rounds: run.trials.iter().map(|trial| trial.round).max().unwrap_or(0),
        build: run.environment.build.clone(),
        status: run.status,
        verdict: run.worst_verdict(),
    }
}
