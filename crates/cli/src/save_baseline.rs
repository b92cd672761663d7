//! Keeps a run as a baseline.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use pushbench_store::{RunStatus, Verdict, write_record};

use crate::baseline::BaselineName;
use crate::runs::{Recorded, verdict};

/// Keeps a run under a name; another that had the name goes. Returns its folder.
///
/// A run that says nothing for certain is no baseline: one that was ended early, or is invalid.
pub(crate) fn save_baseline(
    name: &BaselineName,
    recorded: &Recorded,
    results: &Path,
) -> anyhow::Result<PathBuf> {
    let run = &recorded.run;
    if run.status != RunStatus::Completed || run.worst_verdict() == Verdict::Invalid {
        bail!(
            "the run {} is {} and cannot be a baseline: name one that is complete and valid",
            run.id,
            verdict(run)
        );
    }
    let folder = name.folder(results);
    let written = folder.with_file_name(format!("{name}.unfinished-{}", std::process::id()));
    let keep = || -> anyhow::Result<()> {
        write_record(run, &written)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(fs::rename(&written, &folder)?)
    };
    let kept = keep();
    if kept.is_err() {
        // The first error is what the user must hear of, not that cleaning up failed too.
        let _ = fs::remove_dir_all(&written);
    }
    kept.with_context(|| format!("cannot keep the baseline {name} in {}", folder.display()))?;
    Ok(folder)
}
