//! Whether the trial was played to its end.

use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check};

/// What a check says of a trial that somebody stopped.
const STOPPED: &str = "the trial was stopped before its end";

/// Absent of a trial that was, and where another check says what ended it: its server, or a shard that
/// was lost.
pub(super) fn ended(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let circumstances = evidence.circumstances;
    let is_said = circumstances.server_death.is_some()
        || circumstances.lost_shards.as_ref().is_some_and(|lost| !lost.is_empty());
    if evidence.sums.is_complete() || is_said {
        return None;
    }
    let text = circumstances.late.as_deref().unwrap_or(STOPPED);
    Some(check("ended-early", Verdict::Invalid, text.to_owned()))
}
