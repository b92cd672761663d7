//! What is kept of what a third-party server says, without secrets: it may repeat what it was sent.

use pushbench_adapter::Values;

use crate::unexpected::{KEPT, printable};
use crate::{Plan, Unexpected, WorkerOutcome};

/// The first bytes of what came, and of much the last, for people.
pub(crate) fn first_bytes(plan: &Plan, bytes: &[u8]) -> String {
    match values(plan) {
        Some(values) => printable(values.excerpt(bytes).as_bytes(), KEPT),
        None => printable(bytes, KEPT),
    }
}

/// Hides secrets in all that a worker has kept of what was said, by whatever carried it.
pub(crate) fn hide(plan: &Plan, outcome: &mut WorkerOutcome) {
    let Some(values) = values(plan) else { return };
    let hide = |text: &mut String| *text = values.hide(text.as_bytes());
    for unexpected in outcome.unexpected.values_mut() {
        let Unexpected { status: _, first_line, close_code: _, first_bytes, dialogue, key: _ } =
            unexpected;
        hide(first_bytes);
        first_line.iter_mut().chain(dialogue).for_each(hide);
    }
    let counts = &mut outcome.counts;
    let firsts = [
        &mut counts.first_foreign,
        &mut counts.first_altered,
        &mut counts.first_unexplained,
        &mut counts.first_unfinished,
        &mut counts.first_without_id,
        &mut counts.first_without_time,
    ];
    firsts.into_iter().flatten().for_each(hide);
    // Its lengths are figures, and a text with other bytes in it has others.
    let has_secrets = |bytes: &[u8]| values.hide(bytes).as_bytes() != bytes;
    outcome.sample = outcome
        .sample
        .take()
        .filter(|sample| !has_secrets(&sample.request) && !has_secrets(&sample.response));
}

/// Values of the plan's server, whose secrets are those of every topic.
fn values(plan: &Plan) -> Option<&Values> {
    plan.adapted.as_ref()?.values.first()
}
