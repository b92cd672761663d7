//! What is kept of what a third-party server says, without secrets: it may repeat what it was sent.

use crate::unexpected::{KEPT, printable};
use crate::{Plan, Unexpected, WorkerOutcome};

/// How much is looked through: a secret that begins in what is kept may go on behind it.
const MOST_LOOKED_THROUGH: usize = 64 << 10;

/// The text without secrets of the plan's server.
pub(crate) fn hidden(plan: &Plan, text: &[u8]) -> String {
    let values = plan.adapted.as_ref().and_then(|adapted| adapted.values.first());
    match values {
        Some(values) => values.hide(text),
        None => String::from_utf8_lossy(text).into_owned(),
    }
}

/// The first bytes of what came, for people.
pub(crate) fn first_bytes(plan: &Plan, bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MOST_LOOKED_THROUGH)];
    printable(hidden(plan, bytes).as_bytes(), KEPT)
}

/// Hides secrets in all that a worker has kept of what was said, by whatever carried it.
pub(crate) fn hide(plan: &Plan, outcome: &mut WorkerOutcome) {
    if plan.adapted.is_none() {
        return;
    }
    let hide = |text: &mut String| *text = hidden(plan, text.as_bytes());
    for unexpected in outcome.unexpected.values_mut() {
        let Unexpected { status: _, first_line, close_code: _, first_bytes, dialogue } = unexpected;
        hide(first_bytes);
        first_line.iter_mut().chain(dialogue).for_each(hide);
    }
    let counts = &mut outcome.counts;
    let firsts = [
        &mut counts.first_foreign,
        &mut counts.first_altered,
        &mut counts.first_unexplained,
        &mut counts.first_without_id,
        &mut counts.first_without_time,
    ];
    firsts.into_iter().flatten().for_each(hide);
    // Its lengths are figures, and a text with other bytes in it has others.
    let has_secrets = |bytes: &[u8]| hidden(plan, bytes).as_bytes() != bytes;
    outcome.sample = outcome
        .sample
        .take()
        .filter(|sample| !has_secrets(&sample.request) && !has_secrets(&sample.response));
}
