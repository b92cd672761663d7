//! How the values of a figure in several rounds become one: a rule for each figure, by its name.
//!
//! A quantile of a run is that of the samples of all its rounds, and a maximum is the maximum: a
//! median of maxima would hide the one round in which something took long.

use crate::figure::{DISTRIBUTIONS, QUANTILES};

/// How one figure's rounds become one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OverRounds {
    /// The statistic of the samples of all rounds together.
    Samples {
        /// Name of the distribution.
        distribution: &'static str,
        /// What of it.
        statistic: Statistic,
    },
    /// The mean: averages over time and clients, of which each round has equally many; and counts
    /// of which a single round may have them all.
    Mean,
    /// The highest: what went wrong, and what is a maximum in itself.
    Highest,
    /// The median: costs, of which one disturbed round should not decide.
    Median,
}

/// A statistic of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Their mean.
    Mean,
    /// The value that this share of them does not exceed, 0 to 1.
    Quantile(f64),
    /// The longest.
    Max,
}

/// Figures that are a mean over rounds.
const MEANS: [&str; 5] = [
    "age_mean",
    "version_age_mean",
    "retransmitted_bytes",
    "retransmitted_bytes_up",
    "retransmitted_bytes_down",
];

/// Figures of which the highest round counts.
const HIGHEST: [&str; 6] = ["lost", "duplicates", "out_of_order", "foreign", "errors", "load_busy"];

impl OverRounds {
    /// The rule of the figure of that name.
    pub fn of(figure: &str) -> Self {
        if let Some((name, statistic)) = figure.split_once('.')
            && let Some((distribution, _)) = DISTRIBUTIONS.iter().find(|known| known.0 == name)
            && let Some(statistic) = Statistic::named(statistic)
        {
            return Self::Samples { distribution, statistic };
        }
        match figure {
            _ if MEANS.contains(&figure) => Self::Mean,
            _ if HIGHEST.contains(&figure) => Self::Highest,
            _ => Self::Median,
        }
    }

    /// What such a value is, for people: `median of 3 rounds`.
    pub fn described(self, rounds: usize) -> String {
        let what = match self {
            Self::Samples { .. } => "samples",
            Self::Mean => "mean",
            Self::Highest => "highest",
            Self::Median => "median",
        };
        match (self, rounds) {
            (_, 1) => "1 round".to_owned(),
            (Self::Samples { .. }, _) => format!("all {what} of {rounds} rounds together"),
            (Self::Mean | Self::Highest | Self::Median, _) => format!("{what} of {rounds} rounds"),
        }
    }
}

impl Statistic {
    /// By its name in figures: `mean`, `p99`, `max`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mean" => Some(Self::Mean),
            "max" => Some(Self::Max),
            _ => {
                QUANTILES.iter().find(|known| known.0 == name).map(|known| Self::Quantile(known.1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure;

    #[test]
    fn every_statistic_of_every_distribution_is_one_of_all_samples() {
        for (distribution, _) in DISTRIBUTIONS {
            for name in figure::STATISTICS {
                let statistic = Statistic::named(name).expect("every statistic has a rule");
                assert_eq!(
                    OverRounds::of(&format!("{distribution}.{name}")),
                    OverRounds::Samples { distribution, statistic }
                );
            }
        }
    }

    #[test]
    fn a_fault_in_one_round_of_three_is_not_outvoted() {
        for fault in ["lost", "duplicates", "out_of_order", "errors"] {
            assert!(figure::find(fault).is_some(), "{fault}");
            assert_eq!(OverRounds::of(fault), OverRounds::Highest, "{fault}");
        }
        assert_eq!(OverRounds::of("wire_bytes_per_delivery"), OverRounds::Median);
    }
}
