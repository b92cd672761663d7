//! How late news is by polling: the law of a poll on a fixed schedule at a random phase.

/// Latency of the messages that a short poller receives, without the network's delay.
///
/// A message due at a moment independent of the polls waits uniformly between 0 and the interval.
/// Where only the newest is kept, the messages that are seen at all are younger: a message is seen
/// only if no other came before the poll.
///
/// Source: DESIGN, section 6; for the newest only, the age of the last arrival of a Poisson process
/// within an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PollWait {
    /// Uniform between 0 and this many seconds.
    Uniform(f64),
    /// Exponential with `rate` a second, cut at `interval` seconds.
    Newest {
        /// Messages a second.
        rate: f64,
        /// Seconds between polls.
        interval: f64,
    },
}

impl PollWait {
    /// The law for a poller with this `interval` in seconds, `rate` messages a second, evenly
    /// spaced or Poisson, of which it takes all or only the newest.
    ///
    /// ```
    /// use pushbench_model::waiting::PollWait;
    ///
    /// // A poll every second that takes every message: half an interval, and 0.95 of it at p95.
    /// let wait = PollWait::new(1.0, 5.0, true, false);
    /// assert_eq!(wait.mean(), 0.5);
    /// assert_eq!(wait.quantile(0.95), 0.95);
    /// ```
    pub fn new(interval: f64, rate: f64, poisson: bool, newest_only: bool) -> Self {
        match (newest_only, poisson) {
            (false, _) => Self::Uniform(interval),
            (true, false) => Self::Uniform(interval.min(1.0 / rate)),
            (true, true) => Self::Newest { rate, interval },
        }
    }

    /// Mean in seconds.
    pub fn mean(self) -> f64 {
        match self {
            Self::Uniform(width) => width / 2.0,
            Self::Newest { rate, interval } => {
                // For rare messages both are large and nearly equal; `exp_m1` keeps their digits.
                1.0 / rate - interval / (rate * interval).exp_m1()
            }
        }
    }

    /// Quantile in seconds, `quantile` in [0, 1].
    pub fn quantile(self, quantile: f64) -> f64 {
        match self {
            Self::Uniform(width) => quantile * width,
            Self::Newest { rate, interval } => {
                let reached = -(-rate * interval).exp_m1();
                // Nobody waits longer, though the logarithm of next to nothing says so.
                (-(-quantile * reached).ln_1p() / rate).min(interval)
            }
        }
    }
}

/// Latency of messages by long polling over a link with a delay, Poisson arrivals.
///
/// A message that comes while the client's next request is on its way (`2d` after an answer left)
/// waits for it. Its share is `f = 2dL / (2dL + e^(-2dL))`, and it waits uniformly up to `2d` more.
///
/// Source: renewal argument on the cycle of answer and request; held against 2 * 10^5 simulated
/// events (DESIGN, section 6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongPollWait {
    /// One-way delay of the link in seconds.
    pub delay: f64,
    /// Messages a second.
    pub rate: f64,
}

impl LongPollWait {
    /// Share of messages that come while no poll is held.
    pub fn waiting_share(self) -> f64 {
        let away = 2.0 * self.delay * self.rate;
        away / (away + (-away).exp())
    }

    /// Mean in seconds: between one and two delays.
    pub fn mean(self) -> f64 {
        self.delay * (1.0 + self.waiting_share())
    }

    /// Quantile in seconds, `quantile` in [0, 1]; at most three delays.
    pub fn quantile(self, quantile: f64) -> f64 {
        let share = self.waiting_share();
        let beyond = (quantile - (1.0 - share)).max(0.0);
        if beyond == 0.0 { self.delay } else { self.delay * (1.0 + 2.0 * beyond / share) }
    }
}

/// Age of the newest message at a client, averaged over time, in seconds, without the network.
///
/// With nothing in between the newest message of a Poisson process is `1 / rate` old, of an evenly
/// spaced one half its period; a poller adds half its interval. `interval` is `None` for push.
pub fn mean_age(rate: f64, poisson: bool, interval: Option<f64>) -> f64 {
    let at_the_source = if poisson { 1.0 / rate } else { 0.5 / rate };
    at_the_source + interval.map_or(0.0, |interval| interval / 2.0)
}

/// How many versions behind a poller is, averaged over time: those published since its last poll.
pub fn mean_version_age(rate: f64, interval: Option<f64>) -> f64 {
    interval.map_or(0.0, |interval| rate * interval / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_messages_wait_half_an_interval_and_95_percent_under_0_95_of_it() {
        let wait = PollWait::new(1.0, 7.0, true, false);
        assert_eq!((wait.mean(), wait.quantile(0.95)), (0.5, 0.95));
    }

    #[test]
    fn the_newest_only_are_younger_and_rare_messages_are_not() {
        let often = PollWait::new(1.0, 5.0, true, true);
        assert!(often.mean() < 0.2);
        let rare = PollWait::new(1.0, 0.001, true, true);
        assert!((rare.mean() - 0.5).abs() < 1e-3);
        assert!((rare.quantile(1.0) - 1.0).abs() < 1e-9);
        // Far rarer than polls, and far more often.
        let rarest = PollWait::new(0.001, 1e-5, true, true);
        assert!((rarest.mean() - 0.000_5).abs() < 1e-9, "{}", rarest.mean());
        assert!((rarest.quantile(0.5) - 0.000_5).abs() < 1e-9, "{}", rarest.quantile(0.5));
        assert_eq!(PollWait::new(600.0, 1_000.0, true, true).quantile(1.0), 600.0);
    }

    /// Source: DESIGN's laws, worked values at a delay of 50 ms.
    #[test]
    fn a_long_poll_waits_for_one_to_two_delays_on_average_and_three_at_most() {
        for (rate, mean) in [(1.0, 0.0550), (4.0, 0.0687), (10.0, 0.0866), (50.0, 0.0999)] {
            let wait = LongPollWait { delay: 0.05, rate };
            assert!((wait.mean() - mean).abs() < 5e-5, "{rate}: {}", wait.mean());
            assert!((wait.quantile(1.0) - 0.150).abs() < 1e-12, "{rate}");
            assert_eq!(wait.quantile(0.0), 0.05);
        }
        assert_eq!(LongPollWait { delay: 0.0, rate: 5.0 }.mean(), 0.0);
    }

    /// Twenty messages between two polls, of which the newest is taken. Source: issue F, section 3; a
    /// play of the schedule: every poll finds a message that is up to a period old, evenly spread.
    #[test]
    fn the_newest_of_twenty_evenly_spaced_messages_waits_half_their_period_and_99_percent_of_it() {
        let wait = PollWait::new(2.0, 10.0, false, true);
        assert!((wait.mean() - 0.050).abs() < 1e-12, "{}", wait.mean());
        assert!((wait.quantile(0.99) - 0.099).abs() < 1e-12, "{}", wait.quantile(0.99));
        let ages: Vec<f64> = (0..1_000).map(|n| (f64::from(n) * 0.618_034).fract() * 0.1).collect();
        let mean = ages.iter().sum::<f64>() / 1_000.0;
        assert!((mean / wait.mean() - 1.0).abs() < 0.01, "{mean}");
        // Random ones: the age of the last arrival, exponential with their rate.
        let random = PollWait::new(2.0, 10.0, true, true);
        assert!((random.mean() - 0.1).abs() < 1e-6, "{}", random.mean());
        assert!((random.quantile(0.99) - 0.1 * 100_f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn evenly_spaced_versions_are_never_older_than_their_period_when_seen() {
        assert_eq!(PollWait::new(2.0, 20.0, false, true).quantile(1.0), 0.05);
    }
}
