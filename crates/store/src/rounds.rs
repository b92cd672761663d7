//! One figure over the trials of a run: the only place where rounds become one value.
//!
//! Which rule a figure follows is [`OverRounds`]; here it meets the record, which keeps every sample
//! of every round.

use pushbench_protocol::{OverRounds, Statistic};
use pushbench_stats::{Histogram, Rounds};

use crate::TrialV2;

/// A measured figure over those of the trials that have it; `None` if none has, or if it is one of
/// samples and they are not on record or cannot be read.
pub fn measured<'run>(
    figure: &str,
    trials: impl IntoIterator<Item = &'run TrialV2>,
) -> Option<Rounds> {
    let with = |trial: &'run TrialV2| Some((trial, *trial.figures.get(figure)?));
    let found: Vec<_> = trials.into_iter().filter_map(with).collect();
    let values: Vec<_> = found.iter().map(|(_, value)| *value).collect();
    let median = Rounds::of(&values)?;
    let value = match OverRounds::of(figure) {
        // What all rounds have is what they have together, under every rule.
        _ if median.is_constant() => median.value,
        OverRounds::Median => median.value,
        OverRounds::Mean => mean(&values),
        OverRounds::Highest => median.max,
        OverRounds::Samples { distribution, statistic } => match statistic {
            Statistic::Max => median.max,
            Statistic::Mean => weighted_mean(distribution, &found)?,
            Statistic::Quantile(quantile) => {
                let trials = found.iter().map(|(trial, _)| *trial);
                samples(distribution, trials)?.quantile(quantile)?.as_secs_f64()
            }
        },
    };
    Some(Rounds { value, ..median })
}

/// What the model says of a figure; over rounds where it says something else of each, as with random
/// arrivals. A law has no samples to put together, so its quantiles are averaged.
pub fn modelled<'run>(
    figure: &str,
    trials: impl IntoIterator<Item = &'run TrialV2>,
) -> Option<f64> {
    let values = trials.into_iter().filter_map(|trial| trial.model.figures.get(figure).copied());
    let values: Vec<_> = values.collect();
    let rounds = Rounds::of(&values)?;
    Some(match OverRounds::of(figure) {
        _ if rounds.is_constant() => rounds.value,
        OverRounds::Median => rounds.value,
        OverRounds::Highest | OverRounds::Samples { statistic: Statistic::Max, .. } => rounds.max,
        OverRounds::Mean
        | OverRounds::Samples { statistic: Statistic::Mean | Statistic::Quantile(_), .. } => {
            mean(&values)
        }
    })
}

/// The samples of a distribution of all these trials in one; `None` if there are none, or if one
/// cannot be read.
pub fn samples<'run>(
    distribution: &str,
    trials: impl IntoIterator<Item = &'run TrialV2>,
) -> Option<Histogram> {
    let mut all = Histogram::new();
    for trial in trials {
        if let Some(round) = trial.waiting.histograms.get(distribution) {
            all.merge(&round.samples().ok()?);
        }
    }
    (!all.is_empty()).then_some(all)
}

/// The mean of all samples: that of each round counts as often as the round has samples.
fn weighted_mean(distribution: &str, found: &[(&TrialV2, f64)]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for (trial, mean) in found {
        let samples = trial.waiting.histograms.get(distribution)?.count as f64;
        sum += mean * samples;
        count += samples;
    }
    (count > 0.0).then(|| sum / count)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
