//! The link that trials were played over: what it counted, and what it and the machine added.

use std::time::Duration;

use pushbench_stats::Histogram;
use pushbench_store::{HistogramV1, LinkPathV2, LinkV2, RunV2};

use crate::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use crate::sections::swept::{called, swept};
use crate::units::{ABSENT, bytes, grouped, seconds};

/// What the link saw, by transport and cell, over all rounds; `None` where there was none.
pub(crate) fn link(run: &RunV2) -> Option<Section> {
    let settings = swept(run);
    let mut seen: Vec<(String, Vec<&LinkV2>)> = Vec::new();
    for trial in &run.trials {
        let Some(link) = &trial.link else { continue };
        let label = match called(&settings, &trial.cell) {
            cell if cell.is_empty() => trial.transport.clone(),
            cell => format!("{} with {cell}", trial.transport),
        };
        match seen.iter_mut().find(|(known, _)| *known == label) {
            Some((_, links)) => links.push(link),
            None => seen.push((label, vec![link])),
        }
    }
    let (_, first) = seen.first()?;
    let mut section = Section::new("The link");
    section.say(
        Tone::Plain,
        "Clients and server were in two network namespaces, and every packet between them passed a \
         forwarder; the publisher was beside the server. What the forwarder counted is held against the \
         clients' kernel in every trial. Lateness is how long after it was due a packet was passed on in \
         the measured part; an echo beyond the link's delays is what the machine added to a round trip.",
    );
    let scheduling = &first[0].scheduling;
    let congestion = first[0].congestion_control.as_deref().unwrap_or("unknown");
    section.say(
        Tone::Faint,
        format!(
            "Packets of up to {} B; congestion control {congestion}; forwarder {scheduling}.",
            grouped(f64::from(first[0].mtu), 0)
        ),
    );
    let group = |title: &str, columns: &[&str]| ColumnGroup {
        title: title.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let groups = vec![
        group("up", &["packets", "bytes", "dropped"]),
        group("down", &["packets", "bytes", "dropped"]),
        group("lateness", &["p99", "longest"]),
        group("echo", &["p50 beyond the delays"]),
    ];
    let rows = seen.iter().map(|(label, links)| row(label, links)).collect();
    section.blocks.push(Block::Table(Table { label: String::new(), groups, rows }));
    Some(section)
}

fn row(label: &str, links: &[&LinkV2]) -> Row {
    let counts = |path: fn(&LinkV2) -> &LinkPathV2| {
        let sum = |of: fn(&LinkPathV2) -> u64| links.iter().map(|link| of(path(link))).sum::<u64>();
        let packets = sum(|path| path.entered.packets);
        let all = sum(|path| path.entered.bytes);
        let dropped = sum(LinkPathV2::dropped);
        [
            Some(grouped(packets as f64, 0)),
            Some(bytes(all as f64)),
            Some(grouped(dropped as f64, 0)),
        ]
    };
    let late = merged(links.iter().flat_map(|link| [&link.up.lateness, &link.down.lateness]));
    let echo = merged(links.iter().map(|link| &link.echo));
    let delays = Duration::from_nanos(links[0].up.delay_ns + links[0].down.delay_ns);
    let shown = |duration: Option<Duration>| duration.map(|of| seconds(of.as_secs_f64()));
    let beyond = echo.quantile(0.5).map(|trip| trip.saturating_sub(delays));
    let cells = counts(|link| &link.up).into_iter().chain(counts(|link| &link.down)).chain([
        shown(late.quantile(0.99)),
        shown(late.max()),
        shown(beyond),
    ]);
    let cells: Vec<Span> = cells
        .map(|cell| match cell {
            Some(cell) => Tone::Plain.span(cell),
            None => Tone::Faint.span(ABSENT),
        })
        .collect();
    Row::Values { label: Tone::Plain.span(label.to_owned()), cells }
}

fn merged<'l>(histograms: impl Iterator<Item = &'l HistogramV1>) -> Histogram {
    let mut all = Histogram::new();
    for samples in histograms.filter_map(|histogram| histogram.samples().ok()) {
        all.merge(&samples);
    }
    all
}
