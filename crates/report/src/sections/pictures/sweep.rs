//! Curves over what a sweep varies: each cost, and how many times as much polling costs.

use pushbench_protocol::figure::{self, Unit};
use pushbench_store::{RunV2, TransportV1};

use super::{note, section};
use crate::chart::{Axis, Chart, Curve, Curves, Picture, Scale};
use crate::figures::{measured, modelled};
use crate::layout::Section;
use crate::sections::advantage::{Pair, base, pairs};
use crate::sections::curve::drawn;
use crate::sections::grid::{Grid, Line};

/// Values that reach this many times the smallest are shown by their logarithm.
const WIDE: f64 = 20.0;
/// Lines that an eye can follow in one picture.
const MOST_LINES: usize = 16;

/// A curve for each figure; `None` without a sweep.
pub(crate) fn sweep(run: &RunV2) -> Option<Section> {
    let grid = Grid::of(run)?;
    let heading = format!("By {}", grid.along.short_name());
    let lines: Vec<_> = grid.lines.iter().collect();
    if lines.len() * run.transports.len() > MOST_LINES {
        return section(&heading, apart(run, &grid));
    }
    let sweep = Sweep { run, grid: &grid, lines };
    let mut charts = vec![sweep.ratio()];
    charts.extend(drawn(run).map(|(title, figure)| sweep.curve(title, figure)));
    section(&heading, charts)
}

/// Too many lines for one picture: the ratio alone, one picture for each pair of transports, or if
/// that is still too much, one for each combination. The tables have the rest.
fn apart(run: &RunV2, grid: &Grid) -> Vec<Chart> {
    if grid.lines.len() <= MOST_LINES {
        let sweep = Sweep { run, grid, lines: grid.lines.iter().collect() };
        return pairs(run, grid).iter().map(|pair| sweep.pair(pair)).collect();
    }
    let apart = grid.lines.iter().enumerate().map(|(place, line)| {
        let title = grid.called(&line.common);
        let mut chart = Sweep { run, grid, lines: vec![line] }.ratio();
        chart.title = format!("{}: {title}", chart.title);
        chart.name = format!("{}-{}", chart.name, place + 1);
        chart
    });
    apart.collect()
}

struct Sweep<'run> {
    run: &'run RunV2,
    grid: &'run Grid,
    lines: Vec<&'run Line>,
}

impl Sweep<'_> {
    fn curve(&self, title: &str, name: &str) -> Chart {
        let unit = figure::find(name).map_or(Unit::Count, |figure| figure.unit);
        let lines = self.lines(|cell, transport| {
            let found = measured(cell, transport, name).map(|rounds| rounds.value);
            [found, modelled(cell, transport, name)]
        });
        self.chart(&format!("sweep-{}", name.replace(['.', '_'], "-")), title, unit, lines)
    }

    /// How many times the bytes of each transport the first short poll takes.
    fn ratio(&self) -> Chart {
        let base = base(self.run);
        let lines = self.lines(|cell, transport| {
            let Some(base) = base.filter(|base| base.label != transport.label) else {
                return [None, None];
            };
            let pair = Pair { base, other: transport };
            [pair.times(cell), pair.modelled(cell)]
        });
        let label = base.map_or("", |base| base.label.as_str());
        let title = format!("How many times as many bytes {label} puts on the wire");
        self.chart("sweep-ratio", &title, Unit::Count, lines)
    }

    /// How many times the bytes of one transport another takes, a line for each combination.
    fn pair(&self, pair: &Pair<'_>) -> Chart {
        let points = |line: &Line, times: &dyn Fn(&RunV2) -> Option<f64>| {
            line.points.iter().filter_map(|at| Some((at.place, times(&at.run)?))).collect()
        };
        let curves = self.lines.iter().map(|line| Curve {
            label: self.grid.briefly(line),
            measured: points(line, &|cell| pair.times(cell)),
            model: points(line, &|cell| pair.modelled(cell)),
        });
        let title = format!("{}: bytes on the wire per delivered message", pair.name());
        let name = format!("sweep-{}-{}", pair.base.label, pair.other.label);
        let mut chart = self.chart(&name, &title, Unit::Count, curves.collect());
        chart.notes.push(note(format!("Lines are named by: {}.", self.grid.shared_words())));
        chart
    }

    fn lines(&self, values: impl Fn(&RunV2, &TransportV1) -> [Option<f64>; 2]) -> Vec<Curve> {
        let mut curves = Vec::new();
        for transport in &self.run.transports {
            for line in &self.lines {
                let points: Vec<_> = line
                    .points
                    .iter()
                    .map(|point| (point.place, values(&point.run, transport)))
                    .collect();
                let of = |which: usize| {
                    points.iter().filter_map(|(x, values)| Some((*x, values[which]?))).collect()
                };
                // One line alone has what its cells have in common in the title.
                let label = match self.lines.as_slice() {
                    [_] => transport.label.clone(),
                    _ => format!("{}, {}", transport.label, self.grid.called(&line.common)),
                };
                curves.push(Curve { label, measured: of(0), model: of(1) });
            }
        }
        curves
    }

    fn chart(&self, name: &str, title: &str, unit: Unit, lines: Vec<Curve>) -> Chart {
        let found = || lines.iter().flat_map(|line| line.measured.iter().chain(&line.model));
        let scale = scale_of(found().map(|point| point.1));
        // What the model calls nothing has no place on an axis of logarithms.
        let lines = lines.into_iter().map(|line| Curve {
            model: line.model.into_iter().filter(|p| scale != Scale::Log || p.1 > 0.0).collect(),
            ..line
        });
        let x = Axis {
            title: self.grid.along.short_name().to_owned(),
            unit: self.grid.along.numbers.as_ref().map_or(Unit::Count, |(unit, _)| *unit),
            scale: match &self.grid.along.numbers {
                Some((_, numbers)) => scale_of(numbers.iter().copied()),
                None => Scale::Names(self.grid.along.values.clone()),
            },
        };
        let mut notes = vec![note("Dots are measured, over all rounds.")];
        let lines: Vec<_> = lines.collect();
        if lines.iter().any(|line| !line.model.is_empty()) {
            notes.push(note("Circles are what the model predicts."));
        }
        let y = Axis { title: title.to_owned(), unit, scale };
        Chart {
            name: name.to_owned(),
            title: title.to_owned(),
            picture: Picture::Curves(Curves { x, y, lines }),
            notes,
        }
    }
}

fn scale_of(values: impl Iterator<Item = f64> + Clone) -> Scale {
    let values = values.filter(|value| value.is_finite());
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    if least > 0.0 && most / least >= WIDE { Scale::Log } else { Scale::Linear }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_far_apart_lie_by_their_logarithm_unless_one_is_nothing() {
        assert_eq!(scale_of([20.0, 10_000.0].into_iter()), Scale::Log);
        assert_eq!(scale_of([1.0, 2.0].into_iter()), Scale::Linear);
        assert_eq!(scale_of([0.0, 10_000.0].into_iter()), Scale::Linear);
        assert_eq!(scale_of(std::iter::empty()), Scale::Linear);
    }
}
