//! How figures change with the settings that a sweep varies.

use pushbench_protocol::figure::{self, Unit};
use pushbench_store::{CellV1, RunV2, TransportV1};

use crate::figures::{measured, modelled};
use crate::layout::{Block, ColumnGroup, Folded, Row, Section, Table, Tone};
use crate::sections::advantage::ratios;
use crate::sections::grid::Grid;
use crate::sections::swept::short_name;
use crate::units::{ABSENT, scaled};

/// Transports whose columns fit beside each other.
const SIDE_BY_SIDE: usize = 3;

/// Combinations of which all figures can be read one below the other.
const MOST_CELLS: usize = 16;

/// What a curve is drawn of.
const CURVES: [(&str, &str); 7] = [
    ("Bytes on the wire per delivered message (layer 3)", "wire_bytes_per_delivery"),
    ("Bytes on the wire per client and second (layer 3)", "wire_bytes_per_client_second"),
    ("Header bytes per delivered message", "header_bytes_per_delivery"),
    ("Mean latency", "latency.mean"),
    ("Age, mean", "age_mean"),
    ("Server CPU per delivery", "server_cpu_per_delivery"),
    ("Server memory per connection, under load", "server_working_memory_per_connection"),
];

/// What else is drawn where something is compressed.
const OF_COMPRESSION: [(&str, &str); 2] = [
    ("Payload on the wire per delivered message", "payload_bytes_per_delivery"),
    ("Share of the payload that compression saves", "compression_saved"),
];

/// Titles and figures of a run's curves.
pub(crate) fn drawn(run: &RunV2) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_compressed = |transport| measured(run, transport, "compression_saved").is_some();
    let more: &[_] = if run.transports.iter().any(is_compressed) { &OF_COMPRESSION } else { &[] };
    CURVES.iter().chain(more).copied()
}

/// A cell's settings in full: `clients 100, payload.bytes 20`.
pub(crate) fn name_of(cell: &CellV1) -> String {
    let settings = cell.iter().map(|(name, value)| format!("{} {value}", short_name(name)));
    settings.collect::<Vec<_>>().join(", ")
}

/// The ratio of each transport and a table a curve; `None` without a sweep. Of a large sweep only
/// the first curve is to be seen at once.
pub(crate) fn curves(run: &RunV2) -> Option<Section> {
    let grid = Grid::of(run)?;
    let mut section = Section::new("The curve");
    section.blocks.extend(ratios(run, &grid));
    let tables = drawn(run).flat_map(|(title, name)| {
        let unit = figure::find(name).map_or(Unit::Count, |figure| figure.unit);
        let parts = run.transports.chunks(SIDE_BY_SIDE);
        let tables = parts.map(|transports| curve(&grid, transports, name, unit));
        tables.map(|table| (title, table)).collect::<Vec<_>>()
    });
    let is_large = grid.points().count() > MOST_CELLS;
    let (first, rest): (Vec<_>, Vec<_>) =
        tables.partition(|(title, _)| !is_large || *title == CURVES[0].0);
    for (title, table) in first {
        section.say(Tone::Strong, title);
        section.blocks.push(Block::Table(table));
    }
    if !rest.is_empty() {
        let mut titles: Vec<&str> = rest.iter().map(|(title, _)| *title).collect();
        titles.dedup();
        section.blocks.push(Block::Folded(Folded {
            summary: format!("Also recorded for every combination: {}", titles.join("; ")),
            tables: rest.into_iter().map(|(title, table)| (title.to_owned(), table)).collect(),
        }));
    }
    Some(section)
}

fn curve(grid: &Grid, transports: &[TransportV1], name: &str, unit: Unit) -> Table {
    let groups = transports.iter().map(|transport| ColumnGroup {
        title: transport.label.clone(),
        columns: vec!["measured".to_owned(), "model".to_owned()],
    });
    let mut rows = Vec::new();
    for line in &grid.lines {
        if grid.lines.len() > 1 {
            rows.push(Row::Heading(grid.called(&line.common)));
        }
        rows.extend(line.points.iter().map(|point| {
            let cells = transports.iter().flat_map(|transport| {
                let found = measured(&point.run, transport, name).map(|rounds| rounds.value);
                let predicted = modelled(&point.run, transport, name);
                let shown = |tone: Tone, value: Option<f64>| match value {
                    Some(value) => tone.span(scaled(unit, value)),
                    None => Tone::Faint.span(ABSENT),
                };
                [shown(Tone::Plain, found), shown(Tone::Faint, predicted)]
            });
            let label = Tone::Plain.span(grid.called_along(point));
            Row::Values { label, cells: cells.collect() }
        }));
    }
    Table { label: "with".to_owned(), groups: groups.collect(), rows }
}
