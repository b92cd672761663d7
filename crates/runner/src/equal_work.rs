//! Whether transports that were to deliver every message delivered the same ones. Pure.

use std::collections::BTreeMap;

use pushbench_protocol::Deliver;
use pushbench_scenario::Scenario;
use pushbench_store::{CellV1, CheckV1, CountsV1, TrialV2, Verdict};

use crate::judge::not_checked;

/// What a trial's clients had to get, and got. Each message has a number and each number comes once
/// or is counted otherwise, so with the same seed equal numbers are the same messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Work {
    published: u64,
    expected: u64,
    delivered: u64,
}

impl Work {
    fn of(counts: &CountsV1) -> Self {
        let CountsV1 { published, expected, delivered, .. } = *counts;
        Self { published, expected, delivered }
    }
}

/// Adds a check to each trial that has another transport of its round and cell beside it.
pub(crate) fn check_equal_work(scenario: &Scenario, trials: &mut [TrialV2]) {
    if scenario.workload.deliver == Deliver::Latest {
        return;
    }
    let mut alike: BTreeMap<(CellV1, u32), Vec<(String, Work)>> = BTreeMap::new();
    // Of a server that publishes by itself nobody knows what there was to deliver.
    let is_known = |trial: &TrialV2| !trial.counts.publishes_by_itself;
    for trial in trials.iter().filter(|trial| is_known(trial)) {
        let work = (trial.transport.clone(), Work::of(&trial.counts));
        alike.entry((trial.cell.clone(), trial.round)).or_default().push(work);
    }
    for trial in trials.iter_mut().filter(|trial| is_known(trial)) {
        let beside = &alike[&(trial.cell.clone(), trial.round)];
        if beside.len() > 1 {
            trial.checks.push(check(Work::of(&trial.counts), beside));
        }
    }
}

fn check(own: Work, beside: &[(String, Work)]) -> CheckV1 {
    let others: Vec<_> = beside
        .iter()
        .filter(|(_, work)| *work != own)
        .map(|(label, work)| format!("{label} {} of {}", work.delivered, work.expected))
        .collect();
    let Work { expected, delivered, .. } = own;
    if others.is_empty() && delivered == 0 {
        return not_checked(
            "equal-work",
            format!("none of {} transports delivered a message", beside.len()),
        );
    }
    let (verdict, text) = if others.is_empty() {
        (Verdict::Ok, format!("all {} transports delivered the same messages", beside.len()))
    } else {
        let others = others.join(", ");
        let text =
            format!("not the same work: {delivered} of {expected} delivered here, by {others}");
        (Verdict::Invalid, text)
    };
    CheckV1 {
        check: "equal-work".to_owned(),
        verdict,
        found: Some(delivered as f64),
        limit: None,
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_that_delivered_the_same_did_equal_work_and_others_did_not() {
        let work = |delivered| Work { published: 5, expected: 50, delivered };
        let named = |delivered: [u64; 2]| {
            ["sse", "stream"].map(str::to_owned).into_iter().zip(delivered.map(work))
        };
        let same: Vec<_> = named([50, 50]).collect();
        assert_eq!(check(work(50), &same).verdict, Verdict::Ok);
        let nothing: Vec<_> = named([0, 0]).collect();
        assert_eq!(check(work(0), &nothing).verdict, Verdict::NotChecked);
        let less: Vec<_> = named([50, 49]).collect();
        let found = check(work(50), &less);
        assert_eq!(found.verdict, Verdict::Invalid);
        assert!(found.text.ends_with("by stream 49 of 50"), "{}", found.text);
    }
}
