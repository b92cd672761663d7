//! How much news a poll finds.

/// Mean number of messages from which on they are not counted one by one.
const MOST_COUNTED: f64 = 1_000.0;

/// Messages of one topic between two polls of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MessageCounts {
    /// Mean number: rate times interval.
    pub mean: f64,
    /// Whether arrivals are Poisson; otherwise they are evenly spaced.
    pub poisson: bool,
}

impl MessageCounts {
    /// Probability that a poll finds nothing.
    ///
    /// `e^(-LT)` for Poisson arrivals; evenly spaced ones leave the share `1 - LT` of polls
    /// empty while they are rarer than polls, and none once they are not.
    ///
    /// ```
    /// use pushbench_model::MessageCounts;
    ///
    /// // A message every 30 s, a poll every second: 96.7 % of the polls find none.
    /// let counts = MessageCounts { mean: 1.0 / 30.0, poisson: true };
    /// assert_eq!((counts.empty() * 1_000.0).round(), 967.0);
    /// ```
    pub fn empty(self) -> f64 {
        if self.poisson { (-self.mean).exp() } else { (1.0 - self.mean).max(0.0) }
    }

    /// Share of versions that a poller who takes only the newest ever sees.
    ///
    /// `(1 - e^(-LT)) / (LT)` for Poisson arrivals, `min(1, 1 / (LT))` for evenly spaced ones.
    ///
    /// ```
    /// use pushbench_model::MessageCounts;
    ///
    /// // As many messages as polls: 1 - 1/e of the versions are seen.
    /// let seen = MessageCounts { mean: 1.0, poisson: true }.versions_seen();
    /// assert_eq!((seen * 1_000.0).round(), 632.0);
    /// ```
    pub fn versions_seen(self) -> f64 {
        (1.0 - self.empty()) / self.mean
    }

    /// Numbers of messages that are found, and the probability of each; what is left out is under
    /// 1e-12 of them.
    ///
    /// Beyond a mean of 1,000 the Poisson distribution is as good as normal, and five moments of that
    /// are those of three points (Gauss-Hermite: the mean, and the square root of three deviations
    /// on either side).
    pub fn counts(self) -> Vec<(u64, f64)> {
        if !self.poisson {
            return around(self.mean, 1.0).into();
        }
        if self.mean > MOST_COUNTED {
            let away = (3.0 * self.mean).sqrt();
            let points = [
                (self.mean - away, 1.0 / 6.0),
                (self.mean, 2.0 / 3.0),
                (self.mean + away, 1.0 / 6.0),
            ];
            return points.into_iter().flat_map(|(count, share)| around(count, share)).collect();
        }
        // Recursion in logarithms: e^-mean underflows above 745.
        let mut probabilities = Vec::new();
        let mut log_probability = -self.mean;
        let mut sum = 0.0;
        let mut count = 0;
        // However rare messages are, a poll that finds one or two has its share.
        while count < 3 || sum < 1.0 - 1e-12 && (count as f64) < self.mean * 2.0 + 200.0 {
            let probability = log_probability.exp();
            probabilities.push((count, probability));
            sum += probability;
            count += 1;
            log_probability += (self.mean / count as f64).ln();
        }
        probabilities
    }

    /// Expectation of `value` over the number of messages found.
    pub fn expect(self, value: impl Fn(u64) -> f64) -> f64 {
        self.counts().into_iter().map(|(count, p)| p * value(count)).sum()
    }
}

/// The whole numbers on either side of a count, so weighted that they keep its mean.
fn around(count: f64, share: f64) -> [(u64, f64); 2] {
    let floor = count.floor();
    let above = count - floor;
    [(floor as u64, share * (1.0 - above)), (floor as u64 + 1, share * above)]
}

/// Holds of `hold` seconds that end without news, for each message; `rate` messages a second.
///
/// A hold begins anew with each answer. Poisson: a share `e^(-LH)` of holds ends without news,
/// whatever came before. Evenly spaced: those that fit between two messages.
pub fn holds_without_message(rate: f64, poisson: bool, hold: f64) -> f64 {
    if poisson {
        return 1.0 / (rate * hold).exp_m1();
    }
    (1.0 / rate / hold).ceil() - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
    }

    /// Source: DESIGN's laws, worked values at LT = 0.1, 1 and 5.
    #[test]
    fn the_worked_values_come_out() {
        for (mean, seen, empty) in
            [(0.1, 0.9516, 0.9048), (1.0, 0.6321, 0.3679), (5.0, 0.1987, 0.0067)]
        {
            let counts = MessageCounts { mean, poisson: true };
            close(counts.versions_seen(), seen);
            close(counts.empty(), empty);
        }
    }

    #[test]
    fn probabilities_sum_to_one_and_keep_the_mean() {
        for mean in [0.03, 1.0, 40.0, 900.0, 1_000.5, 8.64e10] {
            for poisson in [false, true] {
                let counts = MessageCounts { mean, poisson };
                close(counts.expect(|_| 1.0), 1.0);
                assert!((counts.expect(|count| count as f64) / mean - 1.0).abs() < 1e-6, "{mean}");
                let nothing = counts.counts().into_iter().filter(|(count, _)| *count == 0);
                close(nothing.map(|(_, share)| share).sum(), counts.empty());
            }
        }
    }
}
