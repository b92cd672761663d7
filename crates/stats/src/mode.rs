//! Bumps in a distribution that TCP's timers leave.

use std::time::Duration;

use crate::Histogram;

/// How many samples lie near a value, and how many would if the distribution were even there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModeShare {
    /// Share of all samples in the window, 0 to 1.
    pub share: f64,
    /// Mean share of the two neighbouring windows of the same width, 0 to 1.
    pub expected: f64,
}

/// Looks for a mode: the share of samples within `at` plus or minus `width` of itself, and the
/// mean of the shares in the windows of the same width just below and just above.
///
/// A delayed acknowledgement shows near 40 ms and the minimum retransmission timeout near 200 ms
/// (Linux), both with `share` far over `expected`, where an even spread, as of polling's waiting
/// time, has the two alike. `width` is a share of `at` and lies between 0 and 1/3, so that the
/// lower neighbour stays above 0; `None` without samples or with another width.
///
/// Windows are half open, lower end included, and a sample counts with the middle of its
/// bucket, within 0.1 % of its value.
pub fn mode_near(histogram: &Histogram, at: Duration, width: f64) -> Option<ModeShare> {
    if histogram.is_empty() || !(width > 0.0 && width <= 1.0 / 3.0) {
        return None;
    }
    let [mut below, mut near, mut above] = [0_u64; 3];
    for (value, count) in histogram.buckets() {
        let windows_off = (value.as_secs_f64() / at.as_secs_f64() - 1.0) / width;
        match windows_off {
            off if (-3.0..-1.0).contains(&off) => below += count,
            off if (-1.0..1.0).contains(&off) => near += count,
            off if (1.0..3.0).contains(&off) => above += count,
            _ => {}
        }
    }
    let total = histogram.count() as f64;
    Some(ModeShare { share: near as f64 / total, expected: (below + above) as f64 / 2.0 / total })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYED_ACK: Duration = Duration::from_millis(40);

    #[test]
    fn an_even_spread_shows_no_mode() {
        let mut histogram = Histogram::new();
        for micros in 0..100_000 {
            histogram.record(Duration::from_micros(micros));
        }
        let found = mode_near(&histogram, DELAYED_ACK, 0.1).unwrap();
        assert!((found.share - 0.08).abs() < 0.001, "{found:?}");
        assert!((found.expected - 0.08).abs() < 0.001, "{found:?}");
    }

    #[test]
    fn delayed_acknowledgements_among_fast_answers_show() {
        let mut histogram = Histogram::new();
        for _ in 0..900 {
            histogram.record(Duration::from_micros(300));
        }
        for _ in 0..100 {
            histogram.record(Duration::from_millis(41));
        }
        let found = mode_near(&histogram, DELAYED_ACK, 0.1).unwrap();
        assert_eq!(found, ModeShare { share: 0.1, expected: 0.0 });
    }

    #[test]
    fn neighbours_are_counted_at_their_mean_and_what_is_farther_is_not() {
        let mut histogram = Histogram::new();
        for millis in [20, 30, 34, 50, 40, 60, 200, 1] {
            histogram.record(Duration::from_millis(millis));
        }
        let found = mode_near(&histogram, DELAYED_ACK, 0.1).unwrap();
        assert_eq!(found, ModeShare { share: 1.0 / 8.0, expected: 1.5 / 8.0 });
    }

    #[test]
    fn nothing_can_be_said_without_samples_or_with_a_window_that_reaches_zero() {
        assert_eq!(mode_near(&Histogram::new(), DELAYED_ACK, 0.1), None);
        let mut histogram = Histogram::new();
        histogram.record(DELAYED_ACK);
        assert_eq!(mode_near(&histogram, DELAYED_ACK, 0.5), None);
        assert_eq!(mode_near(&histogram, DELAYED_ACK, 0.0), None);
    }
}
