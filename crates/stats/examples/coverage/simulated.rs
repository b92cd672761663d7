//! Simulated rounds whose truth is known, with a fixed seed, and how often the interval holds it.
//! `tests/coverage.rs` has this file too.

use pushbench_stats::Welch;
use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// How often an interval is to hold the truth.
pub(crate) const CONFIDENCE: f64 = 0.95;

pub(crate) struct Random(Pcg64Mcg);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// Each of the 64 bits a fair coin.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in (0, 1].
    fn share(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Student's t with 3 degrees of freedom: heavy tails, finite variance.
    fn heavy(&mut self) -> f64 {
        let squares: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / (squares / 3.0).sqrt()
    }
}

/// How the rounds of a figure come about, as the logarithm of its value. Both sides have the same
/// mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Model {
    /// Lognormal, 10 % apart.
    Lognormal,
    /// Lognormal, the new side spreads four times as wide.
    UnequalSpread,
    /// Lognormal with heavy tails: now and then a round far off.
    HeavyTail,
    /// One round in eight is disturbed and takes half as long again.
    Disturbed,
    /// The 95th percentile of 20 lognormal latencies whose scale is drawn anew for each round.
    RoundEffect,
    /// Gamma with shape 4: skewed on the logarithm too.
    Skewed,
}

impl Model {
    pub(crate) const ALL: [Self; 6] = [
        Self::Lognormal,
        Self::UnequalSpread,
        Self::HeavyTail,
        Self::Disturbed,
        Self::RoundEffect,
        Self::Skewed,
    ];

    fn round(self, random: &mut Random, is_new: bool) -> f64 {
        match self {
            Self::Lognormal => 0.1 * random.normal(),
            Self::UnequalSpread => (if is_new { 0.2 } else { 0.05 }) * random.normal(),
            Self::HeavyTail => 0.05 * random.heavy(),
            Self::Disturbed => {
                let disturbed = if random.share() < 0.125 { 1.5_f64.ln() } else { 0.0 };
                disturbed + 0.05 * random.normal()
            }
            Self::RoundEffect => {
                let scale = 0.1 * random.normal();
                let mut latencies: Vec<_> = (0..20).map(|_| 0.5 * random.normal()).collect();
                latencies.sort_by(f64::total_cmp);
                scale + latencies[18]
            }
            Self::Skewed => (-(0..4).map(|_| random.share().ln()).sum::<f64>()).ln(),
        }
    }

    pub(crate) fn rounds(self, random: &mut Random, count: usize, is_new: bool) -> Vec<f64> {
        (0..count).map(|_| self.round(random, is_new)).collect()
    }
}

/// Share of simulated pairs without a difference whose interval holds none.
pub(crate) fn coverage(model: Model, rounds: usize, simulations: usize, seed: u64) -> f64 {
    let mut random = Random::new(seed);
    let held = (0..simulations).filter(|_| {
        let base = model.rounds(&mut random, rounds, false);
        let new = model.rounds(&mut random, rounds, true);
        let [low, high] = Welch::of(&base, &new, [0.0; 2]).unwrap().interval(CONFIDENCE);
        low <= 0.0 && 0.0 <= high
    });
    held.count() as f64 / simulations as f64
}
