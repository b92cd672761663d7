//! What a token of a language model's reply costs, where messages are such tokens.

use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, modelled};
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, number, seconds};

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

const TIMES: [(&str, &str); 4] = [
    ("age, p50", "latency.p50"),
    ("age, p99", "latency.p99"),
    ("gap, p50", "gap.p50"),
    ("gap, p99", "gap.p99"),
];

/// Times between tokens, in seconds.
#[derive(Clone, Copy, Debug)]
struct Gap {
    median: f64,
    mean: f64,
}

/// What is said where gaps say that tokens come as they are sent, and their age that they do not: half of
/// the gaps are under a quarter of the mean one, and half of the tokens are older than that.
fn disagree(label: &str, gap: Gap, age: f64) -> Option<String> {
    let is_batched = gap.median < gap.mean / 4.0 && age > gap.mean;
    is_batched.then(|| {
        format!(
            "Gaps and age disagree by {label}: the median gap is {}, as if no token were waited for, but \
             half of the tokens are {} old or older when they arrive, while one is sent every {}. \
             They come in batches, and the larger those are, the better gaps look.",
            seconds(gap.median),
            seconds(age),
            seconds(gap.mean)
        )
    })
}

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
    for (of, _) in &found {
        let value = |figure| measured(run, of, figure).map(|rounds| rounds.value);
        if let (Some(median), Some(mean), Some(age)) =
            (value("gap.p50"), value("gap.mean"), value("latency.p50"))
            && let Some(told) = disagree(&of.label, Gap { median, mean }, age)
        {
            section.say(Tone::Strong, told);
        }
    }
    section.say(
        Tone::Plain,
        "Each message is a chunk of a language model's reply with one token, as services send it. Bytes \
         per token are those above TLS, in both directions. The age of a token is its latency, by the \
         stamp within it; a gap is the time from one token to the next at a client.",
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
    let times = TIMES.iter().map(|&(label, figure)| {
        let cells = found.iter().flat_map(|(of, _)| {
            let measured = measured(run, of, figure).map(|rounds| rounds.value);
            [(Tone::Plain, measured), (Tone::Faint, modelled(run, of, figure))]
        });
        let cells = cells.map(|(tone, value)| match value {
            Some(value) => tone.span(seconds(value)),
            None => Tone::Faint.span(ABSENT),
        });
        Row::Values { label: Tone::Plain.span(label), cells: cells.collect() }
    });
    section.blocks.push(Block::Table(Table {
        label: "bytes per token".to_owned(),
        groups: groups.collect(),
        rows: rows.chain(times).collect(),
    }));
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_shows_a_figure_of_the_catalogue() {
        for (_, name) in ROWS.into_iter().chain(TIMES) {
            assert!(pushbench_protocol::figure::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn gaps_and_age_disagree_where_tokens_come_in_batches() {
        // nginx with gzip and buffering, HAProxy with its defaults: a token every 10 ms.
        for (median, age) in [(0.0, 1.029), (0.0, 0.103)] {
            let told = disagree("sse", Gap { median, mean: 0.010 }, age).expect("they disagree");
            assert!(told.contains("the median gap is 0") && told.contains("every 10 ms"), "{told}");
        }
        // As it was sent, as late as it was sent, and late by a long way, but each by itself.
        for (median, age) in [(0.0102, 0.000_11), (0.0002, 0.005), (0.0101, 0.209)] {
            assert_eq!(disagree("sse", Gap { median, mean: 0.010 }, age), None);
        }
    }
}
