//! Whether a trial's result may be believed. Pure: values in, verdicts out.

use std::collections::BTreeSet;
use std::time::Duration;

use pushbench_load::{Outcome, Unrest};
use pushbench_protocol::{Deliver, HandshakeStats, TlsUse};
use pushbench_scenario::{Scenario, TransportSettings, due_times, format_duration};
use pushbench_stats::{Histogram, mode_near};
use pushbench_store::{BooksV1, CheckV1, CountsV1, Verdict};

use crate::tls;

/// Share of its CPU time that a load worker may use before the result is doubted, and refused.
const BUSY: (f64, f64) = (0.80, 0.95);
/// Lateness (p99) of publishes and polls that is doubted.
const LATE: Duration = Duration::from_millis(5);
/// Share of the machine's time that the host may take before the result is doubted.
const STEAL: f64 = 0.08;
/// Timers of TCP that show as a mode of their own: delayed acknowledgement, minimum retransmission
/// timeout.
const TCP_TIMERS: [(u64, &str); 2] =
    [(40, "delayed acknowledgement"), (200, "minimum retransmission timeout")];
/// Share of samples beyond what their neighbours let expect that makes a mode.
const MODE_EXCESS: f64 = 0.02;

/// What a trial is judged by.
pub(crate) struct Evidence<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) transport: TransportSettings,
    pub(crate) tls: TlsUse,
    /// TLS handshakes that the server counted, if it is ours.
    pub(crate) handshakes: Option<HandshakeStats>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) counts: &'a CountsV1,
    pub(crate) books: &'a BooksV1,
    /// CPU share of the busiest load worker.
    pub(crate) busy: Option<f64>,
    /// Share of the machine's time that the host took.
    pub(crate) steal: Option<f64>,
    /// Whether the trial was played to its end.
    pub(crate) is_complete: bool,
    /// How the server ended before its time, if it did.
    pub(crate) server_death: Option<String>,
    /// What went wrong when the server was told to end, if something did.
    pub(crate) server_end: Option<String>,
}

/// Every check of a trial, in the order reports show them.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Vec<CheckV1> {
    let mut checks = vec![
        server(evidence),
        books_balance(evidence),
        quiet(evidence),
        deliveries(evidence),
        errors(evidence),
        published(evidence),
    ];
    checks.extend(heartbeats(evidence));
    checks.extend(conflated(evidence));
    checks.extend(tls::handshakes(evidence.tls, evidence.outcome, evidence.handshakes));
    checks.extend(load_busy(evidence));
    let workload = &evidence.scenario.workload;
    let period = 1.0 / workload.publish.rate.per_second();
    checks.extend(lateness(
        "publish-lateness",
        "publishes",
        &evidence.outcome.publisher.lateness,
        Duration::try_from_secs_f64(period).unwrap_or(Duration::MAX),
    ));
    match evidence.transport {
        TransportSettings::ShortPoll(poll) => checks.extend(lateness(
            "poll-lateness",
            "polls",
            &evidence.outcome.poll_lateness,
            poll.interval,
        )),
        TransportSettings::LongPoll(_)
        | TransportSettings::Sse(_)
        | TransportSettings::Stream(_)
        | TransportSettings::WebSocket(_)
        | TransportSettings::Nudge(_) => {
            checks.extend(tcp_timers(&evidence.outcome.latency));
        }
    }
    checks.extend(steal(evidence));
    checks
}

fn check(name: &str, verdict: Verdict, text: String) -> CheckV1 {
    CheckV1 { check: name.to_owned(), verdict, found: None, limit: None, text }
}

fn server(evidence: &Evidence<'_>) -> CheckV1 {
    let name = "server-alive";
    match (&evidence.server_death, &evidence.server_end) {
        (Some(how), _) => check(
            name,
            Verdict::Invalid,
            format!("the server process ended in the middle of the trial: {how}"),
        ),
        (None, Some(how)) => {
            check(name, Verdict::Warning, format!("the server did not end cleanly: {how}"))
        }
        (None, None) if !evidence.is_complete => {
            check(name, Verdict::Invalid, "the trial was stopped before its end".to_owned())
        }
        (None, None) => check(name, Verdict::Ok, "the server lived through the trial".to_owned()),
    }
}

fn books_balance(evidence: &Evidence<'_>) -> CheckV1 {
    let name = "books-balance";
    let off: Vec<_> = evidence
        .books
        .reconciliations
        .iter()
        .filter(|pair| pair.left != pair.right)
        .map(|pair| {
            format!(
                "{} ({}, {}): {} and {} bytes, {:+} apart",
                pair.pair,
                pair.phases,
                pair.direction,
                pair.left,
                pair.right,
                i128::from(pair.left) - i128::from(pair.right)
            )
        })
        .collect();
    let count = evidence.books.reconciliations.len();
    let kernel = evidence.books.reconciliations.iter().any(|pair| pair.pair.ends_with("kernel"));
    let mut found = match off.len() {
        0 if count > 0 && kernel => {
            check(name, Verdict::Ok, format!("books balance to the byte in {count} comparisons"))
        }
        0 => check(
            name,
            Verdict::Warning,
            "the kernel's books could not be read (Linux 4.19 or later has them)".to_owned(),
        ),
        _ => check(name, Verdict::Invalid, format!("books do not balance: {}", off.join("; "))),
    };
    found.found = Some(off.len() as f64);
    found.limit = Some(0.0);
    found
}

fn quiet(evidence: &Evidence<'_>) -> CheckV1 {
    let unrest = &evidence.outcome.unrest;
    if unrest.is_empty() {
        return check(
            "quiet",
            Verdict::Ok,
            "both sides stood still while books were closed".into(),
        );
    }
    let places: Vec<_> = unrest
        .iter()
        .map(|(boundary, unrest)| match unrest {
            Unrest::Clients => format!("{} (all books)", boundary.label()),
            Unrest::Server => format!("{} (the server's books)", boundary.label()),
        })
        .collect();
    let text = format!(
        "bytes were on their way each time that books were to be closed, so these are compared \
         over longer spans: {}",
        places.join(", ")
    );
    // Where only the server's are, nothing is hidden: the same bytes are compared, only later.
    let may_share = unrest.values().any(|unrest| *unrest == Unrest::Clients);
    check("quiet", if may_share { Verdict::Warning } else { Verdict::Ok }, text)
}

fn deliveries(evidence: &Evidence<'_>) -> CheckV1 {
    let counts = evidence.counts;
    let bad = counts.lost + counts.duplicates + counts.out_of_order;
    let text = format!(
        "{} lost, {} duplicates, {} out of order of {} expected",
        counts.lost, counts.duplicates, counts.out_of_order, counts.expected
    );
    let verdict = match evidence.scenario.workload.deliver {
        _ if bad == 0 => Verdict::Ok,
        Deliver::Every => Verdict::Invalid,
        Deliver::Latest => Verdict::Warning,
    };
    CheckV1 { found: Some(bad as f64), limit: Some(0.0), ..check("deliveries", verdict, text) }
}

fn errors(evidence: &Evidence<'_>) -> CheckV1 {
    let errors = &evidence.counts.errors;
    let sum: u64 = errors.values().sum();
    let (verdict, text) = if sum == 0 {
        (Verdict::Ok, "no connect, answer or frame failed".to_owned())
    } else {
        let kinds: Vec<_> = errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        (Verdict::Invalid, format!("failures: {}", kinds.join(", ")))
    };
    CheckV1 { found: Some(sum as f64), limit: Some(0.0), ..check("errors", verdict, text) }
}

fn published(evidence: &Evidence<'_>) -> CheckV1 {
    let done = evidence.outcome.publisher.published_in_measure;
    let due = evidence.counts.published;
    let (verdict, text) = match due {
        0 => (
            Verdict::Ok,
            "no message was due in the measure phase: these are figures of idle clients".to_owned(),
        ),
        _ if done == due => (Verdict::Ok, format!("all {due} messages due were published")),
        _ => (Verdict::Invalid, format!("{done} of {due} messages due were published")),
    };
    CheckV1 {
        found: Some(done as f64),
        limit: Some(due as f64),
        ..check("published", verdict, text)
    }
}

/// Whether the server sent the heartbeats that the scenario asks for, where nothing else was sent.
fn heartbeats(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let every = evidence.transport.heartbeat()?;
    let counts = evidence.counts;
    let measure = evidence.scenario.workload.measure;
    // A beat may just miss the phase at either end, and a message stands for one: also the last one
    // of the warm-up, for the first beat of the phase.
    let beats = (measure.as_nanos() / every.as_nanos()).saturating_sub(1) as u64;
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let messages = counts.deliveries_in_measure + just_told(evidence.scenario, every);
    let least = (clients * beats).saturating_sub(messages);
    let found = counts.heartbeats?;
    let (verdict, text) = match found {
        _ if !evidence.is_complete => return None,
        _ if found >= least => (Verdict::Ok, format!("{found} heartbeats came")),
        _ => (
            Verdict::Invalid,
            format!(
                "{found} heartbeats came, at least {least} were to come: the server does not send \
                 one each {}",
                format_duration(every)
            ),
        ),
    };
    Some(CheckV1 {
        found: Some(found as f64),
        limit: Some(least as f64),
        ..check("heartbeats", verdict, text)
    })
}

/// Clients who are told something in the last `every` of the warm-up.
fn just_told(scenario: &Scenario, every: Duration) -> u64 {
    let workload = &scenario.workload;
    let last = workload.warm_up.saturating_sub(every)..workload.warm_up;
    let topics: BTreeSet<u32> = due_times(scenario)
        .into_iter()
        .filter(|due| last.contains(&due.at))
        .map(|due| due.topic)
        .collect();
    let topic_of = |client: u32| client % workload.topics.get();
    (0..workload.clients.get()).filter(|&client| topics.contains(&topic_of(client))).count() as u64
}

/// Whether no client was sent more messages than conflation lets through.
fn conflated(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let every = evidence.transport.conflate()?;
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let intervals = evidence.scenario.workload.measure.as_nanos().div_ceil(every.as_nanos()) as u64;
    // One at the beginning, and one that was on its way then.
    let most = clients * (intervals + 2);
    let found = evidence.counts.deliveries_in_measure;
    let (verdict, text) = if found <= most {
        let superseded = evidence.counts.superseded;
        (
            Verdict::Ok,
            format!("{superseded} messages were replaced by newer ones before they were sent"),
        )
    } else {
        (
            Verdict::Invalid,
            format!(
                "{found} messages came, at most {most} were to come: the server does not conflate \
                 to one each {}",
                format_duration(every)
            ),
        )
    };
    Some(CheckV1 {
        found: Some(found as f64),
        limit: Some(most as f64),
        ..check("conflated", verdict, text)
    })
}

fn load_busy(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let busy = evidence.busy?;
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
    Some(CheckV1 { found: Some(busy), limit: Some(BUSY.0), ..check("load-busy", verdict, text) })
}

fn lateness(name: &str, what: &str, late: &Histogram, interval: Duration) -> Option<CheckV1> {
    let p99 = late.quantile(0.99)?;
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
    Some(CheckV1 {
        found: Some(p99.as_secs_f64()),
        limit: Some(limit.as_secs_f64()),
        ..check(name, verdict, text)
    })
}

/// A push has no law that puts a mode at a TCP timer: one there is Nagle's or a loss's.
fn tcp_timers(latency: &Histogram) -> Vec<CheckV1> {
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

fn steal(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let steal = evidence.steal?;
    let (verdict, rest) = if steal > STEAL {
        (Verdict::Warning, ": times and CPU figures of this trial may be too high")
    } else {
        (Verdict::Ok, "")
    };
    Some(CheckV1 {
        found: Some(steal),
        limit: Some(STEAL),
        ..check(
            "machine-steal",
            verdict,
            format!("the host took {:.1} % of this machine's time{rest}", steal * 100.0),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(millis: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for &millis in millis {
            histogram.record(Duration::from_millis(millis));
        }
        histogram
    }

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
            assert_eq!(found.expect("samples").verdict, verdict, "{millis} ms of {interval:?}");
        }
    }

    #[test]
    fn nothing_late_is_no_check_and_not_a_zero() {
        assert_eq!(lateness("x", "polls", &Histogram::new(), Duration::from_secs(1)), None);
    }

    #[test]
    fn a_mode_at_40_ms_is_doubted_and_a_smooth_latency_is_not() {
        let smooth: Vec<u64> = (1..=100).collect();
        assert!(tcp_timers(&histogram(&smooth)).iter().all(|c| c.verdict == Verdict::Ok));
        let nagle: Vec<u64> = smooth.iter().copied().chain([40; 60]).collect();
        let checks = tcp_timers(&histogram(&nagle));
        assert!(checks.iter().any(|c| c.verdict == Verdict::Warning && c.check.contains("40")));
    }
}
