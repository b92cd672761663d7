//! Heads on HTTP/2: as encoded, as HTTP/1.1 would have written them, and by another encoder.

use pushbench_protocol::HttpVersion;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, modelled};
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, number};

/// Label, figure, and whether there is something to measure: an encoder that nobody ran is modelled.
const ROWS: [(&str, &str, bool); 12] = [
    ("first poll, up", "header_bytes_up_first_poll", true),
    ("first poll, down", "header_bytes_down_first_poll", true),
    ("later polls, up", "header_bytes_up_warm_poll", true),
    ("later polls, down", "header_bytes_down_warm_poll", true),
    ("uncompressed, up", "header_bytes_up_uncompressed_poll", true),
    ("uncompressed, down", "header_bytes_down_uncompressed_poll", true),
    ("if all fields are indexed: first, up", "header_bytes_up_indexed_first_poll", false),
    ("  first, down", "header_bytes_down_indexed_first_poll", false),
    ("  later, up", "header_bytes_up_indexed_warm_poll", false),
    ("  later, down", "header_bytes_down_indexed_warm_poll", false),
    ("= wire per delivery, as encoded", "wire_bytes_per_delivery", true),
    ("= wire per delivery, indexed", "wire_bytes_indexed_per_delivery", false),
];

/// `None` unless something ran over connections that compress headers.
pub(crate) fn field_blocks(run: &RunV2) -> Option<Section> {
    let compresses_headers = |transport: &&TransportV1| {
        let http = transport.options.get("http").and_then(|http| HttpVersion::from_label(http));
        http.is_some_and(|http| http.properties().compresses_headers)
    };
    let transports: Vec<_> = run.transports.iter().filter(compresses_headers).collect();
    if transports.is_empty() || run.trials.is_empty() || !run.scenario.cells.is_empty() {
        return None;
    }
    let labels: Vec<_> = transports.iter().map(|transport| transport.label.as_str()).collect();
    let mut section = Section::new("Headers on HTTP/2");
    section.say(
        Tone::Plain,
        format!(
            "{}: HTTP/2, field blocks as encoded. A connection sends its first headers almost in \
             full, and later ones refer to them. What they may refer to is the choice of the \
             encoder: that of the h2 crate, which ran here, does not index paths, cookies, \
             entity tags and lengths. What an encoder that indexes all of them would send was \
             not measured: it comes from the model.",
            labels.join(", ")
        ),
    );
    let polls: Vec<_> = transports
        .into_iter()
        .filter(|transport| measured(run, transport, "header_bytes_first_poll").is_some())
        .collect();
    if polls.is_empty() {
        return Some(section);
    }
    let groups = polls.iter().map(|transport| ColumnGroup {
        title: transport.label.clone(),
        columns: ["measured", "model"].map(str::to_owned).into(),
    });
    let rows = ROWS.iter().map(|&(label, figure, is_measured)| {
        let cells = polls.iter().flat_map(|transport| {
            let found = measured(run, transport, figure).map(|rounds| rounds.value);
            let found = found.filter(|_| is_measured);
            [(Tone::Plain, found), (Tone::Faint, modelled(run, transport, figure))]
        });
        let cells = cells.map(|(tone, value)| match value {
            Some(value) => tone.span(number(value)),
            None => Tone::Faint.span(ABSENT),
        });
        let tone = if label.starts_with('=') { Tone::Strong } else { Tone::Plain };
        Row::Values { label: tone.span(label), cells: cells.collect() }
    });
    let table = Table {
        label: "bytes per poll".to_owned(),
        groups: groups.collect(),
        rows: rows.collect(),
    };
    section.blocks.push(Block::Table(table));
    section.say(
        Tone::Faint,
        "Uncompressed: the same fields as HTTP/1.1 would write them: the start line, each field \
         with its name, `: ` and line end, and the empty line; without the fields that HTTP/2 \
         does not carry.",
    );
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_shows_a_figure_of_the_catalogue() {
        for (_, name, _) in ROWS {
            assert!(pushbench_protocol::figure::find(name).is_some(), "{name}");
        }
    }
}
