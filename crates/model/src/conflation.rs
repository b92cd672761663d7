//! What conflation leaves of the messages, and how late it makes them.

/// A push of the newest message only, at most one in so much time; without the network.
///
/// A message goes out at once if the last one is long enough ago. If not, the newest goes out when
/// it is, and those before it are superseded.
///
/// Source: renewal argument on the time from one message sent to the next, DESIGN's laws of waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conflation {
    /// Least seconds between two messages to one client.
    pub every: f64,
    /// Messages published a second, above zero.
    pub rate: f64,
    /// Whether their arrivals are Poisson; otherwise they are evenly spaced.
    pub poisson: bool,
}

impl Conflation {
    /// Messages sent to one client a second.
    ///
    /// Poisson: `1 / (C + e^(-LC) / L)`, as after a time without news the next message is waited
    /// for. Evenly spaced: all that come no faster than one in `C`, else one in `C`.
    ///
    /// ```
    /// use pushbench_model::Conflation;
    ///
    /// // Ten messages a second at random moments, sent at most once a second.
    /// let feed = Conflation { rate: 10.0, every: 1.0, poisson: true };
    /// assert!((feed.deliveries_per_second() - 1.0).abs() < 0.001);
    /// // What is sent is as fresh as it can be: the last to come in that second.
    /// assert!((feed.mean().expect("a law") - 0.1).abs() < 0.001);
    /// ```
    pub fn deliveries_per_second(self) -> f64 {
        if self.poisson {
            1.0 / (self.every + self.nothing_came() / self.rate)
        } else {
            self.rate.min(1.0 / self.every)
        }
    }

    /// Mean latency of the messages that are sent, in seconds. `None` for evenly spaced messages
    /// that are superseded: it depends on how the two periods meet.
    ///
    /// Poisson: none for the share `e^(-LC)` that finds the way free; the others are the last arrival
    /// within `C`.
    pub fn mean(self) -> Option<f64> {
        if self.poisson {
            let free = self.nothing_came();
            return Some((1.0 - free) / self.rate - self.every * free);
        }
        (self.rate * self.every <= 1.0).then_some(0.0)
    }

    /// Quantile of that latency in seconds, `quantile` in [0, 1].
    pub fn quantile(self, quantile: f64) -> Option<f64> {
        if !self.poisson {
            return self.mean();
        }
        let free = self.nothing_came();
        if quantile <= free {
            return Some(0.0);
        }
        // Nobody waits longer, though the logarithm of next to nothing says so.
        Some((-(1.0 + free - quantile).ln() / self.rate).min(self.every))
    }

    /// Probability that no message comes in the time between two.
    fn nothing_came(self) -> f64 {
        (-self.rate * self.every).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays so many Poisson arrivals; sent messages a second, and their latencies in order.
    fn play(law: Conflation, arrivals: u32) -> (f64, Vec<f64>) {
        // Numerical Recipes' generator: enough for exponential gaps.
        let mut state = 1_u64;
        let mut gap = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let uniform = ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
            -uniform.ln() / law.rate
        };
        let (mut now, mut free_at, mut waiting) = (0.0, 0.0, None);
        let mut latencies = Vec::new();
        for _ in 0..arrivals {
            now += gap();
            if let Some(due) = waiting.take_if(|_| free_at <= now) {
                latencies.push(free_at - due);
                free_at += law.every;
            }
            if free_at <= now {
                latencies.push(0.0);
                free_at = now + law.every;
            } else {
                waiting = Some(now);
            }
        }
        latencies.sort_by(f64::total_cmp);
        (latencies.len() as f64 / now, latencies)
    }

    #[test]
    fn the_laws_are_those_of_played_arrivals() {
        for rate in [0.2, 1.0, 5.0, 20.0] {
            let law = Conflation { every: 0.5, rate, poisson: true };
            let (sent, latencies) = play(law, 200_000);
            let close =
                |found: f64, expected: f64| (found - expected).abs() < 0.01 * expected + 1e-3;
            let expected = law.deliveries_per_second();
            assert!(close(sent, expected), "{rate}: {sent} is not {expected}");
            let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
            assert!(close(mean, law.mean().expect("a law")), "{rate}: {mean} {:?}", law.mean());
            for quantile in [0.1, 0.5, 0.9, 0.99] {
                let found = latencies[(latencies.len() as f64 * quantile) as usize];
                let expected = law.quantile(quantile).expect("a law");
                assert!((found - expected).abs() < 5e-3, "{rate} {quantile}: {found} {expected}");
            }
            assert!((law.quantile(1.0).expect("a law") - 0.5).abs() < 1e-9, "{rate}");
            let often = Conflation { rate: rate * 1e6, ..law };
            assert_eq!(often.quantile(1.0), Some(0.5), "{rate}");
        }
    }

    #[test]
    fn evenly_spaced_messages_pass_unless_they_come_too_fast() {
        let even = |rate| Conflation { every: 0.5, rate, poisson: false };
        assert_eq!((even(1.0).deliveries_per_second(), even(1.0).mean()), (1.0, Some(0.0)));
        assert_eq!((even(7.0).deliveries_per_second(), even(7.0).mean()), (2.0, None));
    }
}
