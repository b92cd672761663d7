//! Conditions held against a comparison.

use pushbench_stats::holm;
use pushbench_store::CellV1;
use serde::Serialize;

use crate::CONFIDENCE;
use crate::change::{Change, Found};
use crate::comparison::Comparison;
use crate::condition::{Condition, ConditionError, Relation};
use crate::estimate::Scale;

/// How improbable a change must be to be a regression: a figure that is watched alone is one where
/// the whole of its interval lies beyond the bound.
const LEVEL: f64 = (1.0 - CONFIDENCE) / 2.0;

/// What came of all conditions.
///
/// An exact change counts as it is. One that was estimated is a regression only if its interval lies
/// beyond the bound, and beyond what so many figures would do by chance: over all that a gate
/// watches in one comparison, equals raise any false alarm at all in at most 2.5 % of cases (Holm).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// One for each condition and each figure that it names.
    pub judged: Vec<Judged>,
}

/// What came of a condition for one figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// The condition as written.
    pub condition: String,
    /// The transport.
    pub transport: String,
    /// The swept settings; empty without a sweep.
    #[serde(skip_serializing_if = "CellV1::is_empty")]
    pub cell: CellV1,
    /// The figure.
    pub figure: String,
    /// How much it changed, as a share of the base; absent where that is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<f64>,
    /// The probability of so large a change if the true one were within the bound, adjusted for how
    /// many figures are watched; absent where the change is exact or was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// The interval that was judged; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// The verdict.
    pub judgement: Judgement,
}

/// The interval that a condition was held against: wider than the 95 % of one figure, the more
/// figures are watched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// How sure it is, between 0 and 1.
    pub confidence: f64,
    /// Whether its ends are ratios or differences in the figure's unit.
    pub scale: Scale,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The verdict on one figure.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Within the bound, or not shown to be beyond.
    Passed,
    /// The estimate lies beyond the bound, and the rounds do not suffice to say so.
    Unsure,
    /// Beyond the bound.
    Regression,
    /// Could not be judged.
    NotJudged,
}

impl Gate {
    /// Judges every figure that a condition names.
    ///
    /// # Errors
    ///
    /// If a condition names nothing that both runs have.
    pub fn judge(
        comparison: &Comparison,
        conditions: &[Condition],
    ) -> Result<Self, Box<ConditionError>> {
        let mut watched = Vec::new();
        for condition in conditions {
            condition.check(comparison).map_err(Box::new)?;
            for pair in &comparison.pairs {
                let named = |change: &&Change| condition.names(&pair.transport, &change.figure);
                watched.extend(
                    pair.changes.iter().filter(named).map(|change| (condition, pair, change)),
                );
            }
        }
        let p_values: Vec<_> = watched
            .iter()
            .map(|(condition, _, change)| {
                change.p_beyond(condition.bound, condition.relation == Relation::Above)
            })
            .collect();
        let estimated = |place: &usize| matches!(watched[*place].2.found, Found::Interval(_));
        let places: Vec<_> = (0..watched.len()).filter(estimated).collect();
        let estimates: Vec<_> = places.iter().filter_map(|&place| p_values[place]).collect();
        let mut adjusted = p_values.clone();
        let mut confidences = vec![CONFIDENCE; watched.len()];
        let levels = levels(&estimates);
        for (&place, (p, level)) in places.iter().zip(holm(&estimates).into_iter().zip(levels)) {
            adjusted[place] = Some(p);
            confidences[place] = 1.0 - 2.0 * level;
        }
        let judged = watched.iter().zip(adjusted.iter().zip(confidences));
        let judged = judged.map(|((condition, pair, change), (&p, confidence))| Judged {
            condition: condition.written.clone(),
            transport: pair.transport.clone(),
            cell: pair.cell.clone(),
            figure: change.figure.clone(),
            change: change.relative(),
            p: p.filter(|_| matches!(change.found, Found::Interval(_))),
            interval: interval(change, confidence),
            judgement: judgement(condition, change, p),
        });
        Ok(Self { judged: judged.collect() })
    }

    /// Those that are regressions.
    pub fn regressions(&self) -> impl Iterator<Item = &Judged> {
        self.judged.iter().filter(|judged| judged.judgement == Judgement::Regression)
    }

    /// Whether a condition could not be judged at all of any figure that it names.
    pub fn has_unjudged_condition(&self) -> bool {
        self.judged.iter().any(|judged| {
            let mut same = self.judged.iter().filter(|other| other.condition == judged.condition);
            same.all(|other| other.judgement == Judgement::NotJudged)
        })
    }
}

/// What each p-value is held against, in the order given: a regression is one that is at most that,
/// and so one whose interval of twice that level lies beyond the bound.
///
/// Holm's procedure stops at the first that is not: those after it are held against its level.
fn levels(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<_> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let of = |rank: usize| LEVEL / (p_values.len() - rank) as f64;
    let stop = order.iter().enumerate().find(|&(rank, &place)| p_values[place] > of(rank));
    let stop = stop.map_or(usize::MAX, |(rank, _)| rank);
    let mut levels = vec![LEVEL; p_values.len()];
    for (rank, &place) in order.iter().enumerate() {
        levels[place] = of(rank.min(stop));
    }
    levels
}

fn interval(change: &Change, confidence: f64) -> Option<Interval> {
    let Found::Interval(estimate) = &change.found else { return None };
    let [low, high] = estimate.interval(confidence);
    Some(Interval { confidence, scale: estimate.scale, low, high })
}

fn judgement(condition: &Condition, change: &Change, p: Option<f64>) -> Judgement {
    match p {
        None => Judgement::NotJudged,
        Some(p) if p <= LEVEL => Judgement::Regression,
        Some(_) if matches!(change.found, Found::Interval(_)) && is_beyond(condition, change) => {
            Judgement::Unsure
        }
        Some(_) => Judgement::Passed,
    }
}

fn is_beyond(condition: &Condition, change: &Change) -> bool {
    match (condition.relation, change.relative()) {
        (Relation::Above, Some(relative)) => relative > condition.bound,
        (Relation::Below, Some(relative)) => relative < condition.bound,
        // From nothing to something is more than any share.
        (Relation::Above, None) => change.new > change.base,
        (Relation::Below, None) => change.new < change.base,
    }
}
