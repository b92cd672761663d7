//! How well the rounds of one run know a figure.

use pushbench_protocol::figure::Figure;
use pushbench_stats::half_width_of_mean;
use pushbench_store::TrialV2;

use crate::series::{mean, series, values};
use crate::{CONFIDENCE, INTERVAL_ROUNDS};

/// Half of the interval of 95 % that holds the mean of a figure over rounds, as a share of it: 0.05 where it
/// is known to within 5 %. `None` for fewer than [`INTERVAL_ROUNDS`] that have it, or a mean of 0.
///
/// By the rules by which [`compare`](crate::compare()) judges a difference, for one side: over logarithms
/// where every round is positive, so that the mean is the geometric one; and rounds that agree are taken to
/// vary by what the figure is counted in.
pub fn known_within(figure: &Figure, trials: &[&TrialV2]) -> Option<f64> {
    let points = series(figure, trials);
    if points.len() < INTERVAL_ROUNDS {
        return None;
    }
    let found = values(&points);
    let floors = points.iter().map(|point| point.floor);
    if found.iter().all(|value| *value > 0.0) {
        let logs: Vec<_> = found.iter().map(|value| value.ln()).collect();
        let shares = floors.zip(&found).map(|(floor, value)| floor / value);
        return Some(half_width_of_mean(&logs, shares.fold(0.0, f64::max), CONFIDENCE)?.exp_m1());
    }
    let half = half_width_of_mean(&found, floors.fold(0.0, f64::max), CONFIDENCE)?;
    let share = half / mean(&found).abs();
    share.is_finite().then_some(share)
}
