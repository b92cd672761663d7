//! Finds runs on record: by folder, file, id, or as the latest.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use pushbench_protocol::counted;
use pushbench_store::{JOURNAL_FILE, RECORD_FILE, RunStatus, RunV2, StoreError, Verdict};

use crate::baseline::{self, BaselineName};

/// Folders within folders that records are looked for in: `<results>/<scenario>/<time>-<id>`, and
/// one more for a collection of results.
const DEPTH: usize = 3;

/// A run on record.
pub(crate) struct Recorded {
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// What it says.
    pub(crate) run: RunV2,
}

impl Recorded {
    /// The file that it was read from: the record, or the journal of a run that did not end.
    pub(crate) fn file(&self) -> PathBuf {
        let record = self.folder.join(RECORD_FILE);
        if record.exists() { record } else { self.folder.join(JOURNAL_FILE) }
    }
}

/// What a folder holds.
#[derive(Default)]
pub(crate) struct Found {
    /// The runs, the newest first.
    pub(crate) runs: Vec<Recorded>,
    /// Records that cannot be read.
    pub(crate) unreadable: Vec<StoreError>,
}

/// Every run in a folder.
pub(crate) fn runs(results: &Path) -> anyhow::Result<Found> {
    let mut found = Found::default();
    look(results, DEPTH, &mut found)
        .with_context(|| format!("cannot look for runs in {}", results.display()))?;
    let key = |recorded: &Recorded| (recorded.run.started_at.clone(), recorded.run.id.clone());
    found.runs.sort_by_key(|recorded| std::cmp::Reverse(key(recorded)));
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Found) -> std::io::Result<()> {
    if [RECORD_FILE, JOURNAL_FILE].iter().any(|name| folder.join(name).is_file()) {
        match pushbench_store::read(folder) {
            Ok(run) => found.runs.push(Recorded { folder: folder.to_owned(), run }),
            Err(error) => found.unreadable.push(error),
        }
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A run that is just being written is no run yet.
        let is_unfinished = path.to_string_lossy().contains(".unfinished-");
        // A baseline is a copy of a run.
        let is_copy = path.file_name().is_some_and(|name| name == baseline::FOLDER);
        if depth > 0 && path.is_dir() && !is_unfinished && !is_copy {
            look(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

/// The run that a name stands for: a folder, a `run.json`, an id, `baseline:NAME`, `latest`,
/// `latest:SCENARIO`, and with `~N` after `latest` the one N runs before it.
pub(crate) fn find(name: &str, results: &Path) -> anyhow::Result<Recorded> {
    let path = Path::new(name);
    if path.exists() {
        let run =
            pushbench_store::read(path).with_context(|| format!("cannot read the run {name}"))?;
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        return Ok(Recorded { folder: folder.unwrap_or(Path::new(".")).to_owned(), run });
    }
    if let Some(kept) = name.strip_prefix(baseline::PREFIX) {
        let kept = BaselineName::read(kept)
            .map_err(|expected| anyhow!("cannot find the run {name}: {expected}"))?;
        let folder = kept.folder(results);
        if !folder.exists() {
            bail!(
                "there is no baseline {kept} in {}; `pushbench compare RUN --save-baseline {kept}` makes one",
                results.display()
            );
        }
        let run = pushbench_store::read(&folder)
            .with_context(|| format!("cannot read the baseline {kept}"))?;
        return Ok(Recorded { folder, run });
    }
    let latest = latest(name);
    if latest.is_none() && name.contains('/') {
        bail!("there is no run {name}");
    }
    let found = runs(results).with_context(|| format!("cannot find the run {name}"))?;
    let all = found.runs;
    let count = all.len();
    let chosen = match latest {
        Some(Latest { before, scenario }) => {
            let of_scenario = |recorded: &Recorded| {
                scenario.is_none_or(|scenario| recorded.run.scenario.name == scenario)
            };
            all.into_iter().filter(of_scenario).nth(before)
        }
        None => all.into_iter().find(|recorded| recorded.run.id == name),
    };
    chosen.with_context(|| {
        format!(
            "there is no run {name}: {} in {}; `pushbench results {1}` lists them",
            counted(count as u64, "run"),
            results.display()
        )
    })
}

/// `latest[~N][:SCENARIO]`.
struct Latest<'n> {
    before: usize,
    scenario: Option<&'n str>,
}

fn latest(name: &str) -> Option<Latest<'_>> {
    let (place, scenario) = match name.split_once(':') {
        Some((place, scenario)) => (place, Some(scenario)),
        None => (name, None),
    };
    let before = match place.strip_prefix("latest")? {
        "" => 0,
        back => back.strip_prefix('~')?.parse().ok()?,
    };
    Some(Latest { before, scenario })
}

/// How a run ended and whether it may be believed, in a word.
pub(crate) fn verdict(run: &RunV2) -> &'static str {
    match (run.status, run.worst_verdict()) {
        (RunStatus::Aborted, _) => "aborted",
        (RunStatus::Failed, _) => "failed",
        (RunStatus::Completed, Verdict::Invalid) => "invalid",
        (RunStatus::Completed, Verdict::Warning) => "warnings",
        (RunStatus::Completed, Verdict::Ok) => "valid",
        (RunStatus::Completed, Verdict::NotChecked) => "not checked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_may_be_one_before_and_of_a_scenario() {
        for (name, expected) in [
            ("latest", Some((0, None))),
            ("latest~2", Some((2, None))),
            ("latest:ticker", Some((0, Some("ticker")))),
            ("latest~1:ticker", Some((1, Some("ticker")))),
            ("latest~", None),
            ("latest-2", None),
            ("later", None),
            ("7k3mqa", None),
        ] {
            let found = latest(name).map(|latest| (latest.before, latest.scenario));
            assert_eq!(found, expected, "{name}");
        }
    }
}
