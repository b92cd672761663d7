//! Each kind of bytes, up and down.

use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{ByteKind, Direction, Layer};
use pushbench_store::RunV2;

use crate::figures::{measured, tabled};
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, number};

/// Transports that fit beside each other.
const SIDE_BY_SIDE: usize = 4;
/// What bytes are divided by, and how it is called.
const PER: [(&str, &str); 2] =
    [("delivery", "Per delivered message"), ("client_second", "Per client and second")];

/// Bytes by kind and direction, measured; `None` if no trial ran or settings were
/// swept.
pub(crate) fn directions(run: &RunV2) -> Option<Section> {
    if run.trials.is_empty() || !run.scenario.cells.is_empty() {
        return None;
    }
    let mut section = Section::new("Up and down, measured");
    for transports in run.transports.chunks(SIDE_BY_SIDE) {
        let groups = transports.iter().map(|transport| ColumnGroup {
            title: transport.label.clone(),
            columns: vec!["up".to_owned(), "down".to_owned()],
        });
        let mut rows = Vec::new();
        for (per, heading) in PER {
            rows.push(Row::Heading(heading.to_owned()));
            let kinds = ByteKind::ALL.iter().filter(|kind| {
                let sum = bytes_per(kind.label(), None, per);
                let is_there = |transport| measured(run, transport, &sum).is_some();
                !kind.is_third_party() || run.transports.iter().any(is_there)
            });
            let kinds = kinds.map(|kind| (kind.label(), kind.is_in(Layer::Stream)));
            let (stream, below): (Vec<_>, Vec<_>) = kinds.partition(|(_, in_stream)| *in_stream);
            let sum = |layer: Layer| std::iter::once((layer.label(), "= ", Tone::Strong));
            let part = |kinds: Vec<(&'static str, bool)>| {
                kinds.into_iter().map(|(label, _)| (label, "  ", Tone::Plain))
            };
            let lines =
                part(stream).chain(sum(Layer::Stream)).chain(part(below)).chain(sum(Layer::Wire));
            for (name, mark, tone) in lines {
                let cells = transports.iter().flat_map(|transport| {
                    Direction::ALL.iter().map(|&direction| {
                        let figure = bytes_per(name, Some(direction), per);
                        match tabled(run, transport, &figure) {
                            Some(rounds) => Tone::Plain.span(number(rounds.value)),
                            None => Tone::Faint.span(ABSENT),
                        }
                    })
                });
                let label = tone.span(format!("{mark}{name}"));
                rows.push(Row::Values { label, cells: cells.collect() });
            }
        }
        let table = Table { label: "bytes".to_owned(), groups: groups.collect(), rows };
        section.blocks.push(Block::Table(table));
    }
    Some(section)
}
