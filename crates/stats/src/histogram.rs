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
    /// The longest sample to the nanosecond, at most an hour; `None` without samples, and where it was
    /// not kept beside the encoded form.
    longest: Option<u64>,
}

impl Histogram {
    /// An empty one.
    pub fn new() -> Self {
        let samples = hdrhistogram::Histogram::new_with_bounds(1, HIGHEST_NS, SIGNIFICANT_DIGITS)
            .expect("the bounds are constants that the histogram accepts");
        Self { samples, clamped: 0, longest: None }
    }

    /// Adds one sample. Longer than an hour is recorded as an hour and counted in
    /// [`clamped`](Self::clamped). Does not allocate.
    pub fn record(&mut self, sample: Duration) {
        let nanos = u64::try_from(sample.as_nanos()).unwrap_or(u64::MAX);
        if nanos > HIGHEST_NS {
            self.clamped += 1;
        }
        let nanos = nanos.min(HIGHEST_NS);
        // Samples whose longest is not known have none that this one could be told from.
        if self.longest.is_some() || self.samples.is_empty() {
            self.longest = self.longest.max(Some(nanos));
        }
        self.samples.saturating_record(nanos);
    }

    /// Adds the samples of another.
    pub fn merge(&mut self, other: &Self) {
        self.longest = match (self.is_empty(), other.is_empty()) {
            (_, true) => self.longest,
            (true, false) => other.longest,
            (false, false) => self.longest.zip(other.longest).map(|(a, b)| a.max(b)),
        };
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
    /// place for it: see [`with_extremes`](Self::with_extremes).
    pub fn clamped(&self) -> u64 {
        self.clamped
    }

    /// The mean, within 0.1 %; `None` without samples.
    pub fn mean(&self) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_secs_f64(self.samples.mean() / 1e9))
    }

    /// The smallest value that at least the share `q` of the samples does not exceed, rounded up
    /// by at most 0.1 % and never above the longest; `None` without samples. `q` outside of [0, 1]
    /// counts as the nearer end.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pushbench_stats::Histogram;
    ///
    /// let mut histogram = Histogram::new();
    /// for millis in 1..=100 {
    ///     histogram.record(Duration::from_millis(millis));
    /// }
    /// let median = histogram.quantile(0.5).expect("there are samples");
    /// assert!(median >= Duration::from_millis(50) && median < Duration::from_micros(50_050));
    /// ```
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let longest = self.longest.unwrap_or(u64::MAX);
        let nanos = || self.samples.value_at_quantile(q).min(longest);
        (!self.is_empty()).then(|| Duration::from_nanos(nanos()))
    }

    /// The longest sample; `None` without samples. Exact, but rounded up by at most 0.1 % where only
    /// the encoded form was kept.
    pub fn max(&self) -> Option<Duration> {
        let nanos = || self.longest.unwrap_or_else(|| self.samples.max());
        (!self.is_empty()).then(|| Duration::from_nanos(nanos()))
    }

    /// The longest sample to the nanosecond, at most an hour; `None` without samples, or if it was not
    /// kept.
    pub fn longest(&self) -> Option<Duration> {
        self.longest.map(Duration::from_nanos)
    }

    /// The same with what the encoded form has no place for, as [`longest`](Self::longest) and
    /// [`clamped`](Self::clamped) gave it. A longest sample that is not one of these is not taken.
    #[must_use]
    pub fn with_extremes(mut self, longest: Option<Duration>, clamped: u64) -> Self {
        let nanos = longest.and_then(|longest| u64::try_from(longest.as_nanos()).ok());
        let highest = self.samples.max();
        self.longest =
            nanos.filter(|nanos| !self.is_empty() && self.samples.equivalent(*nanos, highest));
        self.clamped = clamped;
        self
    }

    /// Each recorded value (the middle of its bucket) with how often it was recorded, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.samples.iter_recorded().map(|step| {
            let nanos = self.samples.median_equivalent(step.value_iterated_to());
            (Duration::from_nanos(nanos), step.count_at_value())
        })
    }

    /// The samples in the portable form of HDR histograms: V2, deflate, base64; values in
    /// nanoseconds. Lossless but for [`clamped`](Self::clamped) and [`longest`](Self::longest).
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
        Ok(Self { samples, clamped: 0, longest: None })
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal samples in equal buckets, and equal extremes.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        let extremes = |of: &Self| (of.clamped, of.longest);
        extremes(self) == extremes(other) && self.samples == other.samples
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
    fn a_longest_sample_is_known_of_all_or_of_none() {
        let with = of(&[Duration::from_nanos(7_000_001)]);
        let without = Histogram::decode(&with.encode()).unwrap();
        assert_eq!((with.max(), without.longest()), (Some(Duration::from_nanos(7_000_001)), None));
        for (left, right) in [(&with, &without), (&without, &with), (&without, &without)] {
            let mut merged = left.clone();
            merged.merge(right);
            assert_eq!(merged.longest(), None);
        }
        let mut merged = Histogram::new();
        merged.merge(&with);
        merged.merge(&Histogram::new());
        assert_eq!(merged.longest(), with.longest());
        let foreign = without.with_extremes(Some(Duration::from_secs(1)), 0);
        assert_eq!(foreign.longest(), None, "none of these samples took a second");
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
            let decoded = Histogram::decode(&histogram.encode()).unwrap();
            let whole = decoded.with_extremes(histogram.longest(), histogram.clamped());
            prop_assert_eq!(&whole, &histogram);
        }

        #[test]
        fn the_maximum_is_exact_and_no_quantile_is_above_it(
            nanos in prop::collection::vec(0..=HIGHEST_NS, 1..100),
            q in 0.0..=1.0,
        ) {
            let highest = nanos.iter().max().copied().map(Duration::from_nanos);
            let histogram = of(&nanos.into_iter().map(Duration::from_nanos).collect::<Vec<_>>());
            prop_assert_eq!(histogram.max(), highest);
            prop_assert!(histogram.quantile(q) <= highest);
            let without = Histogram::decode(&histogram.encode()).unwrap();
            prop_assert!(without.max() >= highest);
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
