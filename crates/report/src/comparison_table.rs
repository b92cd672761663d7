//! The figures of one transport in two runs, side by side.

use pushbench_compare::{Change, Estimate, Family, Found, Interval, Pair, Scale, Shown, Untold};
use pushbench_protocol::figure::{self, Unit};

use crate::layout::{ColumnGroup, Row, Span, Table, Tone};
use crate::units::{ABSENT, digits, grouped, number, scaled};

/// The headlines by what they count.
const GROUPS: [(&str, &[(&str, &str)]); 7] = [
    (
        "Bytes per delivered message",
        &[
            ("= wire", "wire_bytes_per_delivery"),
            ("= stream", "stream_bytes_per_delivery"),
            ("  header", "header_bytes_per_delivery"),
            ("  framing", "framing_bytes_per_delivery"),
            ("  tcp_ip", "tcp_ip_bytes_per_delivery"),
        ],
    ),
    ("Bytes per client and second", &[("= wire", "wire_bytes_per_client_second")]),
    ("Bytes per poll", &[("= wire", "wire_bytes_per_poll"), ("  header", "header_bytes_per_poll")]),
    (
        "Bytes to connect",
        &[
            ("= wire", "connect_wire_bytes_per_connection"),
            ("= stream", "connect_stream_bytes_per_connection"),
        ],
    ),
    (
        "Latency",
        &[
            ("  latency mean", "latency.mean"),
            ("  latency p50", "latency.p50"),
            ("  latency p99", "latency.p99"),
            ("  service time mean", "service_time.mean"),
            ("  message age mean", "age_mean"),
        ],
    ),
    (
        "Server resources",
        &[
            ("  CPU per delivery", "server_cpu_per_delivery"),
            ("  CPU per client-second", "server_cpu_per_client_second"),
            ("  memory per connection", "server_working_memory_per_connection"),
        ],
    ),
    (
        "Faults",
        &[
            ("  errors", "errors"),
            ("  lost", "lost"),
            ("  duplicates", "duplicates"),
            ("  foreign messages", "foreign"),
        ],
    ),
];

/// What a headline counts, and its name among those that count the same: `Latency`, `latency p99`.
pub(crate) fn called(figure: &str) -> (&'static str, &'static str) {
    let rows =
        GROUPS.iter().flat_map(|(heading, rows)| rows.iter().map(move |row| (*heading, *row)));
    let found = rows.into_iter().find(|(_, (_, name))| *name == figure);
    found.map_or(("", ""), |(heading, (label, _))| (heading, label.trim_start_matches(['=', ' '])))
}

/// The headlines of a pair. Rows that are nothing in both runs are left out.
pub(crate) fn table(pair: &Pair) -> Table {
    let columns = ["base", "new", "change", "95% interval", "noise", "verdict"];
    let mut rows = Vec::new();
    for (heading, figures) in GROUPS {
        let found = figures.iter().filter_map(|&(label, figure)| {
            let change = pair.change(figure)?;
            let is_nothing = change.base == 0.0 && change.new == 0.0;
            (!is_nothing).then(|| row(label, change))
        });
        let found: Vec<_> = found.collect();
        if !found.is_empty() {
            rows.push(Row::Heading(heading.to_owned()));
            rows.extend(found);
        }
    }
    let columns = columns.map(str::to_owned).into();
    // One group: a verdict is not torn from its figure.
    Table {
        label: String::new(),
        groups: vec![ColumnGroup { title: String::new(), columns }],
        rows,
    }
}

fn row(label: &str, change: &Change) -> Row {
    let [base, new] = [change.base, change.new].map(|number| value(change, number));
    let (by, over, noise) = match &change.found {
        Found::Same => (String::new(), "every round".to_owned(), String::new()),
        Found::Exact { .. } => (absolute(change), "every round".to_owned(), String::new()),
        Found::OneSided { .. } => (absolute(change), "none or all".to_owned(), String::new()),
        Found::Interval(estimate) => (
            match (estimate.scale, change.relative()) {
                (Scale::Ratio, Some(share)) => percent(share),
                (Scale::Ratio | Scale::Difference, _) => absolute(change),
            },
            interval(change, estimate),
            estimate.noise_floor.map_or(ABSENT.to_owned(), unsigned_percent),
        ),
        Found::None { .. } => (String::new(), String::new(), String::new()),
    };
    let (verdict, tone) = verdict(change);
    let cells = [base, new, by, over].map(|text| Tone::Plain.span(text)).into_iter();
    let cells: Vec<Span> = cells.chain([Tone::Faint.span(noise), tone.span(verdict)]).collect();
    let label_tone = if label.starts_with('=') { Tone::Strong } else { Tone::Plain };
    Row::Values { label: label_tone.span(label), cells }
}

fn verdict(change: &Change) -> (String, Tone) {
    let tone = if change.is_worse() { Tone::Bad } else { Tone::Good };
    match (&change.found, change.shown()) {
        (Found::Same, _) => ("same".to_owned(), Tone::Plain),
        (Found::None { reason: Untold::TooFewRounds }, _) => ("too few".to_owned(), Tone::Faint),
        (Found::None { reason: Untold::NotComparable }, _) => (ABSENT.to_owned(), Tone::Faint),
        (Found::None { reason: Untold::NoSpread }, _) => ("no spread".to_owned(), Tone::Faint),
        (Found::Exact { .. } | Found::OneSided { .. } | Found::Interval(_), Shown::No) => {
            ("not shown".to_owned(), Tone::Faint)
        }
        (Found::Exact { .. } | Found::OneSided { .. } | Found::Interval(_), Shown::Perhaps) => {
            (moved(change).to_owned() + "?", Tone::Warning)
        }
        (Found::Exact { .. } | Found::OneSided { .. } | Found::Interval(_), Shown::Yes) => {
            (moved(change).to_owned(), tone)
        }
    }
}

/// Which way it went, in a word.
pub(crate) fn moved(change: &Change) -> &'static str {
    match (change.family, change.new > change.base) {
        (Family::Time, true) => "slower",
        (Family::Time, false) => "faster",
        (Family::Bytes | Family::Work | Family::Memory | Family::Count, true) => "more",
        (Family::Bytes | Family::Work | Family::Memory | Family::Count, false) => "less",
    }
}

/// A value of the figure, with its unit. A byte in a thousand is to be seen.
pub(crate) fn value(change: &Change, value: f64) -> String {
    valued(&change.figure, value)
}

/// The same of a figure by its name.
pub(crate) fn valued(name: &str, value: f64) -> String {
    let Some(figure) = figure::find(name) else { return number(value) };
    match figure.unit {
        Unit::Bytes if Family::of(&figure) == Family::Bytes => format!("{} B", number(value)),
        unit => scaled(unit, value),
    }
}

/// New minus base, with its sign and unit.
pub(crate) fn absolute(change: &Change) -> String {
    let difference = match change.found {
        Found::Exact { difference } | Found::OneSided { difference } => difference,
        Found::Same | Found::Interval(_) | Found::None { .. } => change.new - change.base,
    };
    signed(difference, &value(change, difference))
}

/// The ends of an interval: shares, or differences in the figure's unit.
pub(crate) fn interval(change: &Change, estimate: &Estimate) -> String {
    ends(estimate.scale, [estimate.low, estimate.high], |end| value(change, end))
}

/// The same for the interval that a condition was held against.
pub(crate) fn judged_interval(figure: &str, interval: &Interval) -> String {
    let unit = figure::find(figure).map_or(Unit::Count, |figure| figure.unit);
    ends(interval.scale, [interval.low, interval.high], |end| match unit {
        Unit::Bytes => format!("{} B", number(end)),
        unit => scaled(unit, end),
    })
}

fn ends(scale: Scale, ends: [f64; 2], value: impl Fn(f64) -> String) -> String {
    let ends = ends.map(|end| match scale {
        Scale::Ratio => percent(end - 1.0),
        Scale::Difference => signed(end, &value(end)),
    });
    ends.join("..")
}

/// `+12%`, `-0.3%`.
pub(crate) fn percent(share: f64) -> String {
    signed(share, &unsigned_percent(share))
}

fn unsigned_percent(share: f64) -> String {
    match (share * 100.0).abs() {
        0.0 => "0%".to_owned(),
        percent if percent < 0.005 => "~0%".to_owned(),
        percent if percent < 0.095 => format!("{}%", digits(percent, 1)),
        percent if percent < 9.95 => format!("{percent:.1}%"),
        percent => format!("{}%", grouped(percent, 0)),
    }
}

fn signed(value: f64, text: &str) -> String {
    let text = text.trim_start_matches('-');
    let is_nothing = !text.contains(|c: char| ('1'..='9').contains(&c));
    match value {
        _ if is_nothing => text.to_owned(),
        value if value < 0.0 => format!("-{text}"),
        _ => format!("+{text}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pushbench_compare::HEADLINES;

    use super::*;

    #[test]
    fn the_table_shows_every_headline_once() {
        let shown = GROUPS.iter().flat_map(|(_, rows)| rows.iter().map(|(_, figure)| *figure));
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown.len(), HEADLINES.len());
        assert_eq!(BTreeSet::from_iter(shown), BTreeSet::from(HEADLINES));
    }

    #[test]
    fn a_share_has_its_sign_and_what_is_not_nothing_never_looks_like_it() {
        for (share, text) in [
            (0.0, "0%"),
            (0.004, "+0.4%"),
            (-0.5, "-50%"),
            (0.000_051, "+0.005%"),
            (-0.000_009, "~0%"),
            (0.000_946, "+0.09%"),
            (0.099_6, "+10%"),
            (12.3, "+1,230%"),
        ] {
            assert_eq!(percent(share), text, "{share}");
        }
    }
}
