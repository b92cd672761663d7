//! One figure of two runs: how it changed, and by which method that was judged.

use pushbench_protocol::figure::Figure;
use pushbench_store::TrialV2;
use serde::Serialize;

use crate::estimate::{self, Estimate, Scale, Shown};
use crate::exact::{self, Exact};
use crate::family::{Better, Family};
use crate::series::{Point, mean, series, values};
use crate::{EXACT_ROUNDS, INTERVAL_ROUNDS};

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
    /// The difference is the same in every round: each side has one value in all of its rounds, or
    /// every round lies the same whole number of bytes per delivery, poll, connection or client
    /// from its partner. Chance does not do that.
    Exact {
        /// New minus base, in the figure's unit.
        difference: f64,
    },
    /// A count that is 0 in every round of one run and above 0 in every round of the other: how
    /// much is uncertain, and whether is not.
    OneSided {
        /// New minus base, of the means over rounds, in the figure's unit.
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
        base: &[&TrialV2],
        new: &[&TrialV2],
        is_comparable: bool,
    ) -> Option<Self> {
        let [base, new] = [base, new].map(|trials| series(figure, trials));
        if base.is_empty() || new.is_empty() {
            return None;
        }
        let found = match is_comparable {
            true => found(Family::of(figure), &base, &new),
            false => Found::None { reason: Untold::NotComparable },
        };
        let [base_rounds, new_rounds] = [&base, &new].map(|points| values(points));
        let mean = match &found {
            Found::Interval(Estimate { scale: Scale::Ratio, .. }) => geometric_mean,
            Found::Interval(Estimate { scale: Scale::Difference, .. })
            | Found::Same
            | Found::Exact { .. }
            | Found::OneSided { .. }
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
            Found::Exact { difference } | Found::OneSided { difference } => {
                // Of nothing, any change is more than every share.
                let limit = bound * self.base.abs();
                certain(if above { *difference > limit } else { *difference < limit })
            }
            Found::Interval(estimate) => Some(estimate.p_beyond(bound, above, self.base)),
        }
    }

    /// What may be said of it: exact changes are shown, equals are not.
    pub fn shown(&self) -> Shown {
        match &self.found {
            Found::Same | Found::None { .. } => Shown::No,
            Found::Exact { .. } | Found::OneSided { .. } => Shown::Yes,
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

/// By which method the rounds can be judged, and what that finds.
fn found(family: Family, base: &[Point], new: &[Point]) -> Found {
    let rounds = base.len().min(new.len());
    if rounds >= EXACT_ROUNDS
        && let Some(exact) = exact::of(family, base, new)
    {
        return match exact {
            Exact::Same => Found::Same,
            Exact::Apart { difference } => Found::Exact { difference },
            Exact::OneSided { difference } => Found::OneSided { difference },
        };
    }
    if rounds < INTERVAL_ROUNDS {
        return Found::None { reason: Untold::TooFewRounds };
    }
    let estimate = estimate::with_exact_part(base, new).or_else(|| estimate::of(base, new));
    estimate.map_or(Found::None { reason: Untold::NoSpread }, Found::Interval)
}

fn geometric_mean(values: &[f64]) -> f64 {
    if values.iter().all(|value| value == &values[0]) {
        return values[0];
    }
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
}
