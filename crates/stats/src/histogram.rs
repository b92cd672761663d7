//! One trial's samples of a duration.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

/// Longest duration that is told from longer ones, in nanoseconds: one hour.
const HIGHEST_NS: u64 = 3_600_000_000_000;
/// Digits that are kept of every value.
const SIGNIFICANT_DIGITS: u8 = 3;

/// A distribution of durations, from a nanosecond to an hour with 3 significant digits.
///
/// Everything is allocated when it is made, about 270 kB, so that recording does not disturb what
/// is being measured. Percentiles come from merged histograms, never from other percentiles.
#[derive(Clone)]
pub struct Histogram {
    samples: hdrhistogram::Histogram<u64>,
    clamped: u64,
}

impl Histogram {
    /// An empty one.
    pub fn new() -> Self {
        let samples = hdrhistogram::Histogram::new_with_bounds(1, HIGHEST_NS, SIGNIFICANT_DIGITS)
            .expect("the bounds are constants that the histogram accepts");
        Self { samples, clamped: 0 }
    }

    /// Adds one sample. Longer than an hour is recorded as an hour and counted in
    /// [`clamped`](Self::clamped). Does not allocate.
    pub fn record(&mut self, sample: Duration) {
        let nanos = u64::try_from(sample.as_nanos()).unwrap_or(u64::MAX);
        if nanos > HIGHEST_NS {
            self.clamped += 1;
        }
        self.samples.saturating_record(nanos.min(HIGHEST_NS));
    }

    /// Adds the samples of another.
    pub fn merge(&mut self, other: &Self) {
        self.samples.add(&other.samples).expect("both have the same bounds, set in `new`");
        self.clamped += other.clamped;
    }

    /// How many samples there are.
    pub fn count(&self) -> u64 {
        self.samples.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// How many samples were longer than an hour. Not part of the encoded form, which has no
    /// place for it: after [`decode`](Self::decode) it is 0.
    pub fn clamped(&self) -> u64 {
        self.clamped
    }

    /// The mean, within 0.1 %; `None` without samples.
    pub fn mean(&self) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_secs_f64(self.samples.mean() / 1e9))
    }

    /// The smallest value that at least the share `q` of the samples does not exceed, rounded up
    /// by at most 0.1 %; `None` without samples. `q` outside of [0, 1] counts as the nearer end.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_nanos(self.samples.value_at_quantile(q)))
    }

    /// The longest sample, rounded up by at most 0.1 %; `None` without samples.
    pub fn max(&self) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_nanos(self.samples.max()))
    }

    /// Each recorded value (the middle of its bucket) with how often it was recorded, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.samples.iter_recorded().map(|step| {
            let nanos = self.samples.median_equivalent(step.value_iterated_to());
            (Duration::from_nanos(nanos), step.count_at_value())
        })
    }

    /// The samples in the portable form of HDR histograms: V2, deflate, base64; values in
    /// nanoseconds. Lossless but for [`clamped`](Self::clamped).
    pub fn encode(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.samples, &mut bytes)
            .expect("a vector takes every write and the histogram is far below the size limit");
        STANDARD.encode(bytes)
    }

    /// The histogram that [`encode`](Self::encode) wrote, or another program with the same bounds.
    ///
    /// # Errors
    ///
    /// If the text is no base64, no HDR histogram, or one with other bounds or digits.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let bytes =
            STANDARD.decode(text).map_err(|error| DecodeError::Base64(error.to_string()))?;
        let samples: hdrhistogram::Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| DecodeError::Format(error.to_string()))?;
        if samples.low() != 1
            || samples.high() != HIGHEST_NS
            || samples.sigfig() != SIGNIFICANT_DIGITS
        {
            return Err(DecodeError::Bounds {
                low: samples.low(),
                high: samples.high(),
                digits: samples.sigfig(),
            });
        }
        Ok(Self { samples, clamped: 0 })
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal samples in equal buckets; what was clamped does not matter.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.samples == other.samples
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("mean", &self.mean())
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}

/// Why a text is not a histogram of ours.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// Not base64.
    #[error("expected base64: {0}")]
    Base64(String),
    /// Not an HDR histogram.
    #[error("expected an HDR histogram, V2 with deflate: {0}")]
    Format(String),
    /// A histogram made with other bounds, so merging it would round twice.
    #[error(
        "found a histogram from {low} to {high} with {digits} digits, expected 1 to {HIGHEST_NS} \
         with {SIGNIFICANT_DIGITS}"
    )]
    Bounds {
        /// Its lowest value that is told from 0.
        low: u64,
        /// Its highest value.
        high: u64,
        /// Its significant digits.
        digits: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(samples: &[Duration]) -> Histogram {
        let mut histogram = Histogram::new();
        for &sample in samples {
            histogram.record(sample);
        }
        histogram
    }

    #[test]
    fn an_empty_histogram_has_no_mean_no_quantile_and_no_maximum() {
        let empty = Histogram::new();
        assert_eq!((empty.mean(), empty.quantile(0.5), empty.max()), (None, None, None));
        assert_eq!(empty.count(), 0);
    }

    #[test]
    fn three_digits_hold_from_a_microsecond_to_an_hour() {
        for nanos in [1_000, 1_234, 40_020_000, 999_900_000_000, HIGHEST_NS] {
            let sample = Duration::from_nanos(nanos);
            let histogram = of(&[sample]);
            for found in [histogram.quantile(0.5), histogram.max(), histogram.mean()] {
                let off = found.unwrap().as_secs_f64() / sample.as_secs_f64() - 1.0;
                assert!(off.abs() < 0.001, "{nanos}: {off}");
            }
        }
    }

    #[test]
    fn the_quantiles_of_one_to_a_thousand_milliseconds_are_known() {
        let samples: Vec<_> = (1..=1_000).map(Duration::from_millis).collect();
        let histogram = of(&samples);
        for (q, expected) in [(0.5, 0.5), (0.9, 0.9), (0.99, 0.99), (1.0, 1.0)] {
            let found = histogram.quantile(q).unwrap().as_secs_f64();
            assert!((found / expected - 1.0).abs() < 0.001, "{q}: {found}");
        }
        assert!((histogram.mean().unwrap().as_secs_f64() / 0.5005 - 1.0).abs() < 0.001);
    }

    #[test]
    fn more_than_an_hour_counts_as_an_hour_and_is_told() {
        let histogram = of(&[Duration::from_secs(3_601), Duration::MAX, Duration::ZERO]);
        assert_eq!((histogram.count(), histogram.clamped()), (3, 2));
        let max = histogram.max().unwrap().as_secs_f64();
        assert!((3_600.0..3_604.0).contains(&max), "{max}");
    }

    #[test]
    fn recording_into_a_fresh_histogram_does_not_grow_it() {
        let mut histogram = Histogram::new();
        assert!(!histogram.samples.is_auto_resize());
        let buckets = histogram.samples.distinct_values();
        histogram.record(Duration::MAX);
        assert_eq!(histogram.samples.distinct_values(), buckets);
    }

    #[test]
    fn what_is_no_histogram_is_refused_with_what_was_expected() {
        assert!(matches!(Histogram::decode("%"), Err(DecodeError::Base64(_))));
        assert!(matches!(Histogram::decode("AAAAAAAA"), Err(DecodeError::Format(_))));
        let foreign = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1_000_000, 2).unwrap();
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&foreign, &mut bytes).unwrap();
        assert_eq!(
            Histogram::decode(&STANDARD.encode(bytes)).unwrap_err().to_string(),
            "found a histogram from 1 to 1000000 with 2 digits, expected 1 to 3600000000000 with 3"
        );
    }

    proptest! {
        #[test]
        fn encoding_loses_nothing(nanos in prop::collection::vec(0..=HIGHEST_NS, 0..200)) {
            let samples: Vec<_> = nanos.into_iter().map(Duration::from_nanos).collect();
            let histogram = of(&samples);
            prop_assert_eq!(&Histogram::decode(&histogram.encode()).unwrap(), &histogram);
        }

        #[test]
        fn merging_equals_recording_into_one(
            left in prop::collection::vec(0..=HIGHEST_NS, 0..50),
            right in prop::collection::vec(0..=HIGHEST_NS, 0..50),
        ) {
            let left: Vec<_> = left.into_iter().map(Duration::from_nanos).collect();
            let right: Vec<_> = right.into_iter().map(Duration::from_nanos).collect();
            let mut merged = of(&left);
            merged.merge(&of(&right));
            prop_assert_eq!(merged, of(&[left, right].concat()));
        }
    }
}
