//! What a run or a comparison was held to, one by one, for programs that collect verdicts: JUnit's XML, which
//! most of them read, and annotations of GitHub's workflows.

mod annotations;
mod junit;

use pushbench_compare::{Gate, Judged, Judgement};
use pushbench_store::{RunStatus, RunV2, TrialV2, Verdict};

use crate::comparison_report::{Compared, judged_line};
use crate::layout::Line;
use crate::sections::curve::name_of;
use crate::sections::expectations::expectation_line;
use crate::sections::swept::swept;

pub use annotations::annotations;
pub use junit::junit;

/// One thing that something was held to, and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// What it is part of: a trial, the expectations of a scenario, a comparison.
    pub suite: String,
    /// What it is called there.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
    /// One line for people.
    pub text: String,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It held.
    Passed,
    /// It held, with something to look at.
    Warned,
    /// It did not.
    Failed,
    /// It could not be looked at.
    Skipped,
}

/// Every check of every trial, every expectation, and whether the run came to its end.
pub fn held_of_run(run: &RunV2) -> Vec<Held> {
    let mut all: Vec<_> = run.trials.iter().flat_map(|trial| of_trial(run, trial)).collect();
    let settings = swept(run);
    all.extend(run.expectations.iter().map(|expectation| Held {
        suite: format!("{}, expectations", run.scenario.name),
        name: with_cell(
            format!("{} {}", expectation.figure, expectation.condition),
            &name_of(&expectation.cell),
        ),
        outcome: if expectation.held { Outcome::Passed } else { Outcome::Failed },
        text: said(&expectation_line(run, &settings, expectation)),
    }));
    let (outcome, text) = match run.status {
        RunStatus::Completed => (Outcome::Passed, "the run came to its end".to_owned()),
        RunStatus::Aborted => (Outcome::Failed, "the run was ended before its end".to_owned()),
        RunStatus::Failed => {
            let reason = run.failure.as_deref().unwrap_or("no reason is recorded");
            (Outcome::Failed, format!("the run could not go on: {reason}"))
        }
    };
    all.push(Held {
        suite: run.scenario.name.clone(),
        name: "comes to its end".to_owned(),
        outcome,
        text,
    });
    all
}

fn of_trial<'run>(run: &'run RunV2, trial: &'run TrialV2) -> impl Iterator<Item = Held> + 'run {
    let transport = with_cell(trial.transport.clone(), &name_of(&trial.cell));
    let suite = format!("{}, {transport}, round {}", run.scenario.name, trial.round);
    trial.checks.iter().map(move |check| Held {
        suite: suite.clone(),
        name: check.check.clone(),
        outcome: match check.verdict {
            Verdict::Ok => Outcome::Passed,
            Verdict::Warning => Outcome::Warned,
            Verdict::Invalid => Outcome::Failed,
            Verdict::NotChecked => Outcome::Skipped,
        },
        text: check.text.clone(),
    })
}

/// Whether each comparison could be made, and every figure that a condition watches.
pub fn held_of_comparisons(compared: &[Compared]) -> Vec<Held> {
    let of_one = |Compared { comparison, gate }: &Compared| {
        let suite = format!("{} against {}", comparison.new.id, comparison.base.id);
        let (outcome, text) = match comparison.why_not() {
            None => (Outcome::Passed, "the runs can be compared".to_owned()),
            Some(why) => (Outcome::Failed, format!("nothing could be compared: {why}")),
        };
        let first =
            Held { suite: suite.clone(), name: "can be compared".to_owned(), outcome, text };
        let judged = gate.iter().flat_map(|gate: &Gate| &gate.judged);
        let judged = judged.map(move |judged| of_judged(suite.clone(), judged));
        std::iter::once(first).chain(judged).collect::<Vec<_>>()
    };
    compared.iter().flat_map(of_one).collect()
}

fn of_judged(suite: String, judged: &Judged) -> Held {
    let figure = format!("{}.{}", judged.transport, judged.figure);
    Held {
        suite,
        name: format!("{} ({})", with_cell(figure, &name_of(&judged.cell)), judged.condition),
        outcome: match judged.judgement {
            Judgement::Passed => Outcome::Passed,
            Judgement::Unsure => Outcome::Warned,
            Judgement::Regression => Outcome::Failed,
            Judgement::NotJudged => Outcome::Skipped,
        },
        text: said(&judged_line(judged)),
    }
}

fn with_cell(name: String, cell: &str) -> String {
    if cell.is_empty() { name } else { format!("{name} with {cell}") }
}

/// A line without its first word, which says the outcome.
fn said(line: &Line) -> String {
    let text: String = line.iter().skip(1).map(|span| span.text.as_str()).collect();
    text.trim().to_owned()
}
