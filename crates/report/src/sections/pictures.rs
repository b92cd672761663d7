//! The charts: one section each for bytes, directions, waiting, work and sweeps. Text passes them
//! over; the same figures stand in its tables.

pub(crate) mod bytes;
pub(crate) mod sweep;
pub(crate) mod waiting;
pub(crate) mod work;

use pushbench_protocol::figure;
use pushbench_store::RunV2;

use crate::chart::{Bar, Bars, Chart, Part, Picture};
use crate::figures::{measured, modelled};
use crate::layout::{Block, Line, Section, Tone};

/// A section of those charts that show something; `None` if none does.
fn section(heading: &str, charts: Vec<Chart>) -> Option<Section> {
    let mut section = Section::new(heading);
    let charts = charts.into_iter().filter(|chart| !chart.is_empty());
    section.blocks.extend(charts.map(Block::Chart));
    (!section.blocks.is_empty()).then_some(section)
}

/// Whether medians over all trials mean something: some ran, and no setting was swept.
fn is_plain(run: &RunV2) -> bool {
    !run.trials.is_empty() && run.scenario.cells.is_empty()
}

/// A bar of one figure for each transport, in the order of the report.
fn bars_of(run: &RunV2, name: &str, title: &str, axis: &str, figure: &str) -> Chart {
    let bars = run.transports.iter().map(|transport| {
        let total = measured(run, transport, figure).map(|rounds| rounds.value);
        Bar {
            label: transport.label.clone(),
            parts: total.into_iter().collect(),
            total,
            model: modelled(run, transport, figure),
        }
    });
    let unit = figure::find(figure).map_or(figure::Unit::Count, |figure| figure.unit);
    Chart {
        name: name.to_owned(),
        title: title.to_owned(),
        picture: Picture::Bars(Bars {
            axis: axis.to_owned(),
            unit,
            parts: vec![Part { name: axis.to_owned(), fill: None }],
            bars: bars.collect(),
            reach: 0.0,
        }),
        notes: Vec::new(),
    }
}

/// A note in plain words.
fn note(text: impl Into<String>) -> Line {
    vec![Tone::Plain.span(text)]
}
