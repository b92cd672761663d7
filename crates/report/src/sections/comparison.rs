//! The transports side by side, measured beside modelled.

use pushbench_protocol::figure::{self, Unit};
use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, modelled, percentile, publishes_by_itself, rounds, tabled};
use crate::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use crate::times::{Percentile, Times};
use crate::units::{ABSENT, digits, number, scaled, share};

/// More transports than this and the comparison no longer fits on one line.
const SIDE_BY_SIDE: usize = 3;

/// How the numbers of a row are written.
#[derive(Clone, Copy)]
enum Form {
    /// Plain: the unit stands in the heading or the label.
    Number,
    /// In 10^6: the unit stands in the label.
    Millions,
    /// Per cent.
    Percent,
    /// With the unit that fits it.
    Scaled(Unit),
}

/// Rows under one heading.
struct Group {
    heading: &'static str,
    rows: &'static [RowOf],
}

/// One figure of every transport.
struct RowOf {
    label: &'static str,
    figure: &'static str,
    form: Form,
}

const fn plain(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Number }
}

const fn millions(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Millions }
}

const fn percent(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Percent }
}

const fn time(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Scaled(Unit::Seconds) }
}

const fn multiple(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Scaled(Unit::Times) }
}

const fn size(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Scaled(Unit::Bytes) }
}

/// Above the latencies; of servers that publish by themselves nobody knows when a message was due.
const SINCE_DUE: &str = "Latency, from when a message was due until a client had all of it";
const SINCE_SENT: &str =
    "Latency, from when a message says that it was sent until a client had all of it";

/// The rows of the comparison.
const GROUPS: &[Group] = &[
    Group {
        heading: "Bytes per delivered message, both directions",
        rows: &[
            plain("  payload", "payload_bytes_per_delivery"),
            plain("    as published", "uncompressed_payload_bytes_per_delivery"),
            percent("    saved", "compression_saved"),
            plain("  repeat", "repeat_bytes_per_delivery"),
            plain("  header", "header_bytes_per_delivery"),
            plain("  framing", "framing_bytes_per_delivery"),
            plain("  wrapping", "wrapping_bytes_per_delivery"),
            plain("  control", "control_bytes_per_delivery"),
            plain("  handshake", "handshake_bytes_per_delivery"),
            plain("  unexplained", "unexplained_bytes_per_delivery"),
            plain("= stream", "stream_bytes_per_delivery"),
            plain("  tls", "tls_bytes_per_delivery"),
            plain("  tcp_ip", "tcp_ip_bytes_per_delivery"),
            plain("= wire", "wire_bytes_per_delivery"),
        ],
    },
    Group {
        heading: "Bytes per client and second, both directions",
        rows: &[
            plain("  header", "header_bytes_per_client_second"),
            plain("  tcp_ip", "tcp_ip_bytes_per_client_second"),
            plain("= wire", "wire_bytes_per_client_second"),
            plain("    of that up", "wire_bytes_up_per_client_second"),
            plain("    of that down", "wire_bytes_down_per_client_second"),
            size("  wire, idle, per hour", "idle_wire_bytes_per_client_hour"),
        ],
    },
    Group {
        heading: "All clients together",
        rows: &[
            millions("  wire, Mb/s", "wire_bits_per_second"),
            millions("  header, Mb/s", "header_bits_per_second"),
            millions("  payload, Mb/s", "goodput"),
            plain("  deliveries per second", "deliveries_per_second"),
            plain("  polls per second", "requests_per_second"),
            percent("  empty polls", "empty_polls"),
            plain("  messages per response", "messages_per_response"),
        ],
    },
    Group {
        heading: SINCE_DUE,
        rows: &[
            time("  latency p50", "latency.p50"),
            time("  latency p90", "latency.p90"),
            time("  latency p99", "latency.p99"),
            time("  latency max", "latency.max"),
            time("  latency mean", "latency.mean"),
            time("  service time mean", "service_time.mean"),
            time("  age, mean", "age_mean"),
            plain("  versions behind, mean", "version_age_mean"),
        ],
    },
    Group {
        heading: "Server resources",
        rows: &[
            time("  CPU per delivery", "server_cpu_per_delivery"),
            time("  CPU per client-second", "server_cpu_per_client_second"),
            multiple("    as x floor", "server_cpu_over_floor"),
            time("  CPU idle, per hour", "idle_server_cpu_per_client_hour"),
            size("  memory per connection", "server_working_memory_per_connection"),
            size("    at rest after use", "server_resting_memory_per_connection"),
            size("    before use", "server_memory_per_connection"),
        ],
    },
    Group {
        heading: "Resources of the load generator, which plays the clients",
        rows: &[
            time("  CPU per delivery", "load_cpu_per_delivery"),
            time("  CPU per client-second", "load_cpu_per_client_second"),
            multiple("    as x floor", "load_cpu_over_floor"),
            size("  memory per connection", "load_working_memory_per_connection"),
            size("    at rest after use", "load_resting_memory_per_connection"),
            size("    before use", "load_memory_per_connection"),
        ],
    },
    Group {
        heading: "Kernel memory per connection, both ends, and the cost of connecting",
        rows: &[
            size("  kernel memory", "kernel_socket_memory_per_connection"),
            size("    of that buffers", "kernel_buffers_per_connection"),
            size("  slab, whole machine", "kernel_memory_per_connection"),
            size("  connecting, per poll", "connect_wire_bytes_per_poll"),
            plain("  connects per second", "connects_per_second"),
            size("  connecting, stream", "connect_stream_bytes_per_connection"),
            size("  connecting, tls", "connect_tls_bytes_per_connection"),
            size("  connecting, wire", "connect_wire_bytes_per_connection"),
            time("  TCP handshake, p50", "connect_tcp.p50"),
            time("  TLS handshake, p50", "connect_tls.p50"),
            percent("  resumed handshakes", "resumed_handshakes"),
            time("  upgrade, p50", "connect_upgrade.p50"),
        ],
    },
    Group {
        heading: "Loss, order and lateness",
        rows: &[
            plain("  lost messages", "lost"),
            plain("  duplicates", "duplicates"),
            plain("  out of order", "out_of_order"),
            plain("  superseded before a poll", "superseded"),
            time("  polls late, p99", "poll_lateness.p99"),
            time("  publishes late, p99", "publish_lateness.p99"),
        ],
    },
];

/// Figures that only some runs have: of compression, of third-party servers, of idle clients, of
/// connections for each poll, of TLS, of a floor. Where no transport has one it has no row.
const OCCASIONAL: [&str; 18] = [
    "server_cpu_over_floor",
    "load_cpu_over_floor",
    "uncompressed_payload_bytes_per_delivery",
    "compression_saved",
    "wrapping_bytes_per_delivery",
    "unexplained_bytes_per_delivery",
    "server_resting_memory_per_connection",
    "load_resting_memory_per_connection",
    "kernel_socket_memory_per_connection",
    "kernel_buffers_per_connection",
    "kernel_memory_per_connection",
    "idle_wire_bytes_per_client_hour",
    "idle_server_cpu_per_client_hour",
    "connect_wire_bytes_per_poll",
    "connects_per_second",
    "connect_tls_bytes_per_connection",
    "connect_tls.p50",
    "resumed_handshakes",
];

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

impl Form {
    fn shown(self, value: f64, times: &Times) -> String {
        match self {
            Self::Scaled(Unit::Seconds | Unit::CpuSeconds) => times.shown(value),
            Self::Number => number(value),
            Self::Millions => digits(value / 1e6, 3),
            Self::Percent => share(value),
            Self::Scaled(unit) => scaled(unit, value),
        }
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
