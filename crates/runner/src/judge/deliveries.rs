//! Whether what was to be published was, and reached every client without a failure.

use pushbench_protocol::Deliver;
use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check, not_checked};
use super::refused;

pub(super) fn deliveries(evidence: &Evidence<'_>) -> CheckV1 {
    let counts = &evidence.sums.counts;
    if counts.publishes_by_itself {
        return not_checked(
            "deliveries",
            "the server publishes by itself: what of it did not arrive is not known",
        );
    }
    let bad = counts.lost + counts.duplicates + counts.out_of_order;
    if counts.expected == 0 && bad == 0 {
        return not_checked("deliveries", "no message was expected in the measure phase");
    }
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

pub(super) fn errors(evidence: &Evidence<'_>) -> CheckV1 {
    let errors = &evidence.sums.counts.errors;
    let sum: u64 = errors.values().sum();
    let (verdict, text) = if sum == 0 {
        (Verdict::Ok, "no connect, response or frame failed".to_owned())
    } else {
        let kinds: Vec<_> = errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let told = refused::all_told(evidence.sums);
        let told: String = told.iter().map(|text| format!("; {text}")).collect();
        (Verdict::Invalid, format!("failures: {}{told}", kinds.join(", ")))
    };
    CheckV1 { found: Some(sum as f64), limit: Some(0.0), ..check("errors", verdict, text) }
}

pub(super) fn published(evidence: &Evidence<'_>) -> CheckV1 {
    let done = evidence.sums.counts.sent.unwrap_or(0);
    let due = evidence.sums.counts.published;
    if evidence.sums.counts.publishes_by_itself {
        let text = "the server publishes by itself, and this program nothing";
        return not_checked("published", text);
    }
    let (verdict, text) = match due {
        0 if !evidence.sums.counts_messages() => {
            return not_checked(
                "published",
                "the messages of the trial are counted by its first shard",
            );
        }
        0 => {
            return not_checked(
                "published",
                "no message was due in the measure phase: these are figures of idle clients",
            );
        }
        1 if done == 1 => (Verdict::Ok, "the message due was published".to_owned()),
        _ if done == due => (Verdict::Ok, format!("all {due} messages due were published")),
        _ => (Verdict::Invalid, format!("{done} of {due} messages due were published")),
    };
    CheckV1 {
        found: Some(done as f64),
        limit: Some(due as f64),
        ..check("published", verdict, text)
    }
}
