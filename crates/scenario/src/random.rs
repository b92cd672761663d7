//! A seeded generator whose numbers never change between releases.
//!
//! `SplitMix64`: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA
//! 2014), with the constants of Vigna's public-domain `splitmix64.c`. Ten lines of our own rather
//! than a library's default generator, because a seed in a scenario must mean the same due times
//! in every version of this suite.

/// 2^64 divided by the golden ratio, made odd.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What random numbers are drawn for; each purpose has numbers of its own, so that polls know
/// nothing of publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Round = 1,
    TopicOffset = 2,
    Arrivals = 3,
    PollPhase = 4,
    CellOrder = 5,
    Reconnect = 6,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one seed for the `index`-th thing of a purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u32) -> Self {
        let purpose = (purpose as u64) << 32 | u64::from(index);
        Self(mix(seed.wrapping_add(GOLDEN)) ^ mix(mix(purpose)))
    }

    /// The next 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform in (0, 1], in steps of 2^-53.
    pub(crate) fn share(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Exponential with mean 1: the gap between two arrivals of a Poisson process of rate 1.
    pub(crate) fn gap(&mut self) -> f64 {
        -self.share().ln()
    }
}

/// The part of `whole` nanoseconds that `fraction` (of 2^64) is: in `0..whole`.
pub(crate) fn fraction_of(fraction: u64, whole: u128) -> u64 {
    let nanos = (u128::from(fraction) * whole.min(u128::from(u64::MAX))) >> 64;
    nanos as u64
}

/// The output function of `SplitMix64`: a bijection whose every output bit depends on every input bit.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_seed_1234567_are_those_of_the_published_generator() {
        // Output of Vigna's splitmix64.c for this seed, as many ports list it in their tests.
        let mut random = Random(1_234_567);
        let numbers: Vec<_> = (0..5).map(|_| random.bits()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn gaps_have_mean_one_and_are_never_negative() {
        let mut random = Random::new(7, Purpose::Arrivals, 0);
        let gaps: Vec<_> = (0..100_000).map(|_| random.gap()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!(gaps.iter().all(|gap| *gap >= 0.0));
    }

    #[test]
    fn a_fraction_of_a_whole_stays_below_it() {
        assert_eq!(fraction_of(u64::MAX, 1_000), 999);
        assert_eq!(fraction_of(0, 1_000), 0);
        assert_eq!(fraction_of(1 << 63, 1_000), 500);
    }
}
