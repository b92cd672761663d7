//! What a token of a language model's reply costs, where messages are such tokens.

use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, modelled};
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, number};

/// What every `workload.payload.content` begins with by which a message is a chunk with a token.
const TOKENS: &str = "tokens";

const PER_TOKEN: &str = "stream_bytes_per_delivery";

/// Label and figure. A message is a token, so what is per delivery is per token.
const ROWS: [(&str, &str); 4] = [
    ("the chunk, as it is carried", "payload_bytes_per_delivery"),
    ("what marks it off", "framing_bytes_per_delivery"),
    ("= bytes per token", PER_TOKEN),
    ("= on the wire (layer 3)", "wire_bytes_per_delivery"),
];

/// `None` unless messages are tokens, and where settings were swept.
pub(crate) fn tokens(run: &RunV2) -> Option<Section> {
    let content = run.scenario.settings.get("workload.payload.content")?;
    if !content.starts_with(TOKENS) || run.trials.is_empty() || !run.scenario.cells.is_empty() {
        return None;
    }
    let per_token = |of: &TransportV1| Some(measured(run, of, PER_TOKEN)?.value);
    let found: Vec<_> = run.transports.iter().filter_map(|of| Some((of, per_token(of)?))).collect();
    let by_bytes = |a: &&(_, f64), b: &&(_, f64)| a.1.total_cmp(&b.1);
    let (least, most) = (found.iter().min_by(by_bytes)?, found.iter().max_by(by_bytes)?);
    let mut section = Section::new("Tokens");
    section.say(
        Tone::Strong,
        match found.len() {
            1 => format!("A token takes {} B by {}.", number(least.1), least.0.label),
            _ => format!(
                "A token takes from {} B by {} to {} B by {}.",
                number(least.1),
                least.0.label,
                number(most.1),
                most.0.label
            ),
        },
    );
    section.say(
        Tone::Plain,
        "Each message is a chunk of a language model's reply with one token, as services send it. Bytes \
         per token are those above TLS, in both directions.",
    );
    let groups = found.iter().map(|(of, _)| ColumnGroup {
        title: of.label.clone(),
        columns: ["measured", "model"].map(str::to_owned).into(),
    });
    let rows = ROWS.iter().map(|&(label, figure)| {
        let cells = found.iter().flat_map(|(of, _)| {
            let measured = measured(run, of, figure).map(|rounds| rounds.value);
            [(Tone::Plain, measured), (Tone::Faint, modelled(run, of, figure))]
        });
        let cells = cells.map(|(tone, value)| match value {
            Some(value) => tone.span(number(value)),
            None => Tone::Faint.span(ABSENT),
        });
        let tone = if label.starts_with('=') { Tone::Strong } else { Tone::Plain };
        Row::Values { label: tone.span(label), cells: cells.collect() }
    });
    section.blocks.push(Block::Table(Table {
        label: "bytes per token".to_owned(),
        groups: groups.collect(),
        rows: rows.collect(),
    }));
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_shows_a_figure_of_the_catalogue() {
        for (_, name) in ROWS {
            assert!(pushbench_protocol::figure::find(name).is_some(), "{name}");
        }
    }
}
