//! Whether latencies of pushed messages lie where timers of TCP would put them. An observation, with
//! what speaks for and against that cause: latencies alone do not name one.

use std::time::Duration;

use pushbench_protocol::Phase;
use pushbench_stats::{Histogram, mode_near};
use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check, not_checked};
use super::stalls::{LOAD_STALL, SERVER_KEPT_WAITING};

/// A timer of TCP that leaves a mode of its own.
struct Timer {
    millis: u64,
    /// What looks like this.
    looks_like: &'static str,
    /// Whether something is sent again each time that it fires.
    sends_again: bool,
}

const TIMERS: [Timer; 2] = [
    Timer { millis: 40, looks_like: "delayed acknowledgements look like this", sends_again: false },
    Timer {
        millis: 200,
        looks_like: "the minimum retransmission timeout looks like this",
        sends_again: true,
    },
];

/// Share of samples beyond what their neighbours let expect that makes a mode.
const MODE_EXCESS: f64 = 0.02;
/// Messages that must have been published for a share of them to say anything.
const FEWEST_MESSAGES: u64 = 20;
/// Messages that must lie in a mode: what meets all clients at once is one event.
const FEWEST_IN_MODE: f64 = 5.0;
/// A round trip of more than this share of a timer may well be what lies near the timer.
const LONG_PATH: f64 = 1.0 / 8.0;
/// Checks that tell of a side that stood still.
const STALLS: [&str; 4] = [LOAD_STALL, SERVER_KEPT_WAITING, "publish-lateness", "machine-steal"];

/// What else is known of a trial whose latencies are looked at.
#[derive(Clone, Copy, Default)]
struct Circumstances<'a> {
    /// Messages published in the measure phase.
    messages: u64,
    /// The shortest round trip: as the kernel saw it, or as any exchange took, if that is longer,
    /// since a relay acknowledges what it has not passed on.
    round_trip: Option<Duration>,
    /// Bytes sent again in the measure phase.
    retransmitted: Option<u64>,
    /// The check that found a side standing still.
    stall: Option<&'a str>,
}

/// Looks for modes, given what the other checks found.
pub(super) fn tcp_timers(evidence: &Evidence<'_>, others: &[CheckV1]) -> Vec<CheckV1> {
    let sums = evidence.sums;
    let by_kernel = sums.shortest_round_trip_ns.map(Duration::from_nanos);
    let latency = sums.samples_of("latency");
    // Both are long over a long path. One alone is a crowd that connects, or messages that all wait.
    let exchanges = [sums.samples_of("connect_upgrade").quantile(0.0), latency.quantile(0.0)];
    let by_exchange = exchanges.into_iter().flatten().min();
    let measure = evidence.books.phases.get(&Phase::Measure);
    let stall = others
        .iter()
        .find(|other| STALLS.contains(&other.check.as_str()) && other.verdict >= Verdict::Warning);
    let circumstances = Circumstances {
        messages: sums.counts.sent.unwrap_or(0),
        round_trip: by_kernel.max(by_exchange),
        retransmitted: measure
            .and_then(|books| Some(books.retransmitted_up? + books.retransmitted_down?)),
        stall: stall.map(|check| check.text.as_str()),
    };
    TIMERS.iter().map(|timer| look(timer, &latency, circumstances)).collect()
}

fn look(timer: &Timer, latency: &Histogram, circumstances: Circumstances<'_>) -> CheckV1 {
    let Timer { millis, looks_like, .. } = timer;
    let name = format!("no-{millis}-ms-mode");
    let at = Duration::from_millis(*millis);
    let Some(mode) = mode_near(latency, at, 0.1) else {
        return not_checked(&name, "no latency was measured");
    };
    let Circumstances { messages, round_trip, stall, .. } = circumstances;
    if messages < FEWEST_MESSAGES {
        return not_checked(
            &name,
            format!(
                "{messages} messages are too few to tell a mode at {millis} ms from a hiccup, \
                 expected at least {FEWEST_MESSAGES}"
            ),
        );
    }
    if let Some(trip) = round_trip.filter(|trip| *trip > at.mul_f64(LONG_PATH)) {
        return not_checked(
            &name,
            format!(
                "the path's round trip is {}, so latencies near {millis} ms may be its own",
                in_millis(trip)
            ),
        );
    }
    let excess = mode.share - mode.expected;
    let is_mode = excess > MODE_EXCESS && mode.share > 2.0 * mode.expected;
    let found = format!(
        "{:.1} % of latencies lie near {millis} ms, {:.1} % expected from their neighbours",
        mode.share * 100.0,
        mode.expected * 100.0
    );
    let (verdict, text) = if !is_mode {
        (Verdict::Ok, format!("no mode at {millis} ms ({looks_like})"))
    } else if mode.share * (messages as f64) < FEWEST_IN_MODE {
        (Verdict::Ok, format!("{found}: of fewer than {FEWEST_IN_MODE:.0} messages, so no mode"))
    } else if let Some(stall) = stall {
        return not_checked(&name, format!("{found}; but {stall}, which may be the cause"));
    } else {
        let evidence = for_and_against(timer, circumstances).join("; ");
        (Verdict::Warning, format!("{found}; {looks_like}. {evidence}"))
    };
    CheckV1 { found: Some(excess), limit: Some(MODE_EXCESS), ..check(&name, verdict, text) }
}

/// What speaks for the timer and what against it.
fn for_and_against(timer: &Timer, circumstances: Circumstances<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    match circumstances.retransmitted {
        Some(0) if timer.sends_again => {
            lines.push("Against it: nothing was retransmitted".to_owned());
        }
        Some(0) => lines.push("For it: nothing was retransmitted, so it is no loss".to_owned()),
        Some(bytes) if timer.sends_again => {
            lines.push(format!("For it: {bytes} bytes were retransmitted"));
        }
        Some(bytes) => {
            lines.push(format!("Against it: {bytes} bytes were retransmitted, so it may be loss"));
        }
        None => lines.push("retransmissions are not known".to_owned()),
    }
    match circumstances.round_trip {
        Some(trip) => lines.push(format!(
            "for it: the path's round trip of {} does not explain it",
            in_millis(trip)
        )),
        None => lines.push("the path's round trip is not known".to_owned()),
    }
    lines.push("for it: no check found a stall on either side".to_owned());
    lines
}

fn in_millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::super::testing::histogram;
    use super::*;

    /// Of 160 messages 60 near 40 ms, by an acknowledgement that waited.
    fn delayed() -> Histogram {
        let smooth: Vec<u64> = (1..=100).collect();
        histogram(&smooth.into_iter().chain([40; 60]).collect::<Vec<_>>())
    }

    fn near_path(messages: u64) -> Circumstances<'static> {
        let round_trip = Some(Duration::from_micros(50));
        Circumstances { messages, round_trip, retransmitted: Some(0), stall: None }
    }

    #[test]
    fn a_mode_at_40_ms_is_told_as_what_it_looks_like_and_a_smooth_latency_is_none() {
        let smooth: Vec<u64> = (1..=100).collect();
        for timer in &TIMERS {
            let found = look(timer, &histogram(&smooth), near_path(100));
            assert_eq!(found.verdict, Verdict::Ok, "{}", found.text);
        }
        let found = look(&TIMERS[0], &delayed(), near_path(160));
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(found.text.contains("delayed acknowledgements look like this"), "{}", found.text);
        assert!(found.text.contains("For it: nothing was retransmitted"), "{}", found.text);
    }

    #[test]
    fn one_hiccup_among_six_messages_to_a_hundred_clients_is_no_mode() {
        let samples: Vec<u64> = [1; 500].into_iter().chain([40; 100]).collect();
        let found = look(&TIMERS[0], &histogram(&samples), near_path(6));
        assert_eq!(found.verdict, Verdict::NotChecked, "{}", found.text);
        let samples: Vec<u64> = [1; 2_900].into_iter().chain([40; 100]).collect();
        let found = look(&TIMERS[0], &histogram(&samples), near_path(30));
        assert_eq!(found.verdict, Verdict::Ok, "one of thirty: {}", found.text);
    }

    #[test]
    fn a_path_as_long_as_the_timer_explains_the_mode() {
        let far = Circumstances { round_trip: Some(Duration::from_millis(40)), ..near_path(160) };
        let found = look(&TIMERS[0], &delayed(), far);
        assert_eq!(found.verdict, Verdict::NotChecked, "{}", found.text);
        assert!(found.text.contains("40.00 ms"), "{}", found.text);
    }

    #[test]
    fn a_stall_that_was_seen_is_no_timer() {
        let stall = Some("the load generator stalled for 212 ms");
        let stalled = Circumstances { stall, ..near_path(160) };
        let found = look(&TIMERS[0], &delayed(), stalled);
        assert_eq!(found.verdict, Verdict::NotChecked, "{}", found.text);
        assert!(found.text.contains("stalled for 212 ms"), "{}", found.text);
    }

    #[test]
    fn a_retransmission_timeout_without_a_retransmission_says_so() {
        let samples: Vec<u64> = [1; 80].into_iter().chain([200; 20]).collect();
        let found = look(&TIMERS[1], &histogram(&samples), near_path(100));
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(found.text.contains("Against it"), "{}", found.text);
    }

    #[test]
    fn no_latency_at_all_is_not_checked() {
        let found = look(&TIMERS[0], &Histogram::new(), near_path(100));
        assert_eq!(found.verdict, Verdict::NotChecked);
    }
}
