//! How many times the bytes of one transport another takes, over the cells of a sweep.

use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, modelled};
use crate::layout::{Block, ColumnGroup, Line, Row, Span, Table, Tone};
use crate::sections::grid::{self, Grid, Point};
use crate::units::{ABSENT, grouped};

/// The figure that is compared.
const BYTES: &str = "wire_bytes_per_delivery";
/// What model and measurement may differ by and still count as the same.
const SAME: f64 = 0.02;

/// What the others are held against: the first short poll, or else the first transport.
pub(crate) fn base(run: &RunV2) -> Option<&TransportV1> {
    let poll = run.transports.iter().find(|transport| is_poll(transport));
    poll.or_else(|| run.transports.first())
}

fn is_poll(transport: &TransportV1) -> bool {
    transport.kind.has_timer()
}

/// A transport and the one that it is held against.
pub(crate) struct Pair<'run> {
    pub(crate) base: &'run TransportV1,
    pub(crate) other: &'run TransportV1,
}

/// One for each transport but the base, which is a poll in the same TLS where there is one. First
/// those that do not poll, and the greatest advantage first.
pub(crate) fn pairs<'run>(run: &'run RunV2, grid: &Grid) -> Vec<Pair<'run>> {
    let Some(common) = base(run) else { return Vec::new() };
    let tls = |transport: &'run TransportV1| transport.options.get("tls");
    let pair = |other: &'run TransportV1| {
        let alike = run.transports.iter().find(|poll| is_poll(poll) && tls(poll) == tls(other));
        let base = alike.filter(|alike| alike.label != other.label).unwrap_or(common);
        (base.label != other.label).then_some(Pair { base, other })
    };
    let mut pairs: Vec<_> = run.transports.iter().filter_map(pair).collect();
    pairs.sort_by(|a, b| {
        let most = |pair: &Pair<'_>| {
            grid.points().filter_map(|point| pair.times(&point.run)).fold(0.0, f64::max)
        };
        is_poll(a.other).cmp(&is_poll(b.other)).then(most(b).total_cmp(&most(a)))
    });
    pairs
}

impl Pair<'_> {
    /// As ratios are written: `poll : websocket`.
    pub(crate) fn name(&self) -> String {
        format!("{} : {}", self.base.label, self.other.label)
    }

    /// Measured in a cell.
    pub(crate) fn times(&self, cell: &RunV2) -> Option<f64> {
        times(|transport| measured(cell, transport, BYTES).map(|rounds| rounds.value), self)
    }

    /// Modelled for a cell.
    pub(crate) fn modelled(&self, cell: &RunV2) -> Option<f64> {
        times(|transport| modelled(cell, transport, BYTES), self)
    }

    /// How far the model is from it; `None` where there is no model.
    fn beside_model(&self, grid: &Grid) -> Option<Line> {
        let off: Vec<(f64, &Point, f64, f64)> = grid
            .points()
            .filter_map(|point| {
                let (found, model) = (self.times(&point.run)?, self.modelled(&point.run)?);
                Some(((model / found - 1.0).abs(), point, found, model))
            })
            .collect();
        let far = off.iter().filter(|(off, ..)| *off > SAME).count();
        let (furthest, point, found, model) = off.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let text = match far {
            0 if *furthest < 5e-4 => "The model says the same.".to_owned(),
            0 => format!("The model says the same within {:.1}%.", furthest * 100.0),
            far => format!(
                "The model says the same within {:.0}% for {} of {}; furthest off is {}: {}, \
                 modelled {}.",
                SAME * 100.0,
                off.len() - far,
                off.len(),
                grid.called(&point.cell),
                precise(*found),
                precise(*model),
            ),
        };
        Some(vec![Tone::Faint.span(text)])
    }
}

fn times(bytes: impl Fn(&TransportV1) -> Option<f64>, pair: &Pair<'_>) -> Option<f64> {
    Some(bytes(pair.base)? / bytes(pair.other).filter(|few| *few > 0.0)?)
}

/// The ratio in every cell: a table each, or one for all if only one setting is varied.
pub(crate) fn ratios(run: &RunV2, grid: &Grid) -> Vec<Block> {
    let pairs = pairs(run, grid);
    let pairs: Vec<_> = pairs
        .iter()
        .filter(|pair| grid.points().any(|point| pair.times(&point.run).is_some()))
        .collect();
    let heading = |what: &str| {
        let text = format!("{what} (bytes on the wire per delivered message, layer 3)");
        Block::Paragraph(vec![Tone::Strong.span(text)])
    };
    if pairs.is_empty() {
        return Vec::new();
    }
    if let [line] = grid.lines.as_slice() {
        let table = side_by_side(&pairs, grid, line);
        return vec![heading("How many times as many"), Block::Table(table)];
    }
    let tables = pairs.iter().flat_map(|pair| {
        let blocks = [heading(&pair.name()), Block::Table(by_line(pair, grid))];
        blocks.into_iter().chain(pair.beside_model(grid).map(Block::Paragraph))
    });
    tables.collect()
}

/// All pairs at the points of one line; what there are fewer of is side by side.
fn side_by_side(pairs: &[&Pair<'_>], grid: &Grid, line: &grid::Line) -> Table {
    let columns = || vec!["measured".to_owned(), "model".to_owned()];
    let cells = |pair: &Pair<'_>, point: &Point| {
        let (found, model) = (pair.times(&point.run), pair.modelled(&point.run));
        [shown(Tone::Plain, found), shown(Tone::Faint, model)]
    };
    let (label, groups, rows): (_, Vec<String>, Vec<Row>) = if pairs.len() <= line.points.len() {
        let rows = line.points.iter().map(|point| Row::Values {
            label: Tone::Plain.span(grid.called_along(point)),
            cells: pairs.iter().flat_map(|pair| cells(pair, point)).collect(),
        });
        ("with", pairs.iter().map(|pair| pair.name()).collect(), rows.collect())
    } else {
        let rows = pairs.iter().map(|pair| Row::Values {
            label: Tone::Plain.span(pair.name()),
            cells: line.points.iter().flat_map(|point| cells(pair, point)).collect(),
        });
        ("", line.points.iter().map(|point| grid.called_along(point)).collect(), rows.collect())
    };
    let groups = groups.into_iter().map(|title| ColumnGroup { title, columns: columns() });
    Table { label: label.to_owned(), groups: groups.collect(), rows }
}

/// A row for each line, a column for each value along the axis.
fn by_line(pair: &Pair<'_>, grid: &Grid) -> Table {
    let groups = vec![ColumnGroup {
        title: grid.along.short_name().to_owned(),
        columns: grid.along.values.clone(),
    }];
    let rows = grid.lines.iter().map(|line| {
        let in_cell = |value: &String| {
            let mut points = line.points.iter();
            let point = points.find(|point| point.cell.get(&grid.along.name) == Some(value));
            shown(Tone::Plain, point.and_then(|point| pair.times(&point.run)))
        };
        Row::Values {
            label: Tone::Plain.span(grid.called(&line.common)),
            cells: grid.along.values.iter().map(in_cell).collect(),
        }
    });
    Table { label: "with".to_owned(), groups, rows: rows.collect() }
}

fn shown(tone: Tone, times: Option<f64>) -> Span {
    tone.span(times.map_or(ABSENT.to_owned(), precise))
}

/// With the digits that tell neighbours in a table apart.
fn precise(times: f64) -> String {
    match times {
        small if small < 9.995 => format!("{small:.2}"),
        middle if middle < 99.95 => format!("{middle:.1}"),
        large => grouped(large, 0),
    }
}
