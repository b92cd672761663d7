//! What the scenario expected, and whether it held.

use pushbench_protocol::figure::{self, Unit};
use pushbench_store::{ExpectationV1, RunV2};

use crate::layout::{Line, Section, Tone};
use crate::sections::swept::{Swept, called, swept};
use crate::units::{ABSENT, scaled};

/// One line for each; `None` if the scenario expects nothing.
pub(crate) fn expectations(run: &RunV2) -> Option<Section> {
    if run.expectations.is_empty() {
        return None;
    }
    let mut section = Section::new("Expectations");
    let settings = swept(run);
    let mut rest: Vec<&ExpectationV1> = run.expectations.iter().collect();
    let mut lines = Vec::new();
    while let Some(first) = rest.first().copied() {
        let same = |other: &&ExpectationV1| {
            (&other.figure, &other.condition) == (&first.figure, &first.condition)
        };
        let (alike, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(same);
        lines.extend(of_one(run, &settings, &alike));
        rest = others;
    }
    section.list(lines);
    Some(section)
}

/// How many expectations held; `None` if the scenario expects nothing.
pub(crate) fn held(run: &RunV2) -> Option<String> {
    let all = run.expectations.len();
    let held = run.expectations.iter().filter(|expectation| expectation.held).count();
    (all > 0).then(|| match (held, all) {
        (1, 1) => "The scenario's expectation held.".to_owned(),
        (held, all) if held == all => format!("All {all} expectations of the scenario held."),
        (held, all) => format!("{} of {all} expectations failed:", all - held),
    })
}

/// Those that did not hold, a line each; of one that failed in many combinations the first few.
pub(crate) fn failed(run: &RunV2) -> Vec<Line> {
    const SHOWN: usize = 3;
    let settings = swept(run);
    let mut failed: Vec<_> =
        run.expectations.iter().filter(|expectation| !expectation.held).collect();
    let same = |one: &&ExpectationV1, other: &&ExpectationV1| {
        (&one.figure, &one.condition) == (&other.figure, &other.condition)
    };
    failed.sort_by(|one, other| {
        (&one.figure, &one.condition).cmp(&(&other.figure, &other.condition))
    });
    let mut lines = Vec::new();
    for alike in failed.chunk_by(same) {
        // One more line is not longer than the line that says so.
        let shown = if alike.len() <= SHOWN + 1 { alike.len() } else { SHOWN };
        lines.extend(
            alike[..shown].iter().map(|expectation| expectation_line(run, &settings, expectation)),
        );
        if let [first, ..] = &alike[shown..] {
            let text = format!(
                " {} {}: in {} more combinations",
                first.figure,
                first.condition,
                alike.len() - shown
            );
            lines.push(vec![Tone::Bad.span("FAILED"), Tone::Plain.span(text)]);
        }
    }
    lines
}

/// What was expected in several combinations takes one line, and one more for each where it failed.
fn of_one(run: &RunV2, settings: &[Swept], alike: &[&ExpectationV1]) -> Vec<Line> {
    if let [only] = alike {
        return vec![expectation_line(run, settings, only)];
    }
    let failed: Vec<_> = alike.iter().filter(|expectation| !expectation.held).collect();
    let mut lines: Vec<_> =
        failed.iter().map(|expectation| expectation_line(run, settings, expectation)).collect();
    let (held, all) = (alike.len() - failed.len(), alike.len());
    if let Some(ExpectationV1 { figure, condition, .. }) = alike.first().filter(|_| held > 0) {
        let of = if held == all { format!("all {all}") } else { format!("{held} of {all}") };
        let text = format!(" {figure} {condition}: in {of} combinations");
        lines.push(vec![Tone::Good.span("held"), Tone::Plain.span(text)]);
    }
    lines
}

/// Whether it held, then what was expected and found.
pub(crate) fn expectation_line(
    run: &RunV2,
    settings: &[Swept],
    expectation: &ExpectationV1,
) -> Line {
    let tag = match expectation.held {
        true => Tone::Good.span("held"),
        false => Tone::Bad.span("FAILED"),
    };
    let unit = unit(run, &expectation.figure);
    let shown = |value: Option<f64>| value.map_or(ABSENT.to_owned(), |value| scaled(unit, value));
    let ExpectationV1 { figure, condition, found, bound, .. } = expectation;
    let cell = match expectation.cell.is_empty() {
        true => String::new(),
        false => format!(" (with {})", called(settings, &expectation.cell)),
    };
    let text =
        format!(" {figure} {condition}{cell}: found {}, bound {}", shown(*found), shown(*bound));
    vec![tag, Tone::Plain.span(text)]
}

/// Unit of `<transport>.<figure>`; both may hold points.
fn unit(run: &RunV2, dotted: &str) -> Unit {
    let names = run
        .transports
        .iter()
        .filter_map(|transport| dotted.strip_prefix(transport.label.as_str())?.strip_prefix('.'));
    names.filter_map(figure::find).map(|figure| figure.unit).next().unwrap_or(Unit::Count)
}
