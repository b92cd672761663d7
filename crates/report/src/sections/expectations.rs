//! What the scenario expected, and whether it held.

use pushbench_protocol::figure::{self, Unit};
use pushbench_store::{ExpectationV1, RunV1};

use crate::layout::{Line, Section, Tone};
use crate::sections::curve::name_of;
use crate::units::{ABSENT, scaled};

/// One line for each; `None` if the scenario expects nothing.
pub(crate) fn expectations(run: &RunV1) -> Option<Section> {
    if run.expectations.is_empty() {
        return None;
    }
    let mut section = Section::new("Expectations");
    section.list(run.expectations.iter().map(|expectation| line(run, expectation)).collect());
    Some(section)
}

fn line(run: &RunV1, expectation: &ExpectationV1) -> Line {
    let tag = match expectation.held {
        true => Tone::Good.span("held"),
        false => Tone::Bad.span("FAILED"),
    };
    let unit = unit(run, &expectation.figure);
    let shown = |value: Option<f64>| value.map_or(ABSENT.to_owned(), |value| scaled(unit, value));
    let ExpectationV1 { figure, condition, found, bound, .. } = expectation;
    let cell = match expectation.cell.is_empty() {
        true => String::new(),
        false => format!(" (with {})", name_of(&expectation.cell)),
    };
    let text =
        format!(" {figure} {condition}{cell}: found {}, bound {}", shown(*found), shown(*bound));
    vec![tag, Tone::Plain.span(text)]
}

/// Unit of `<transport>.<figure>`; both may hold points.
fn unit(run: &RunV1, dotted: &str) -> Unit {
    let names = run
        .transports
        .iter()
        .filter_map(|transport| dotted.strip_prefix(transport.label.as_str())?.strip_prefix('.'));
    names.filter_map(figure::find).map(|figure| figure.unit).next().unwrap_or(Unit::Count)
}
