//! Rounds until a figure is known well enough: what came of the rounds so far decides whether there is
//! another. Pure.

use pushbench_compare::known_within;
use pushbench_protocol::figure;
use pushbench_scenario::{LEAST_ROUNDS, Scenario, Until};
use pushbench_store::{CellV1, KnownV2, RunV2, TrialV2, UntilEnding, UntilV2};

/// What the rounds wait for, before the first; `None` where their number is given.
pub(crate) fn begun(scenario: &Scenario) -> Option<UntilV2> {
    let Until { transport, figure, share, written } = scenario.until.clone()?;
    Some(UntilV2 {
        condition: written,
        transport,
        figure,
        share,
        at_most: scenario.workload.rounds.get(),
        rounds: 0,
        known: Vec::new(),
        ending: UntilEnding::Unfinished,
    })
}

/// The same after so many rounds, which the run has in full.
///
/// In a sweep the figure has to be known in every cell.
pub(crate) fn after_round(until: UntilV2, run: &RunV2, rounds: u32) -> UntilV2 {
    let cells = match run.scenario.cells.as_slice() {
        [] => vec![CellV1::new()],
        cells => cells.to_vec(),
    };
    let known = |cell: CellV1| {
        let is_its = |trial: &&TrialV2| trial.transport == until.transport && trial.cell == cell;
        let trials: Vec<_> = run.trials.iter().filter(is_its).collect();
        let within = figure::find(&until.figure).and_then(|figure| known_within(&figure, &trials));
        KnownV2 { cell, within }
    };
    let is_asked = rounds >= LEAST_ROUNDS;
    let known: Vec<_> = if is_asked { cells.into_iter().map(known).collect() } else { Vec::new() };
    let ending = ending(&until, &known, rounds);
    UntilV2 { rounds, known, ending, ..until }
}

/// Whether that was the last round, and why.
fn ending(until: &UntilV2, known: &[KnownV2], rounds: u32) -> UntilEnding {
    let is_near = |known: &KnownV2| known.within.is_some_and(|within| within <= until.share);
    if !known.is_empty() && known.iter().all(is_near) {
        UntilEnding::Known
    } else if rounds >= until.at_most {
        UntilEnding::AtMost
    } else {
        UntilEnding::Unfinished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_end_when_every_cell_is_known_well_enough_or_there_may_be_no_more() {
        let until = UntilV2 {
            condition: String::new(),
            transport: String::new(),
            figure: String::new(),
            share: 0.05,
            at_most: 9,
            rounds: 0,
            known: Vec::new(),
            ending: UntilEnding::Unfinished,
        };
        for (rounds, known, expected) in [
            (2, &[][..], UntilEnding::Unfinished),
            (3, &[Some(0.05)], UntilEnding::Known),
            (3, &[Some(0.051)], UntilEnding::Unfinished),
            (3, &[Some(0.01), Some(0.2)], UntilEnding::Unfinished),
            (3, &[Some(0.01), None], UntilEnding::Unfinished),
            (8, &[Some(0.01), Some(0.02)], UntilEnding::Known),
            (9, &[Some(0.01), Some(0.02)], UntilEnding::Known),
            (9, &[Some(0.01), Some(0.2)], UntilEnding::AtMost),
            (9, &[None], UntilEnding::AtMost),
        ] {
            let cells = known.iter().map(|within| KnownV2 { cell: CellV1::new(), within: *within });
            let cells: Vec<_> = cells.collect();
            assert_eq!(ending(&until, &cells, rounds), expected, "{rounds} {known:?}");
        }
    }
}
