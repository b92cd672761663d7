//! Differences that only an interval over rounds can tell from chance.

use pushbench_stats::Welch;
use serde::Serialize;

use crate::CONFIDENCE;
use crate::exact::{self, Exact};
use crate::family::Family;
use crate::series::{Point, mean, values};

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
    /// The part of the difference that is exact, in the figure's unit: of bytes at layer 3 those
    /// above TCP/IP, where every round agrees on them. Only the rest is estimated then. Absent
    /// where all of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_part: Option<f64>,
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

impl Estimate {
    /// The probability of what was found if the true change, as a share of `base`, were at most
    /// `bound` (where `above`) or at least it.
    pub(crate) fn p_beyond(&self, bound: f64, above: bool, base: f64) -> f64 {
        let limit = match self.scale {
            Scale::Ratio => bound.ln_1p(),
            Scale::Difference => bound * base.abs(),
        };
        // A loss of all and more has no logarithm and is beyond no ratio.
        let limit = if limit.is_nan() { f64::NEG_INFINITY } else { limit };
        if above { self.welch.p_above(limit) } else { self.welch.p_below(limit) }
    }

    /// The interval that holds the true difference with this confidence, between 0 and 1: ratios
    /// or differences, as [`Self::scale`] says.
    pub fn interval(&self, confidence: f64) -> [f64; 2] {
        self.welch.interval(confidence).map(|end| self.scale.unlogged(end))
    }

    fn new(scale: Scale, welch: Welch, exact_part: Option<f64>, base: f64) -> Self {
        let [low, high] = welch.interval(CONFIDENCE);
        let half = welch.half_width(CONFIDENCE);
        let noise_floor = match scale {
            Scale::Ratio => Some(half.exp_m1()),
            Scale::Difference => (base != 0.0).then(|| half / base.abs()),
        };
        Self {
            scale,
            estimate: scale.unlogged(welch.difference),
            low: scale.unlogged(low),
            high: scale.unlogged(high),
            exact_part,
            noise_floor,
            degrees_of_freedom: welch.degrees_of_freedom,
            p: welch.p_apart(),
            shown: if low <= 0.0 && 0.0 <= high { Shown::No } else { Shown::Perhaps },
            welch,
        }
    }
}

impl Scale {
    /// Ratios are judged by their logarithms.
    fn unlogged(self, value: f64) -> f64 {
        match self {
            Self::Ratio => value.exp(),
            Self::Difference => value,
        }
    }
}

/// That of whole values; `None` without any spread.
pub(crate) fn of(base: &[Point], new: &[Point]) -> Option<Estimate> {
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
            let floors = [base, new].map(|points| largest(points, |point| point.floor));
            (Scale::Difference, Welch::of(&values(base), &values(new), floors)?)
        }
    };
    Some(Estimate::new(scale, welch, None, mean(&values(base))))
}

/// That of bytes at layer 3, where every round agrees on the bytes above TCP/IP: their difference
/// is exact, and only that of TCP/IP's own is estimated. One stray acknowledgement then makes a
/// change of 50 bytes in a header no less certain. `None` where there is no such part.
pub(crate) fn with_exact_part(base: &[Point], new: &[Point]) -> Option<Estimate> {
    let exact_part = match exact::of(Family::Bytes, &above_tcp_ip(base)?, &above_tcp_ip(new)?)? {
        Exact::Same => 0.0,
        Exact::Apart { difference } | Exact::OneSided { difference } => difference,
    };
    let rests = [base, new].map(|points| -> Vec<f64> {
        let rests = points.iter().filter_map(|point| Some(point.value - point.layer3?.above));
        rests.collect()
    });
    let floors = [base, new]
        .map(|points| largest(points, |point| point.layer3.map_or(0.0, |parts| parts.segment)));
    let mut welch = Welch::of(&rests[0], &rests[1], floors)?;
    welch.difference += exact_part;
    Some(Estimate::new(Scale::Difference, welch, Some(exact_part), mean(&values(base))))
}

/// The part of each round that lies above TCP/IP; `None` where a round does not know it.
fn above_tcp_ip(points: &[Point]) -> Option<Vec<Point>> {
    let part = |point: &Point| {
        let above = point.layer3?.above;
        let share = above / point.value;
        Some(Point {
            value: above,
            bytes_per_unit: point.bytes_per_unit.map(|bytes| bytes * share),
            is_of_programs: true,
            ..*point
        })
    };
    points.iter().map(part).collect()
}

fn largest(points: &[Point], of: impl Fn(&Point) -> f64) -> f64 {
    points.iter().map(of).fold(0.0, f64::max)
}
