//! What the rounds waited for, and whether it came.

use pushbench_store::{KnownV2, RunV2, UntilEnding, UntilV2};

use crate::layout::{Section, Tone};
use crate::sections::curve::name_of;
use crate::units::{counted, share};

/// Says it; nothing where the number of rounds was given.
pub(crate) fn say_until(run: &RunV2, section: &mut Section) {
    if let Some(until) = &run.until {
        let tone = match until.ending {
            UntilEnding::Known => Tone::Plain,
            UntilEnding::AtMost | UntilEnding::Unfinished => Tone::Warning,
        };
        section.say(tone, sentence(until));
    }
}

fn sentence(until: &UntilV2) -> String {
    let UntilV2 { transport, figure, rounds, known, ending, .. } = until;
    let of = format!("{transport}.{figure}");
    let (asked, rounds) = (share(until.share), counted((*rounds).into(), "round"));
    let found = match worst(known) {
        None => "is not known to any share".to_owned(),
        Some((within, cell)) => format!("is known to within {}{cell}", share(within)),
    };
    match ending {
        UntilEnding::Known => format!(
            "The run ended after {rounds}: {of} {found} by its 95% interval over rounds, and {asked} was asked."
        ),
        UntilEnding::AtMost => format!(
            "After {rounds}, the most that were allowed, {of} {found} by its 95% interval over rounds; {asked} \
             was asked."
        ),
        UntilEnding::Unfinished => {
            format!(
                "The run was ended after {rounds} in full, before {of} was known to within {asked}."
            )
        }
    }
}

/// The widest, and in which cell of a sweep; `None` where one has no width.
fn worst(known: &[KnownV2]) -> Option<(f64, String)> {
    let widths: Option<Vec<_>> =
        known.iter().map(|known| Some((known.within?, &known.cell))).collect();
    let (within, cell) = widths?.into_iter().max_by(|one, other| one.0.total_cmp(&other.0))?;
    let cell = if cell.is_empty() { String::new() } else { format!(" with {}", name_of(cell)) };
    Some((within, cell))
}

#[cfg(test)]
mod tests {
    use pushbench_store::CellV1;

    use super::*;

    fn until(ending: UntilEnding, known: &[(&str, Option<f64>)]) -> String {
        let known = known.iter().map(|(clients, within)| KnownV2 {
            cell: match clients.is_empty() {
                true => CellV1::new(),
                false => CellV1::from([("workload.clients".to_owned(), (*clients).to_owned())]),
            },
            within: *within,
        });
        sentence(&UntilV2 {
            condition: "websocket.latency.p99 within 5%".to_owned(),
            transport: "websocket".to_owned(),
            figure: "latency.p99".to_owned(),
            share: 0.05,
            at_most: 30,
            rounds: 7,
            known: known.collect(),
            ending,
        })
    }

    #[test]
    fn it_says_why_the_rounds_ended_and_how_well_the_figure_is_known() {
        let by = "by its 95% interval over rounds";
        for (ending, known, expected) in [
            (
                UntilEnding::Known,
                &[("", Some(0.042))][..],
                format!("The run ended after 7 rounds: websocket.latency.p99 is known to within 4.2% {by}, and 5% was asked."),
            ),
            (
                UntilEnding::AtMost,
                &[("100", Some(0.02)), ("900", Some(0.08))],
                format!("After 7 rounds, the most that were allowed, websocket.latency.p99 is known to within 8% with clients 900 {by}; 5% was asked."),
            ),
            (
                UntilEnding::AtMost,
                &[("100", Some(0.02)), ("900", None)],
                format!("After 7 rounds, the most that were allowed, websocket.latency.p99 is not known to any share {by}; 5% was asked."),
            ),
            (
                UntilEnding::Unfinished,
                &[],
                "The run was ended after 7 rounds in full, before websocket.latency.p99 was known to within 5%.".to_owned(),
            ),
        ] {
            assert_eq!(until(ending, known), expected);
        }
    }
}
