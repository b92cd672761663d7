//! Which setting would make another transport the one that moves the fewest bytes.

use std::time::Duration;

use pushbench_report::layout::{Section, Tone};
use pushbench_report::units;
use pushbench_scenario::format_duration;

use crate::flip::{Flip, Variable};
use crate::plan::Plan;

pub(super) fn flips(plan: &Plan) -> Section {
    let mut section = Section::new("Where the answer flips");
    section.say(
        Tone::Plain,
        "One setting is changed, everything else stays: where would another transport move fewer \
         bytes on the wire per client and second than the one that moves the fewest now? Solved \
         from the model.",
    );
    let mut items = Vec::new();
    let mut rest = plan.flips.as_slice();
    while let Some(first) = rest.first() {
        let of = rest.iter().take_while(|flip| flip.transport == first.transport).count();
        let (these, others) = rest.split_at(of);
        rest = others;
        let there: Vec<_> = these.iter().filter(|flip| flip.at.is_some()).map(flip).collect();
        let nowhere: Vec<_> = these.iter().filter(|flip| flip.at.is_none()).map(never).collect();
        let pair = format!("{} instead of {} (modelled): ", first.transport, first.cheapest);
        let mut text = there.join("; or ");
        if !nowhere.is_empty() {
            let glue = if text.is_empty() { "never " } else { "; never " };
            text.push_str(&format!("{glue}{}", nowhere.join(", nor ")));
        }
        items.push(vec![Tone::Strong.span(pair), Tone::Plain.span(format!("{text}."))]);
    }
    if items.is_empty() {
        section.say(Tone::Plain, "There is nothing to compare.");
    }
    section.list(items);
    section
}

fn flip(flip: &Flip) -> String {
    let at = flip.at.expect("filtered for it");
    let is_more = at > flip.now;
    let value = |value: f64| value_of(flip.variable, value);
    match flip.variable {
        Variable::MessageEvery => format!(
            "with a message every {} or {} (now every {})",
            value(at),
            if is_more { "less often" } else { "more often" },
            value(flip.now)
        ),
        Variable::Interval => format!(
            "polling every {} or {} (now every {}{})",
            value(at),
            if is_more { "less often" } else { "more often" },
            value(flip.now),
            match flip.age_mean {
                Some(mean) =>
                    format!("; a message is then {} old on average", units::seconds(mean)),
                None => String::new(),
            }
        ),
        Variable::Payload => format!(
            "with messages of {} or {} (now {})",
            value(at),
            if is_more { "more" } else { "less" },
            value(flip.now)
        ),
    }
}

fn never(flip: &Flip) -> String {
    let [least, most] = flip.range.map(|value| value_of(flip.variable, value));
    match flip.variable {
        Variable::MessageEvery => format!("with a message every {least} to {most}"),
        Variable::Interval => format!("polling every {least} to {most}"),
        Variable::Payload => format!("with messages of {least} to {most}"),
    }
}

fn value_of(variable: Variable, value: f64) -> String {
    match variable {
        Variable::MessageEvery | Variable::Interval => time(value),
        Variable::Payload => units::bytes(value),
    }
}

/// A time between two messages or polls: beyond some minutes people think in hours.
pub(super) fn time(seconds: f64) -> String {
    match seconds >= 600.0 {
        true => format_duration(Duration::from_secs(seconds.round() as u64)),
        false => units::seconds(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_told_in_hours_and_short_ones_with_three_digits() {
        let of = |seconds| value_of(Variable::MessageEvery, seconds);
        assert_eq!([of(0.1339), of(74.6), of(86_400.0)], ["134 ms", "74.6 s", "24h"]);
    }
}
