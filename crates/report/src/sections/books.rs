//! Whether the independent counts of every byte agree.

use pushbench_store::{ReconciliationV1, RunV2};

use crate::layout::{Section, Tone};
use crate::units::grouped;

/// One line if they do, else one for each pair that does not.
pub(crate) fn books(run: &RunV2) -> Section {
    let mut section = Section::new("Books");
    let comparisons = run.trials.iter().flat_map(|trial| {
        trial.books.reconciliations.iter().map(move |comparison| (trial, comparison))
    });
    // Nothing equals nothing whatever a witness is worth.
    let comparisons = comparisons.filter(|(_, pair)| pair.left.max(pair.right) > 0);
    let (balanced, apart): (Vec<_>, Vec<_>) =
        comparisons.partition(|(_, comparison)| comparison.left == comparison.right);
    // Two parts that are off by as much make up for each other in the whole.
    let is_shown = |transport: &str, round: u32, part: &ReconciliationV1| {
        let key =
            |of: &ReconciliationV1| (of.pair.clone(), of.phases.clone(), of.direction.clone());
        apart.iter().any(|(trial, whole)| {
            (trial.transport.as_str(), trial.round, key(whole)) == (transport, round, key(part))
        })
    };
    let of_parts = run
        .trials
        .iter()
        .flat_map(|trial| trial.books.unbalanced.iter().map(move |comparison| (trial, comparison)));
    let hidden: Vec<_> =
        of_parts.filter(|(trial, part)| !is_shown(&trial.transport, trial.round, part)).collect();
    let apart = [apart, hidden].concat();
    let count = balanced.len() + apart.len();
    if count == 0 {
        section.say(Tone::Warning, "No byte was compared between two sets of books.");
    } else if apart.is_empty() {
        let chain = chain(balanced.iter().map(|(_, comparison)| *comparison));
        section.say(
            Tone::Good,
            format!("The books balance to the byte: {chain}; {count} comparisons."),
        );
    } else {
        let failed = apart.len();
        section.say(
            Tone::Bad,
            format!("The books do not balance: {failed} of {count} comparisons failed."),
        );
        section.list(
            apart
                .into_iter()
                .map(|(trial, comparison)| {
                    vec![
                        Tone::Bad.span("APART"),
                        Tone::Plain.span(format!(
                            " {}, round {}: {}",
                            trial.transport,
                            trial.round,
                            difference(comparison)
                        )),
                    ]
                })
                .collect(),
        );
    }
    section
}

/// The names of all sets that were compared, in the order of their first mention.
fn chain<'run>(comparisons: impl Iterator<Item = &'run ReconciliationV1>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in comparisons.flat_map(|comparison| comparison.pair.split(" = ")) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" = ")
}

fn difference(comparison: &ReconciliationV1) -> String {
    let ReconciliationV1 { pair, phases, direction, left, right } = comparison;
    let shown = |bytes: u64| grouped(bytes as f64, 0);
    format!(
        "{pair} ({phases}, {direction}) is {} = {} B, {} B apart",
        shown(*left),
        shown(*right),
        shown(left.abs_diff(*right))
    )
}
