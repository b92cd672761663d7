//! Whether the load generator was quick enough for its schedule.

use std::time::Duration;

use pushbench_stats::Histogram;
use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check, not_checked};

/// Share of its CPU time that a load worker may use before the result is doubted, and refused.
const BUSY: (f64, f64) = (0.80, 0.95);
/// Lateness (p99) of publishes and polls that is doubted.
const LATE: Duration = Duration::from_millis(5);

pub(super) fn load_busy(evidence: &Evidence<'_>) -> CheckV1 {
    let Some(busy) = evidence.sums.busiest_worker_share().filter(|busy| *busy > 0.0) else {
        return not_checked("load-busy", "the CPU time of the load workers is not known");
    };
    let verdict = match busy {
        _ if busy > BUSY.1 => Verdict::Invalid,
        _ if busy > BUSY.0 => Verdict::Warning,
        _ => Verdict::Ok,
    };
    let mut text = format!("the busiest load worker used {:.0} % of its core", busy * 100.0);
    if verdict != Verdict::Ok {
        text.push_str(
            ": it may be slower than the server; play fewer clients or give more workers",
        );
    }
    CheckV1 { found: Some(busy), limit: Some(BUSY.0), ..check("load-busy", verdict, text) }
}

pub(super) fn lateness(name: &str, what: &str, late: &Histogram, interval: Duration) -> CheckV1 {
    let Some(p99) = late.quantile(0.99) else {
        return not_checked(name, format!("no {what} were sent in the measure phase"));
    };
    let limit = LATE.min(interval / 10);
    let verdict = match p99 {
        _ if p99 > interval / 2 => Verdict::Invalid,
        _ if p99 > limit => Verdict::Warning,
        _ => Verdict::Ok,
    };
    let mut text = format!("{what} were sent {:.2} ms late at p99", p99.as_secs_f64() * 1e3);
    if verdict != Verdict::Ok {
        text.push_str(&format!(
            ", expected at most {:.2} ms: the load generator did not keep its schedule",
            limit.as_secs_f64() * 1e3
        ));
    }
    CheckV1 {
        found: Some(p99.as_secs_f64()),
        limit: Some(limit.as_secs_f64()),
        ..check(name, verdict, text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::histogram;
    use super::*;

    #[test]
    fn lateness_is_doubted_over_5_ms_and_refused_over_half_the_interval() {
        let second = Duration::from_secs(1);
        for (millis, interval, verdict) in [
            (4, second, Verdict::Ok),
            (6, second, Verdict::Warning),
            (501, second, Verdict::Invalid),
            (2, Duration::from_millis(10), Verdict::Warning),
        ] {
            let found = lateness("x", "polls", &histogram(&[millis; 10]), interval);
            assert_eq!(found.verdict, verdict, "{millis} ms of {interval:?}");
        }
    }

    #[test]
    fn nothing_sent_is_not_checked_and_not_a_zero() {
        let found = lateness("x", "polls", &Histogram::new(), Duration::from_secs(1));
        assert_eq!((found.verdict, found.found), (Verdict::NotChecked, None));
    }
}
