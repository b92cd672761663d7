//! How much news a poll finds.

/// Messages of one topic between two polls of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct News {
    /// Mean number: rate times interval.
    pub mean: f64,
    /// Whether arrivals are Poisson; otherwise they are evenly spaced.
    pub poisson: bool,
}

impl News {
    /// Probability that a poll finds nothing.
    ///
    /// `e^(-LT)` for Poisson arrivals; evenly spaced ones leave the share `1 - LT` of polls
    /// empty while they are rarer than polls, and none once they are not.
    pub fn empty(self) -> f64 {
        if self.poisson { (-self.mean).exp() } else { (1.0 - self.mean).max(0.0) }
    }

    /// Share of versions that a poller who takes only the newest ever sees.
    ///
    /// `(1 - e^(-LT)) / (LT)` for Poisson arrivals, `min(1, 1 / (LT))` for evenly spaced ones.
    pub fn versions_seen(self) -> f64 {
        (1.0 - self.empty()) / self.mean
    }

    /// Probabilities of finding 0, 1, 2, ... messages, until what is left is under 1e-12.
    pub fn counts(self) -> Vec<f64> {
        if !self.poisson {
            let floor = self.mean.floor();
            let mut probabilities = vec![0.0; floor as usize + 2];
            probabilities[floor as usize] = 1.0 - (self.mean - floor);
            probabilities[floor as usize + 1] = self.mean - floor;
            return probabilities;
        }
        // Recursion in logarithms: e^-mean underflows above 745.
        let mut probabilities = Vec::new();
        let mut log_probability = -self.mean;
        let mut sum = 0.0;
        let mut count = 0.0;
        while sum < 1.0 - 1e-12 && count < self.mean * 2.0 + 200.0 {
            let probability = log_probability.exp();
            probabilities.push(probability);
            sum += probability;
            count += 1.0;
            log_probability += (self.mean / count).ln();
        }
        probabilities
    }

    /// Expectation of `value` over the number of messages found.
    pub fn expect(self, value: impl Fn(u64) -> f64) -> f64 {
        (0..).zip(self.counts()).map(|(count, p)| p * value(count)).sum()
    }
}

/// Holds of `hold` seconds that end without news, for each message; `rate` messages a second.
///
/// A hold begins anew with each answer. Poisson: a share `e^(-LH)` of holds ends without news,
/// whatever came before. Evenly spaced: those that fit between two messages.
pub fn holds_without_news(rate: f64, poisson: bool, hold: f64) -> f64 {
    if poisson {
        let empty = (-rate * hold).exp();
        return empty / (1.0 - empty);
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
            let news = News { mean, poisson: true };
            close(news.versions_seen(), seen);
            close(news.empty(), empty);
        }
    }

    #[test]
    fn probabilities_sum_to_one_and_keep_the_mean() {
        for mean in [0.03, 1.0, 40.0, 900.0] {
            for poisson in [false, true] {
                let news = News { mean, poisson };
                close(news.expect(|_| 1.0), 1.0);
                assert!((news.expect(|count| count as f64) / mean - 1.0).abs() < 1e-6, "{mean}");
                close(news.counts()[0], news.empty());
            }
        }
    }
}
