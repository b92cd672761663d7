//! Rounds that leave nothing to chance.

use crate::family::Family;
use crate::series::{Point, mean, values};

/// Two values of a round this near, relative to their size, are the same value after rounding.
const ROUNDING: f64 = 1e-9;

/// What rounds say exactly, differences in the figure's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Exact {
    /// The same value in each round.
    Same,
    /// The same difference in each round.
    Apart {
        /// New minus base.
        difference: f64,
    },
    /// A count of 0 in every round of one side, and of none of the other.
    OneSided {
        /// New minus base, of the means.
        difference: f64,
    },
}

/// What rounds say exactly; `None` where they vary by chance.
///
/// The seed of a round is the same in both runs, so what chance there is in a scenario is the same
/// too, and a round is held against its partner. Beyond that, a figure that is counted and not
/// timed is exact where each side has one value in all of its rounds (0, 0, 0 against 5, 5, 5). Not
/// so at layer 3: the kernel's stray acknowledgement is a whole number too, and three rounds can
/// have one each.
pub(crate) fn of(family: Family, base: &[Point], new: &[Point]) -> Option<Exact> {
    if let Some(exact) = by_round(base, new) {
        return Some(exact);
    }
    let is_of_programs = |points: &[Point]| points.iter().all(|point| point.is_of_programs);
    let is_counted = match family {
        Family::Bytes => is_of_programs(base) && is_of_programs(new),
        Family::Count => true,
        Family::Time | Family::Work | Family::Memory => false,
    };
    if is_counted && is_constant(base) && is_constant(new) {
        return Some(Exact::Apart { difference: new[0].value - base[0].value });
    }
    let is_one_sided = |none: &[Point], some: &[Point]| {
        none.iter().all(|point| point.value == 0.0) && some.iter().all(|point| point.value > 0.0)
    };
    let appears = is_one_sided(base, new) || is_one_sided(new, base);
    (family == Family::Count && appears)
        .then(|| Exact::OneSided { difference: mean(&values(new)) - mean(&values(base)) })
}

/// The same value in each round, or the same whole number of bytes apart.
fn by_round(base: &[Point], new: &[Point]) -> Option<Exact> {
    let differences: Option<Vec<_>> = match same_rounds(base, new) {
        true => base.iter().zip(new).map(|(base, new)| difference(base, new)).collect(),
        // Without a partner for each round, all rounds of a side must be alike.
        false if is_constant(base) && is_constant(new) => {
            difference(&base[0], &new[0]).map(|difference| vec![difference])
        }
        false => None,
    };
    let differences = differences?;
    if differences.iter().all(|difference| difference.value == 0.0) {
        return Some(Exact::Same);
    }
    let first = differences[0];
    let is_exact = differences.iter().all(|difference| {
        difference.bytes.is_some_and(|bytes| bytes != 0.0 && is_near(bytes, bytes.round(), bytes))
            && is_near(difference.value, first.value, first.value)
    });
    is_exact.then_some(Exact::Apart { difference: first.value })
}

/// How far one round lies from its partner.
#[derive(Clone, Copy)]
struct Difference {
    value: f64,
    bytes: Option<f64>,
}

fn difference(base: &Point, new: &Point) -> Option<Difference> {
    if is_near(new.value, base.value, base.value) {
        return Some(Difference { value: 0.0, bytes: Some(0.0) });
    }
    let bytes = new.bytes_per_unit.zip(base.bytes_per_unit).map(|(new, base)| new - base);
    Some(Difference { value: new.value - base.value, bytes })
}

fn same_rounds(base: &[Point], new: &[Point]) -> bool {
    base.iter().map(|point| point.round).eq(new.iter().map(|point| point.round))
}

fn is_constant(points: &[Point]) -> bool {
    points.iter().all(|point| is_near(point.value, points[0].value, points[0].value))
}

/// Whether two numbers are one after rounding, beside numbers of this size.
fn is_near(a: f64, b: f64, size: f64) -> bool {
    (a - b).abs() <= ROUNDING * size.abs().max(1e-300)
}
