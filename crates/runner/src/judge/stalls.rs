//! Whether something stood still: the load generator, which voids a trial, or the server, which is a
//! result.

use std::time::Duration;

use pushbench_load::STALL_RESOLUTION;
use pushbench_stats::Histogram;
use pushbench_store::{CheckV1, Sums, Verdict};

use super::evidence::check;

/// Name of the check that alone may have a trial played again.
pub(crate) const LOAD_STALL: &str = "load-stall";

/// Name of the check of how long the server kept something from being sent.
pub(crate) const SERVER_KEPT_WAITING: &str = "server-kept-waiting";

/// Stall of the load generator that is doubted, and refused unless the measure phase is so long that
/// a share of it is more.
const STALL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(100));
/// Stalls are refused from one in so many of the measure phase.
const STALL_SHARE: u32 = 100;
/// Longest time that the server may keep something from being sent before it is said.
pub(super) const KEPT: Duration = Duration::from_millis(100);

/// A thread of the load generator that stood still.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stall<'a> {
    /// How long: the longest gap between two ticks beyond their period.
    pub(crate) longest: Duration,
    /// Which it was, for people.
    pub(crate) who: &'a str,
}

impl<'a> Stall<'a> {
    /// The longest of a trial; `None` before the measure phase.
    pub(crate) fn of(sums: &'a Sums) -> Option<Self> {
        let longest = sums.longest_stall_ns.iter().max_by_key(|(_, nanos)| **nanos);
        longest.map(|(who, nanos)| Self { longest: Duration::from_nanos(*nanos), who })
    }
}

/// Whether each thread of the load generator ran when it had to, by the longest gap of its tick.
pub(crate) fn load_stall(stall: Option<Stall<'_>>, measure: Duration) -> Option<CheckV1> {
    let Stall { longest, who } = stall?;
    let refused = STALL.1.max(measure / STALL_SHARE);
    let verdict = match longest {
        _ if longest > refused => Verdict::Invalid,
        _ if longest > STALL.0 => Verdict::Warning,
        _ => Verdict::Ok,
    };
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let resolution = millis(STALL_RESOLUTION);
    let mut text = format!(
        "the longest stall of the load generator was {:.1} ms, or up to {resolution:.0} ms more",
        millis(longest)
    );
    if verdict != Verdict::Ok {
        text = format!(
            "{who} stalled for {:.1} ms, or up to {resolution:.0} ms more, expected at most {:.0} ms: \
             what was sent and received in that time is late by up to as much, and the server was \
             not the cause",
            millis(longest),
            millis(STALL.0)
        );
    }
    Some(CheckV1 {
        found: Some(longest.as_secs_f64()),
        limit: Some(STALL.0.as_secs_f64()),
        ..check(LOAD_STALL, verdict, text)
    })
}

/// How long the server kept polls and publishes from being sent. A result and no fault: it is in the
/// latency, and never a reason to play a trial again.
pub(crate) fn server_kept_waiting(polls: &Histogram, publishes: &Histogram) -> Option<CheckV1> {
    let of = |what, waits: &Histogram| waits.max().map(|longest| (longest, what));
    let waits = [of("a poll", polls), of("a publish", publishes)];
    let (longest, what) = waits.into_iter().flatten().max_by_key(|(longest, _)| *longest)?;
    let millis = longest.as_secs_f64() * 1e3;
    let (verdict, text) = if longest > KEPT {
        (
            Verdict::Warning,
            format!(
                "the server delayed {what} that was due by {millis:.0} ms, by a response that \
                 had not arrived or by not reading: the server is the cause, and it is part of \
                 the latency"
            ),
        )
    } else {
        (
            Verdict::Ok,
            format!("the server delayed nothing that was due by more than {millis:.1} ms"),
        )
    };
    Some(CheckV1 {
        found: Some(longest.as_secs_f64()),
        limit: Some(KEPT.as_secs_f64()),
        ..check(SERVER_KEPT_WAITING, verdict, text)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::histogram;
    use super::*;

    fn verdict(longest: u64, measure: u64) -> Verdict {
        let stall = Stall { longest: Duration::from_millis(longest), who: "a load worker" };
        load_stall(Some(stall), Duration::from_secs(measure)).expect("a check").verdict
    }

    #[test]
    fn a_stall_is_doubted_over_20_ms_and_refused_over_100_ms_or_a_hundredth() {
        for (longest, measure, expected) in [
            (20, 1, Verdict::Ok),
            (21, 1, Verdict::Warning),
            (100, 1, Verdict::Warning),
            (101, 1, Verdict::Invalid),
            (101, 60, Verdict::Warning),
            (600, 60, Verdict::Warning),
            (601, 60, Verdict::Invalid),
        ] {
            assert_eq!(verdict(longest, measure), expected, "{longest} ms of {measure} s");
        }
        // What a stall of 700 ms shows at least, in a measure phase in which that much is refused.
        let least = 700 - STALL_RESOLUTION.as_millis() as u64;
        assert_eq!(
            (verdict(least, 60), verdict(least, 3_600)),
            (Verdict::Invalid, Verdict::Warning)
        );
        assert_eq!(
            load_stall(None, Duration::from_secs(1)),
            None,
            "nothing measured, nothing said"
        );
    }

    #[test]
    fn a_server_that_keeps_waiting_is_a_warning_however_long() {
        let none = Histogram::new();
        assert_eq!(server_kept_waiting(&none, &none), None);
        for (millis, expected) in [
            (0, Verdict::Ok),
            (95, Verdict::Ok),
            (110, Verdict::Warning),
            (60_000, Verdict::Warning),
        ] {
            let found = server_kept_waiting(&histogram(&[0, millis]), &none).expect("a check");
            assert_eq!(found.verdict, expected, "{millis} ms");
        }
        let publishes = server_kept_waiting(&histogram(&[5]), &histogram(&[2_000])).expect("one");
        assert!(publishes.text.contains("a publish that was due"), "{}", publishes.text);
    }
}
