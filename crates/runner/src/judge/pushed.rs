//! Whether the server pushed as the scenario asks: heartbeats, conflation.

use std::collections::BTreeSet;
use std::time::Duration;

use pushbench_scenario::{Scenario, due_times, format_duration};
use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check, not_checked};

/// Whether the server sent the heartbeats that the scenario asks for, where nothing else was sent.
pub(super) fn heartbeats(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let every = evidence.transport.heartbeat()?;
    let counts = &evidence.sums.counts;
    let measure = evidence.scenario.workload.measure;
    // A beat may just miss the phase at either end, and a message stands for one: also the last one
    // of the warm-up, for the first beat of the phase.
    let ticks = (measure.as_nanos() / every.as_nanos()).saturating_sub(1) as u64;
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let messages = counts.deliveries_in_measure + just_told(evidence.scenario, every);
    let least = (clients * ticks).saturating_sub(messages);
    let found = counts.heartbeats?;
    let (verdict, text) = match found {
        _ if !evidence.sums.is_complete() => return None,
        _ if least == 0 => {
            return Some(not_checked(
                "heartbeats",
                format!(
                    "messages were due so often that no heartbeat of every {} had to be sent; \
                     {found} were",
                    format_duration(every)
                ),
            ));
        }
        _ if found >= least => (Verdict::Ok, format!("{found} heartbeats arrived")),
        _ => (
            Verdict::Invalid,
            format!(
                "{found} heartbeats arrived, expected at least {least}: the server does not send \
                 one every {}",
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
    let clients = 0..workload.clients.get();
    clients.filter(|&client| topics.contains(&workload.topic_of(client))).count() as u64
}

/// Whether no client was sent more messages than conflation lets through.
pub(super) fn conflated(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let every = evidence.transport.conflate()?;
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let intervals = evidence.scenario.workload.measure.as_nanos().div_ceil(every.as_nanos()) as u64;
    // One at the beginning, and one that was on its way then.
    let most = clients * (intervals + 2);
    let found = evidence.sums.counts.deliveries_in_measure;
    if found <= most && evidence.sums.counts.expected <= most {
        let expected = evidence.sums.counts.expected;
        return Some(not_checked(
            "conflated",
            format!(
                "a server that does not conflate would send {expected} messages, which one every {} \
                 lets through too: publish more often, or conflate for longer",
                format_duration(every)
            ),
        ));
    }
    if found == 0 {
        return Some(not_checked("conflated", "no message arrived, so none was sent too soon"));
    }
    let (verdict, text) = if found <= most {
        let superseded = evidence.sums.counts.superseded;
        (
            Verdict::Ok,
            format!("{superseded} messages were replaced by newer ones before they were sent"),
        )
    } else {
        (
            Verdict::Invalid,
            format!(
                "{found} messages arrived, expected at most {most}: the server does not conflate \
                 to one every {}",
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
