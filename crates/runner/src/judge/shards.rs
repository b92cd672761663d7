//! Whether every part of a trial that was split into shards was played.

use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check};

pub(super) fn shards(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let lost = evidence.circumstances.lost_shards.as_ref()?;
    let (verdict, text) = match lost.as_slice() {
        [] => (Verdict::Ok, "every shard was played to its end".to_owned()),
        lost => (Verdict::Invalid, format!("{}: no figure is of all clients", lost.join("; "))),
    };
    let mut found = check("shards", verdict, text);
    found.found = Some(lost.len() as f64);
    found.limit = Some(0.0);
    Some(found)
}
