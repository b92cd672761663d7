//! Whether timers of TCP show in the latency of pushed messages.

use std::time::Duration;

use pushbench_stats::{Histogram, mode_near};
use pushbench_store::{CheckV1, Verdict};

use super::check;

/// Timers of TCP that show as a mode of their own: delayed acknowledgement, minimum retransmission
/// timeout.
const TCP_TIMERS: [(u64, &str); 2] =
    [(40, "delayed acknowledgement"), (200, "minimum retransmission timeout")];
/// Share of samples beyond what their neighbours let expect that makes a mode.
const MODE_EXCESS: f64 = 0.02;

/// A push has no law that puts a mode at a TCP timer: one there is Nagle's or a loss's.
pub(super) fn tcp_timers(latency: &Histogram) -> Vec<CheckV1> {
    TCP_TIMERS
        .iter()
        .filter_map(|&(millis, timer)| {
            let mode = mode_near(latency, Duration::from_millis(millis), 0.1)?;
            let excess = mode.share - mode.expected;
            let is_mode = excess > MODE_EXCESS && mode.share > 2.0 * mode.expected;
            let (verdict, text) = if is_mode {
                (
                    Verdict::Warning,
                    format!(
                        "{:.1} % of latencies lie near {millis} ms, {:.1} % expected from their \
                         neighbours: the {timer} of TCP shows",
                        mode.share * 100.0,
                        mode.expected * 100.0
                    ),
                )
            } else {
                (Verdict::Ok, format!("no mode at {millis} ms, the {timer} of TCP"))
            };
            Some(CheckV1 {
                found: Some(excess),
                limit: Some(MODE_EXCESS),
                ..check(&format!("no-{millis}-ms-mode"), verdict, text)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::histogram;
    use super::*;

    #[test]
    fn a_mode_at_40_ms_is_doubted_and_a_smooth_latency_is_not() {
        let smooth: Vec<u64> = (1..=100).collect();
        assert!(tcp_timers(&histogram(&smooth)).iter().all(|c| c.verdict == Verdict::Ok));
        let nagle: Vec<u64> = smooth.iter().copied().chain([40; 60]).collect();
        let checks = tcp_timers(&histogram(&nagle));
        assert!(checks.iter().any(|c| c.verdict == Verdict::Warning && c.check.contains("40")));
    }
}
