//! The records that a plan borrows from and is held against.

use std::path::Path;

use pushbench_plan::{LeftOut, Record};

use crate::runs::runs;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    pub(super) unread: Vec<LeftOut>,
}

/// Every run in a folder, however it is laid out, as `pushbench results` finds them.
///
/// A folder that is not there holds no records, which is no error: the plan says that it has none.
pub(super) fn find(results: &Path) -> anyhow::Result<Found> {
    if !results.exists() {
        return Ok(Found::default());
    }
    let found = runs(results)?;
    let record = |recorded: crate::runs::Recorded| Record {
        path: recorded.folder.display().to_string(),
        run: recorded.run,
    };
    let left_out = |error: pushbench_store::StoreError| LeftOut {
        what: "a record".to_owned(),
        why: error.to_string(),
    };
    Ok(Found {
        records: found.runs.into_iter().map(record).collect(),
        unread: found.unreadable.into_iter().map(left_out).collect(),
    })
}
