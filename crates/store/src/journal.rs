//! The journal of a run: what was measured, on disk as soon as it was.
//!
//! The folder of a run is made before anything is played, and in it a file to which each trial is
//! appended, flushed and synced as it ends. Whatever ends the process then, `kill -9` or a power
//! cut, costs the trial that was being played and no other. The record is written when the run has
//! ended; then the journal is removed, since all of it is in the record, and two files that say the
//! same could come to differ.
//!
//! A line is `{"sha256":"...","entry":...}`; the digest is that of the entry's text as it stands
//! there. The last line may be cut off.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::digest::sha256_hex;
use crate::error::{StoreError, while_doing};
use crate::files::{refuse_a_trial_that_json_cannot_say, run_folder, sync, write_record};
use crate::record::{DisturbedV1, RunStatus, RunV1, TrialV1};

/// Name of the journal in a run's folder.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// The journal of a run that is being played.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
}

#[derive(Serialize)]
struct LineOut<'a> {
    sha256: String,
    entry: &'a RawValue,
}

#[derive(Deserialize)]
struct LineIn<'a> {
    sha256: String,
    #[serde(borrow)]
    entry: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum EntryOut<'a> {
    Begin { format: &'a str, version: u32, trials: usize, run: &'a RunV1 },
    Trial(&'a TrialV1),
    Disturbed(&'a DisturbedV1),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EntryIn {
    Begin { format: String, version: u32, trials: usize, run: Box<RunV1> },
    Trial(Box<TrialV1>),
    Disturbed(DisturbedV1),
}

/// Value of `format` in a journal's first entry.
const FORMAT: &str = "pushbench-journal";
/// Value of `version` there.
const VERSION: u32 = 1;

impl Journal {
    /// Makes the run's folder below `results` and begins its journal with what is known before the
    /// first of so many `trials`.
    ///
    /// # Errors
    ///
    /// If the folder is taken or cannot be made, or the file cannot be written: then nothing that
    /// is measured could be kept either. What was made of it is removed again.
    pub fn begin(results: &Path, run: &RunV1, trials: usize) -> Result<Self, StoreError> {
        let folder = run_folder(results, run);
        let parent = folder.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(while_doing("create", parent))?;
        fs::create_dir(&folder).map_err(while_doing("create", &folder))?;
        let path = folder.join(JOURNAL_FILE);
        let opened = OpenOptions::new().append(true).create_new(true).open(&path);
        let begun = opened.map_err(while_doing("create", &path)).and_then(|file| {
            let mut journal = Self { folder: folder.clone(), file };
            journal.append(&EntryOut::Begin { format: FORMAT, version: VERSION, trials, run })?;
            sync(&folder)?;
            sync(parent)?;
            Ok(journal)
        });
        if begun.is_err() {
            // The first error is what the caller must hear of.
            let _ = fs::remove_file(&path);
            let _ = fs::remove_dir(&folder);
        }
        begun
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a trial. When this returns it is on disk.
    ///
    /// # Errors
    ///
    /// If a figure is not finite, or it cannot be written.
    pub fn trial(&mut self, trial: &TrialV1) -> Result<(), StoreError> {
        refuse_a_trial_that_json_cannot_say(trial)?;
        self.append(&EntryOut::Trial(trial))
    }

    /// Appends a trial that the machine disturbed.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn disturbed(&mut self, disturbed: &DisturbedV1) -> Result<(), StoreError> {
        self.append(&EntryOut::Disturbed(disturbed))
    }

    /// Writes the record of the run that has ended, with its digest beside it, and removes the
    /// journal. Returns the record's path.
    ///
    /// # Errors
    ///
    /// If the record cannot be written; the journal then stays, and can be read in its place.
    pub fn finish(self, run: &RunV1) -> Result<PathBuf, StoreError> {
        let record = write_record(run, &self.folder)?;
        // Where it cannot be removed it does no harm: a record goes before it.
        let _ = fs::remove_file(self.folder.join(JOURNAL_FILE));
        sync(&self.folder)?;
        Ok(record)
    }

    /// Removes the journal and the run's folder, of a run that measured nothing.
    pub fn discard(self) {
        let _ = fs::remove_file(self.folder.join(JOURNAL_FILE));
        // Both stay where something else is in them.
        let _ = fs::remove_dir(&self.folder);
        let _ = self.folder.parent().map(fs::remove_dir);
    }

    fn append(&mut self, entry: &EntryOut<'_>) -> Result<(), StoreError> {
        let path = self.folder.join(JOURNAL_FILE);
        let entry = serde_json::value::to_raw_value(entry).map_err(StoreError::Encode)?;
        let line = LineOut { sha256: sha256_hex(entry.get().as_bytes()), entry: &entry };
        let mut text = serde_json::to_string(&line).map_err(StoreError::Encode)?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(while_doing("write", &path))?;
        self.file.sync_all().map_err(while_doing("write to disk", &path))
    }
}

/// Reads the run that a journal holds so far, as one that was aborted: it says in `failure` and
/// `notes` what became of it.
///
/// # Errors
///
/// If it cannot be read, is no journal, a newer version, or a line of it has changed since it was
/// written. A last line that is cut off is none: its writer ended.
pub fn read_journal(path: &Path) -> Result<RunV1, StoreError> {
    let path = if path.is_dir() { path.join(JOURNAL_FILE) } else { path.to_owned() };
    let bytes = fs::read(&path).map_err(while_doing("read", &path))?;
    let text = String::from_utf8_lossy(&bytes);
    let (whole, rest) = text.rsplit_once('\n').unwrap_or(("", &text));
    let mut run: Option<(RunV1, usize)> = None;
    for (place, line) in whole.lines().enumerate() {
        match (entry(line, place + 1, &path)?, &mut run) {
            (EntryIn::Begin { format, version, trials, run: begun }, found @ None) => {
                if format != FORMAT || version != VERSION {
                    return Err(StoreError::UnknownVersion {
                        path,
                        found: format!("{version} of `{format}`"),
                    });
                }
                *found = Some((*begun, trials));
            }
            (EntryIn::Trial(trial), Some((run, _))) => run.trials.push(*trial),
            (EntryIn::Disturbed(disturbed), Some((run, _))) => run.disturbed.push(disturbed),
            (EntryIn::Begin { .. }, Some(_)) | (_, None) => {
                return Err(StoreError::Changed { path, line: place + 1 });
            }
        }
    }
    let Some((mut run, trials)) = run else {
        return Err(StoreError::NotARun { path, found: "none".to_owned() });
    };
    run.status = RunStatus::Aborted;
    run.failure = Some(format!(
        "the run did not end, or has not yet: {} of {trials} trials are in its journal",
        run.trials.len()
    ));
    if !rest.is_empty() {
        run.notes.push("the last line of the journal is cut off and was skipped".to_owned());
    }
    // When it was last known to be playing.
    run.ended_at = run.trials.last().map_or(&run.started_at, |trial| &trial.started_at).clone();
    Ok(run)
}

fn entry(line: &str, place: usize, path: &Path) -> Result<EntryIn, StoreError> {
    let changed = || StoreError::Changed { path: path.to_owned(), line: place };
    let LineIn { sha256, entry } = serde_json::from_str(line).map_err(|_| changed())?;
    if sha256_hex(entry.get().as_bytes()) != sha256 {
        return Err(changed());
    }
    serde_json::from_str(entry.get())
        .map_err(|cause| StoreError::Malformed { path: path.to_owned(), cause })
}
