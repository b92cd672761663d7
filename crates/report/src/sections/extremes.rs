//! The answer of a sweep: where each transport has its smallest and its largest advantage.

use pushbench_store::RunV2;

use crate::layout::{ColumnGroup, Row, Table, Tone};
use crate::sections::advantage::{Pair, pairs};
use crate::sections::contest::listed;
use crate::sections::grid::{Grid, Point};
use crate::units::ratio;

/// A pair of transports with its smallest and its largest ratio, each with its cell.
struct Extremes<'g> {
    pair: Pair<'g>,
    least: (f64, &'g Point),
    most: (f64, &'g Point),
}

/// Those of every pair that has a ratio, in the order of [`pairs`].
fn extremes<'g>(run: &'g RunV2, grid: &'g Grid) -> Vec<Extremes<'g>> {
    let of = |pair: Pair<'g>| {
        let found = || grid.points().filter_map(|point| Some((pair.times(&point.run)?, point)));
        let least = found().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let most = found().max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(Extremes { pair, least, most })
    };
    pairs(run, grid).into_iter().filter_map(of).collect()
}

/// The first pair in one sentence; `None` without a sweep, or where there is nothing to compare.
pub(crate) fn sentence(run: &RunV2) -> Option<String> {
    let grid = Grid::of(run)?;
    let all = extremes(run, &grid);
    let first = all.first()?;
    let (least, most) = (ratio(first.least.0), ratio(first.most.0));
    let times = if least == most { most } else { format!("{least} to {most}") };
    let names = grid.names();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    Some(format!(
        "{} put {times} times as many bytes on the wire as {} per delivered message (layer 3, TCP/IP \
         headers included), depending on {}.",
        first.pair.base.label,
        first.pair.other.label,
        listed(&names),
    ))
}

/// Every pair, its smallest and its largest ratio, and the settings of each; `None` as above.
pub(crate) fn table(run: &RunV2) -> Option<Table> {
    let grid = Grid::of(run)?;
    let all = extremes(run, &grid);
    let rows = all.iter().map(|Extremes { pair, least, most }| {
        let cells = [least, most].into_iter().flat_map(|(times, point)| {
            [ratio(*times), grid.values_of(&point.cell)].map(|text| Tone::Plain.span(text))
        });
        Row::Values { label: Tone::Plain.span(pair.name()), cells: cells.collect() }
    });
    let rows: Vec<_> = rows.collect();
    let group = |title: &str| ColumnGroup {
        title: title.to_owned(),
        columns: vec!["times".to_owned(), "with".to_owned()],
    };
    let groups = vec![group("smallest"), group("largest")];
    (!rows.is_empty()).then(|| Table { label: "times as many bytes".to_owned(), groups, rows })
}
