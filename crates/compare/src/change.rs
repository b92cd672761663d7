//! One figure of two runs: how it changed, and by which method that was judged.

use pushbench_protocol::figure::Figure;
use pushbench_stats::Welch;
use pushbench_store::TrialV1;
use serde::Serialize;

use crate::family::{Better, Family};
use crate::series::{Point, series};
use crate::{CONFIDENCE, EXACT_ROUNDS, INTERVAL_ROUNDS};

/// Two values of a round this near, relative to their size, are the same value after rounding.
const ROUNDING: f64 = 1e-9;

/// How one figure changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Name in the catalogue.
    pub figure: String,
    /// What kind of number it is.
    pub family: Family,
    /// Which way it is better.
    pub better: Better,
    /// In the base: mean over rounds, the geometric one where the ratio was estimated.
    pub base: f64,
    /// In the new run, likewise.
    pub new: f64,
    /// Its values in the base's rounds.
    pub base_rounds: Vec<f64>,
    /// Its values in the new run's rounds.
    pub new_rounds: Vec<f64>,
    /// What was found, and how.
    pub found: Found,
}

/// What was found, and by which method.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
pub enum Found {
    /// Each round has the same value in both runs.
    Same,
    /// The difference is the same in every round, and a whole number of bytes for each delivery,
    /// poll, connection or client: no chance does that.
    Exact {
        /// New minus base, in the figure's unit.
        difference: f64,
    },
    /// Judged by an interval over rounds.
    Interval(Estimate),
    /// Not judged.
    None {
        /// Why not.
        reason: Untold,
    },
}

/// A difference estimated over rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// What the numbers below are.
    pub scale: Scale,
    /// The estimate: 1.1 for a tenth more as a ratio.
    pub estimate: f64,
    /// Lower end of the interval of 95 %.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The smallest change that these rounds could have told from none, as a share of the base;
    /// absent where the base is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_floor: Option<f64>,
    /// Degrees of freedom of the interval.
    pub degrees_of_freedom: f64,
    /// Probability of such a difference, either way, between equals.
    pub p: f64,
    /// What may be said.
    pub shown: Shown,
    #[serde(skip)]
    welch: Welch,
}

/// What an estimate estimates.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// New over base: of geometric means.
    Ratio,
    /// New minus base, where a round is not positive and so has no ratio.
    Difference,
}

/// What may be said of a difference.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The interval holds none.
    No,
    /// The interval holds none no longer, but among so many figures one does so by chance.
    Perhaps,
    /// It stands among all figures of the comparison.
    Yes,
}

/// Why a figure was not judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untold {
    /// Too few rounds have it.
    TooFewRounds,
    /// The runs differ in something that decides it.
    NotComparable,
    /// No spread at all, on either side.
    NoSpread,
}

impl Change {
    /// That of a figure between the trials of two runs; `None` where either has none of it.
    pub(crate) fn of(
        figure: &Figure,
        base: &[&TrialV1],
        new: &[&TrialV1],
        is_comparable: bool,
    ) -> Option<Self> {
        let [base, new] = [base, new].map(|trials| series(figure, trials));
        if base.is_empty() || new.is_empty() {
            return None;
        }
        let found = match is_comparable {
            true => found(&base, &new),
            false => Found::None { reason: Untold::NotComparable },
        };
        let [base_rounds, new_rounds] = [&base, &new].map(|points| values(points));
        let mean = match &found {
            Found::Interval(Estimate { scale: Scale::Ratio, .. }) => geometric_mean,
            Found::Interval(Estimate { scale: Scale::Difference, .. })
            | Found::Same
            | Found::Exact { .. }
            | Found::None { .. } => mean,
        };
        Some(Self {
            figure: figure.name.clone(),
            family: Family::of(figure),
            better: Better::of(figure),
            base: mean(&base_rounds),
            new: mean(&new_rounds),
            base_rounds,
            new_rounds,
            found,
        })
    }

    /// How much it changed, as a share of the base; `None` where the base is 0 and the new is not.
    pub fn relative(&self) -> Option<f64> {
        match (self.base, self.new) {
            (base, new) if base == new => Some(0.0),
            (0.0, _) => None,
            (base, new) => Some((new - base) / base.abs()),
        }
    }

    /// The probability of what was found if the true change, as a share of the base, were at most
    /// `bound` (where `above`) or at least it: 0 or 1 where the change is exact. `None` where
    /// nothing can be said.
    pub(crate) fn p_beyond(&self, bound: f64, above: bool) -> Option<f64> {
        let certain = |is_beyond: bool| Some(if is_beyond { 0.0 } else { 1.0 });
        match &self.found {
            Found::None { .. } => None,
            Found::Same => certain(false),
            Found::Exact { difference } => {
                // Of nothing, any change is more than every share.
                let limit = bound * self.base.abs();
                certain(if above { *difference > limit } else { *difference < limit })
            }
            Found::Interval(Estimate { scale, welch, .. }) => {
                let limit = match scale {
                    Scale::Ratio => bound.ln_1p(),
                    Scale::Difference => bound * self.base.abs(),
                };
                // A loss of all and more has no logarithm and is beyond no ratio.
                let limit = if limit.is_nan() { f64::NEG_INFINITY } else { limit };
                Some(if above { welch.p_above(limit) } else { welch.p_below(limit) })
            }
        }
    }

    /// What may be said of it: exact changes are shown, equals are not.
    pub fn shown(&self) -> Shown {
        match &self.found {
            Found::Same | Found::None { .. } => Shown::No,
            Found::Exact { .. } => Shown::Yes,
            Found::Interval(estimate) => estimate.shown,
        }
    }

    /// Whether it went to the side that is not better; `false` where neither is.
    pub fn is_worse(&self) -> bool {
        match self.better {
            Better::Lower => self.new > self.base,
            Better::Higher => self.new < self.base,
            Better::Neither => false,
        }
    }
}

fn found(base: &[Point], new: &[Point]) -> Found {
    let rounds = base.len().min(new.len());
    if rounds >= EXACT_ROUNDS
        && let Some(exact) = exact(base, new)
    {
        return exact;
    }
    if rounds < INTERVAL_ROUNDS {
        return Found::None { reason: Untold::TooFewRounds };
    }
    estimate(base, new).map_or(Found::None { reason: Untold::NoSpread }, Found::Interval)
}

/// Where every round tells the same: the seed of a round is the same in both runs, so what chance
/// there is in a scenario is the same too.
fn exact(base: &[Point], new: &[Point]) -> Option<Found> {
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
        return Some(Found::Same);
    }
    let first = differences[0];
    let is_exact = differences.iter().all(|difference| {
        difference.bytes.is_some_and(|bytes| bytes != 0.0 && is_near(bytes, bytes.round(), bytes))
            && is_near(difference.value, first.value, first.value)
    });
    is_exact.then_some(Found::Exact { difference: first.value })
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

fn estimate(base: &[Point], new: &[Point]) -> Option<Estimate> {
    let is_positive = base.iter().chain(new).all(|point| point.value > 0.0);
    let (scale, welch) = match is_positive {
        true => {
            let side = |points: &[Point]| -> (Vec<f64>, f64) {
                let logs = points.iter().map(|point| point.value.ln()).collect();
                let floor = points.iter().map(|point| point.floor / point.value);
                (logs, floor.fold(0.0, f64::max))
            };
            let ((base, base_floor), (new, new_floor)) = (side(base), side(new));
            (Scale::Ratio, Welch::of(&base, &new, [base_floor, new_floor])?)
        }
        false => {
            let floor =
                |points: &[Point]| points.iter().map(|point| point.floor).fold(0.0, f64::max);
            let floors = [floor(base), floor(new)];
            (Scale::Difference, Welch::of(&values(base), &values(new), floors)?)
        }
    };
    let [low, high] = welch.interval(CONFIDENCE);
    let half = welch.half_width(CONFIDENCE);
    let shown = if low <= 0.0 && 0.0 <= high { Shown::No } else { Shown::Perhaps };
    let scaled = |value: f64| match scale {
        Scale::Ratio => value.exp(),
        Scale::Difference => value,
    };
    let noise_floor = match scale {
        Scale::Ratio => Some(half.exp_m1()),
        Scale::Difference => {
            let base = mean(&values(base)).abs();
            (base > 0.0).then(|| half / base)
        }
    };
    Some(Estimate {
        scale,
        estimate: scaled(welch.difference),
        low: scaled(low),
        high: scaled(high),
        noise_floor,
        degrees_of_freedom: welch.degrees_of_freedom,
        p: welch.p_apart(),
        shown,
        welch,
    })
}

fn values(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.value).collect()
}

fn mean(values: &[f64]) -> f64 {
    // The same value in every round is that value, whatever adding and dividing would make of it.
    if values.iter().all(|value| value == &values[0]) {
        return values[0];
    }
    values.iter().sum::<f64>() / values.len() as f64
}

fn geometric_mean(values: &[f64]) -> f64 {
    if values.iter().all(|value| value == &values[0]) {
        return values[0];
    }
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
}
