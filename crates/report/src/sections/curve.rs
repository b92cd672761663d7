//! How figures change with the settings that a sweep varies.

use pushbench_protocol::TransportKind;
use pushbench_protocol::figure::{self, Unit};
use pushbench_store::{CellV1, RunV1, TransportV1};

use crate::figures::{measured, modelled};
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, ratio, scaled};

/// Transports whose columns fit beside each other.
const SIDE_BY_SIDE: usize = 3;

/// What a curve is drawn of.
const CURVES: [(&str, &str); 7] = [
    ("Bytes on the wire for each delivered message (layer 3)", "wire_bytes_per_delivery"),
    ("Bytes on the wire for each client and second (layer 3)", "wire_bytes_per_client_second"),
    ("Header bytes for each delivered message", "header_bytes_per_delivery"),
    ("Mean latency", "latency.mean"),
    ("Age of news, mean", "age_mean"),
    ("Server CPU for each delivery", "server_cpu_per_delivery"),
    ("Server memory for each connection", "server_memory_per_connection"),
];

/// What else is drawn where something is compressed: compressors are made with the first message.
const OF_COMPRESSION: [(&str, &str); 3] = [
    ("Payload on the wire for each delivered message", "payload_bytes_per_delivery"),
    ("Share of the payload that compressing saves", "compression_saved"),
    ("Server memory for each connection while it works", "server_working_memory_per_connection"),
];

/// Titles and figures of a run's curves.
pub(crate) fn drawn(run: &RunV1) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_compressed = |transport| measured(run, transport, "compression_saved").is_some();
    let more: &[_] = if run.transports.iter().any(is_compressed) { &OF_COMPRESSION } else { &[] };
    CURVES.iter().chain(more).copied()
}

/// A cell's settings as a reader wants them: `clients 100, payload.bytes 20`.
pub(crate) fn name_of(cell: &CellV1) -> String {
    let settings = cell.iter().map(|(name, value)| format!("{} {value}", short_name(name)));
    settings.collect::<Vec<_>>().join(", ")
}

/// A setting's name without the table that most are in.
pub(crate) fn short_name(name: &str) -> &str {
    name.strip_prefix("workload.").unwrap_or(name)
}

/// One table a curve; `None` without a sweep.
pub(crate) fn curves(run: &RunV1) -> Option<Section> {
    if run.scenario.cells.is_empty() || run.trials.is_empty() {
        return None;
    }
    let cells: Vec<_> =
        run.scenario.cells.iter().map(|cell| (name_of(cell), run.of_cell(cell))).collect();
    let mut section = Section::new("The curve");
    for (title, name) in drawn(run) {
        let unit = figure::find(name).map_or(Unit::Count, |figure| figure.unit);
        for transports in run.transports.chunks(SIDE_BY_SIDE) {
            section.say(Tone::Strong, title);
            section.blocks.push(Block::Table(curve(&cells, transports, name, unit)));
        }
    }
    Some(section)
}

fn curve(cells: &[(String, RunV1)], transports: &[TransportV1], name: &str, unit: Unit) -> Table {
    let groups = transports.iter().map(|transport| ColumnGroup {
        title: transport.label.clone(),
        columns: vec!["measured".to_owned(), "model".to_owned()],
    });
    let rows = cells.iter().map(|(label, run)| {
        let cells = transports.iter().flat_map(|transport| {
            let found = measured(run, transport, name).map(|rounds| rounds.median);
            let predicted = modelled(run, transport, name);
            let shown = |tone: Tone, value: Option<f64>| match value {
                Some(value) => tone.span(scaled(unit, value)),
                None => Tone::Faint.span(ABSENT),
            };
            [shown(Tone::Plain, found), shown(Tone::Faint, predicted)]
        });
        Row::Values { label: Tone::Plain.span(label), cells: cells.collect() }
    });
    Table { label: "with".to_owned(), groups: groups.collect(), rows: rows.collect() }
}

/// The smallest and the greatest advantage of each transport over the first short poll, or over
/// the first transport if none polls; one sentence each.
pub(crate) fn advantages(run: &RunV1) -> Vec<String> {
    let Some(base) = base(run) else { return Vec::new() };
    let others = run.transports.iter().filter(|transport| transport.label != base.label);
    others.filter_map(|other| advantage(run, base, other)).collect()
}

/// What the others are held against: the first short poll, or else the first transport.
pub(crate) fn base(run: &RunV1) -> Option<&TransportV1> {
    let poll = run.transports.iter().find(|transport| transport.kind == TransportKind::ShortPoll);
    poll.or_else(|| run.transports.first())
}

fn advantage(run: &RunV1, base: &TransportV1, other: &TransportV1) -> Option<String> {
    let bytes = |run: &RunV1, transport| {
        measured(run, transport, "wire_bytes_per_delivery").map(|rounds| rounds.median)
    };
    let mut times: Vec<(f64, String)> = run
        .scenario
        .cells
        .iter()
        .filter_map(|cell| {
            let part = run.of_cell(cell);
            Some((bytes(&part, base)? / bytes(&part, other)?, name_of(cell)))
        })
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ((least, least_at), (most, most_at)) = (times.first()?, times.last()?);
    let (base, other) = (&base.label, &other.label);
    Some(format!(
        "{base} put {} ({least_at}) to {} ({most_at}) times as many bytes on the wire as {other} \
         for each delivered message (layer 3, TCP/IP headers included).",
        ratio(*least),
        ratio(*most)
    ))
}
