//! The runs of one scenario on one machine, in the order of time: the course of each headline, and where
//! it changed.

use std::collections::BTreeSet;

use pushbench_protocol::figure;
use pushbench_store::{CellV1, RunStatus, RunV2, Verdict, rounds};

use crate::change::Change;
use crate::comparison::{compare, played, trials};
use crate::estimate::Shown;
use crate::family::{Family, HEADLINES};
use crate::objection::{About, Objection, Spoils};

/// Runs that may be set side by side, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// What they have in common.
    pub key: TrendKey,
    /// The runs that are complete and valid: their places among those that were given.
    pub runs: Vec<usize>,
    /// How many more there are that were aborted, failed or are invalid: nothing is drawn of them.
    pub left_out: usize,
    /// For each of the runs what, besides the programs, differs from the run before it and spoils
    /// figures; empty for the first.
    pub apart: Vec<Vec<Objection>>,
    /// The course of each headline that is not 0 throughout.
    pub lines: Vec<TrendLine>,
}

/// What runs must have in common for their figures to be one line.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TrendKey {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the processor; absent where a record does not say it.
    pub cpu: Option<String>,
    /// Cores that the processes may use; absent likewise.
    pub cores: Option<u32>,
    /// `loopback`, another link, or the target.
    pub link: String,
    /// Build profile.
    pub build: String,
}

/// One figure of one transport over the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendLine {
    /// The transport's name.
    pub transport: String,
    /// The swept settings; empty without a sweep.
    pub cell: CellV1,
    /// Name in the catalogue.
    pub figure: String,
    /// Over the rounds of each run, as its report shows it; `None` where it has none.
    pub points: Vec<Option<f64>>,
    /// Where it changed from the run before by the verdict of [`compare`](crate::compare()): place of the
    /// run, and the change.
    pub changes: Vec<(usize, Change)>,
}

impl Trend {
    /// For each run, whether a line begins anew: its figure could not be compared with that of the run before.
    pub fn breaks(&self, line: &TrendLine) -> Vec<bool> {
        let family = figure::find(&line.figure).map(|figure| Family::of(&figure));
        let spoils = |objection: &Objection| match objection.about {
            About::Transport => {
                objection.text.split_once(": ").is_some_and(|(of, _)| of == line.transport)
            }
            _ => family.is_some_and(|family| !objection.spoils.leaves(family)),
        };
        self.apart.iter().map(|objections| objections.iter().any(spoils)).collect()
    }
}

impl TrendKey {
    fn of(run: &RunV2) -> Self {
        Self {
            scenario: run.scenario.name.clone(),
            cpu: run.environment.cpu.clone(),
            cores: run.environment.cores,
            link: run.environment.link.clone(),
            build: run.environment.build.clone(),
        }
    }
}

/// The trends of runs, one for each scenario on each machine, in the order of their names.
pub fn trends(runs: &[&RunV2]) -> Vec<Trend> {
    let keys: BTreeSet<_> = runs.iter().map(|run| TrendKey::of(run)).collect();
    keys.into_iter().map(|key| trend(key, runs)).collect()
}

fn trend(key: TrendKey, all: &[&RunV2]) -> Trend {
    let mut of_key: Vec<_> =
        (0..all.len()).filter(|&place| TrendKey::of(all[place]) == key).collect();
    of_key.sort_by_key(|&place| (&all[place].started_at, &all[place].id));
    let count = of_key.len();
    let is_sound =
        |run: &RunV2| run.status == RunStatus::Completed && run.worst_verdict() != Verdict::Invalid;
    of_key.retain(|&place| is_sound(all[place]));
    let mut trend = Trend {
        key,
        left_out: count - of_key.len(),
        apart: Vec::with_capacity(of_key.len()),
        lines: Vec::new(),
        runs: of_key,
    };
    for (step, &place) in trend.runs.iter().enumerate() {
        let run = all[place];
        for (transport, cell) in played(run) {
            let trials = trials(run, &transport, &cell);
            for figure in HEADLINES {
                let value = rounds::measured(figure, trials.iter().copied());
                let Some(value) = value.map(|rounds| rounds.value) else { continue };
                let line = line(&mut trend.lines, &transport, &cell, figure);
                line.points.resize(step, None);
                line.points.push(Some(value));
            }
        }
        let before = step.checked_sub(1).map(|before| all[trend.runs[before]]);
        let apart = before.map(|before| step_to(run, before, step, &mut trend.lines));
        trend.apart.push(apart.unwrap_or_default());
    }
    for line in &mut trend.lines {
        line.points.resize(trend.runs.len(), None);
    }
    trend.lines.retain(|line| line.points.iter().flatten().any(|value| *value != 0.0));
    trend
}

/// Marks what changed from the run before; what differs besides.
fn step_to(run: &RunV2, before: &RunV2, step: usize, lines: &mut Vec<TrendLine>) -> Vec<Objection> {
    let comparison = compare(before, run, &BTreeSet::new());
    for pair in &comparison.pairs {
        for change in pair.headlines().filter(|change| change.shown() == Shown::Yes) {
            let line = line(lines, &pair.transport, &pair.cell, &change.figure);
            line.changes.push((step, change.clone()));
        }
    }
    let spoils = |objection: &Objection| {
        objection.spoils != Spoils::Nothing || objection.about == About::Transport
    };
    comparison.objections.into_iter().filter(spoils).collect()
}

/// The line of a figure, begun if there is none; of one transport the figures are in the order of
/// [`HEADLINES`].
fn line<'lines>(
    lines: &'lines mut Vec<TrendLine>,
    transport: &str,
    cell: &CellV1,
    figure: &str,
) -> &'lines mut TrendLine {
    let is_of = |line: &TrendLine| line.transport == transport && line.cell == *cell;
    let rank = |figure: &str| HEADLINES.iter().position(|known| *known == figure);
    let place = lines.iter().position(|line| is_of(line) && rank(&line.figure) >= rank(figure));
    let place = place.or_else(|| Some(lines.iter().rposition(is_of)? + 1)).unwrap_or(lines.len());
    if !lines.get(place).is_some_and(|line| is_of(line) && line.figure == figure) {
        let line = TrendLine {
            transport: transport.to_owned(),
            cell: cell.clone(),
            figure: figure.to_owned(),
            points: Vec::new(),
            changes: Vec::new(),
        };
        lines.insert(place, line);
    }
    &mut lines[place]
}
