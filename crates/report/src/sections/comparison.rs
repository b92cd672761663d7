//! The transports side by side, measured beside modelled.

mod rows;

use pushbench_protocol::figure::{self, Unit};
use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1};

use self::rows::{Form, GROUPS, OCCASIONAL, RowOf, SINCE_DUE, SINCE_SENT};
use crate::figures::{measured, modelled, percentile, publishes_by_itself, rounds, tabled};
use crate::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use crate::times::{Percentile, Times};
use crate::units::ABSENT;

/// More transports than this and the comparison no longer fits on one line.
const SIDE_BY_SIDE: usize = 3;

/// The columns of the overview: group, title, figure.
const GLANCE: [(&str, &[(&str, &str)]); 4] = [
    (
        "bytes per delivery",
        &[
            ("wire", "wire_bytes_per_delivery"),
            ("header", "header_bytes_per_delivery"),
            ("wrapping", "wrapping_bytes_per_delivery"),
        ],
    ),
    (
        "per idle hour",
        &[("wire", "idle_wire_bytes_per_client_hour"), ("CPU", "idle_server_cpu_per_client_hour")],
    ),
    ("latency", &[("mean", "latency.mean"), ("p99", "latency.p99")]),
    (
        "server",
        &[
            ("CPU per delivery", "server_cpu_per_delivery"),
            ("memory per client", "server_working_memory_per_connection"),
        ],
    ),
];

/// One line a transport, where the comparison is too long to be seen at once.
pub(crate) fn glance(run: &RunV2, times: &Times) -> Option<Section> {
    let is_sweep = !run.scenario.cells.is_empty();
    if run.transports.len() <= SIDE_BY_SIDE || run.trials.is_empty() || is_sweep {
        return None;
    }
    let glance: Vec<(_, Vec<_>)> = GLANCE
        .iter()
        .map(|(title, columns)| {
            (*title, columns.iter().filter(|(_, figure)| has_row(run, figure)).collect())
        })
        .filter(|(_, columns): &(_, Vec<_>)| !columns.is_empty())
        .collect();
    let groups = glance.iter().map(|(title, columns)| ColumnGroup {
        title: (*title).to_owned(),
        columns: columns.iter().map(|(title, _)| (*title).to_owned()).collect(),
    });
    let rows = run.transports.iter().map(|transport| {
        let figures = glance.iter().flat_map(|(_, columns)| columns.iter());
        let cells = figures.map(|(_, name)| {
            let unit = figure::find(name).map_or(Unit::Count, |figure| figure.unit);
            let form = Form::Scaled(unit);
            let value = tabled(run, transport, name).map(|found| form.shown(found.value, times));
            Tone::Plain.span(value.unwrap_or_else(|| ABSENT.to_owned()))
        });
        Row::Values { label: Tone::Plain.span(&transport.label), cells: cells.collect() }
    });
    let table =
        Table { label: "measured".to_owned(), groups: groups.collect(), rows: rows.collect() };
    let mut section = Section::new("At a glance");
    section.blocks.push(Block::Table(table));
    Some(section)
}

/// Whether a figure is worth a place: always, but for the occasional ones, and where nothing was
/// published, of which no transport can have one.
fn has_row(run: &RunV2, figure: &str) -> bool {
    let is_idle = run
        .trials
        .iter()
        .all(|trial| trial.counts.published == 0 && !trial.counts.publishes_by_itself);
    let is_there = |transport| measured(run, transport, figure).is_some();
    !(is_idle || OCCASIONAL.contains(&figure)) || run.transports.iter().any(is_there)
}

/// The comparison; `None` if no trial ran, or if settings were swept: one value over cells would say
/// nothing, and the curves say it all.
pub(crate) fn comparison(run: &RunV2, times: &Times) -> Option<Section> {
    if run.trials.is_empty() || !run.scenario.cells.is_empty() {
        return None;
    }
    let spread = rounds(run) > 1;
    let transports: Vec<_> = run.transports.iter().map(|of| (of, has_model(run, of))).collect();
    let groups = transports.iter().map(|&(transport, has_model)| ColumnGroup {
        title: transport.label.clone(),
        columns: std::iter::once("measured")
            .chain(spread.then_some("+-"))
            .chain(has_model.then_some("model"))
            .map(str::to_owned)
            .collect(),
    });
    let all_theirs = run.transports.iter().all(|transport| publishes_by_itself(run, transport));
    let mut rows = Vec::new();
    for group in GROUPS {
        let of_run: Vec<_> = group.rows.iter().filter(|row| has_row(run, row.figure)).collect();
        if of_run.is_empty() {
            continue;
        }
        let heading = match group.heading {
            SINCE_DUE if all_theirs => SINCE_SENT,
            heading => heading,
        };
        rows.push(Row::Heading(heading.to_owned()));
        for (label, source, form) in with_percentiles(&of_run, times) {
            let cells = transports.iter().flat_map(|&(transport, has_model)| {
                let found = source.measured(run, transport);
                let mut cells =
                    vec![cell(Tone::Plain, form, found.map(|found| found.value), times)];
                if spread {
                    let spread = found.map_or(String::new(), |found| deviation(found, form, times));
                    cells.push(Tone::Faint.span(spread));
                }
                let model = || cell(Tone::Faint, form, source.modelled(run, transport), times);
                cells.extend(has_model.then(model));
                cells
            });
            let tone = if label.starts_with('=') { Tone::Strong } else { Tone::Plain };
            rows.push(Row::Values { label: tone.span(label), cells: cells.collect() });
        }
    }
    let table = Table { label: String::new(), groups: groups.collect(), rows };
    let mut section = Section::new("Comparison");
    section.blocks.push(Block::Table(table));
    Some(section)
}

/// Where the numbers of a row come from.
enum Source {
    Figure(String),
    /// Of latency, from the samples on record.
    Percentile(Percentile),
}

impl Source {
    fn measured(&self, run: &RunV2, transport: &TransportV1) -> Option<Rounds> {
        match self {
            Self::Figure(name) => tabled(run, transport, name),
            Self::Percentile(at) => percentile(run, transport, "latency", at.quantile()),
        }
    }

    fn modelled(&self, run: &RunV2, transport: &TransportV1) -> Option<f64> {
        match self {
            Self::Figure(name) => modelled(run, transport, name),
            // The catalogue's percentiles may have a model; no other has one.
            Self::Percentile(at) => {
                let mut named = figure::QUANTILES.iter();
                let (name, _) = named.find(|(_, quantile)| *quantile == at.quantile())?;
                modelled(run, transport, &format!("latency.{name}"))
            }
        }
    }
}

/// The rows with the percentiles of latency that the reader has chosen, in place of those of the report.
fn with_percentiles(rows: &[&RowOf], times: &Times) -> Vec<(String, Source, Form)> {
    let is_percentile = |row: &RowOf| row.figure.starts_with("latency.p");
    let mut chosen = times.percentiles.clone();
    let mut out = Vec::new();
    for row in rows {
        match (is_percentile(row), &times.percentiles) {
            (true, Some(_)) => {
                // Where the first of them stood.
                let chosen = chosen.take().unwrap_or_default().into_iter();
                out.extend(
                    chosen.map(|at| (format!("  latency {at}"), Source::Percentile(at), row.form)),
                );
            }
            _ => out.push((row.label.to_owned(), Source::Figure(row.figure.to_owned()), row.form)),
        }
    }
    out
}

fn cell(tone: Tone, form: Form, value: Option<f64>, times: &Times) -> Span {
    match value {
        Some(value) => tone.span(form.shown(value, times)),
        None => Tone::Faint.span(ABSENT),
    }
}

/// Whether anything is modelled of a transport; of a third-party server nothing is.
pub(super) fn has_model(run: &RunV2, transport: &TransportV1) -> bool {
    let mut rows = GROUPS.iter().flat_map(|group| group.rows);
    rows.any(|row| modelled(run, transport, row.figure).is_some())
}

/// How far the farthest round lies from the value of all of them: nothing where all are equal, per
/// cent, or the range where some rounds had none of it.
fn deviation(rounds: Rounds, form: Form, times: &Times) -> String {
    match rounds.relative_spread().filter(|spread| *spread == 0.0 || rounds.min != 0.0) {
        Some(0.0) => String::new(),
        Some(spread) if spread < 0.000_5 => "<.1%".to_owned(),
        Some(spread) if spread < 0.099_5 => format!("{:.1}%", spread * 100.0),
        Some(spread) if spread < 9.995 => format!("{:.0}%", spread * 100.0),
        Some(_) => ">999%".to_owned(),
        None => format!("{}..{}", form.shown(rounds.min, times), form.shown(rounds.max, times)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_shows_a_figure_of_the_catalogue() {
        let glance = GLANCE.iter().flat_map(|(_, columns)| columns.iter().map(|(_, name)| name));
        let rows = GROUPS.iter().flat_map(|group| group.rows.iter().map(|row| &row.figure));
        for name in rows.chain(glance) {
            assert!(figure::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_deviation_is_relative_unless_a_round_has_none() {
        let shown = |values: &[f64]| {
            deviation(Rounds::of(values).unwrap(), Form::Number, &Times::default())
        };
        assert_eq!(shown(&[909.0, 909.0]), "");
        assert_eq!(shown(&[100.0, 103.0, 99.0]), "3.0%");
        assert_eq!(shown(&[10_000.0, 10_001.0, 10_000.0]), "<.1%");
        assert_eq!(shown(&[1.0, 1.0, 3.0]), "200%");
        assert_eq!(shown(&[1.0, 1.0, 300.0]), ">999%");
        assert_eq!(shown(&[0.0, 0.0, 3.0]), "0..3");
        assert_eq!(shown(&[0.0, 2.0, 3.0]), "0..3");
    }
}
