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

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bounded::read_record;
use crate::digest::sha256_hex;
use crate::error::{StoreError, while_doing};
use crate::files::{refuse_a_trial_that_json_cannot_say, run_folder, sync, write_record};
use crate::record::{DisturbedV1, FloorV2, RunStatus, RunV2, TrialV2, v1};

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
    Begin { format: &'a str, version: u32, trials: usize, run: &'a RunV2 },
    Trial(&'a TrialV2),
    Disturbed(&'a DisturbedV1),
    Floor(&'a FloorV2),
}

/// An entry of a journal whose runs and trials are of some version.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EntryIn<R, T> {
    Begin { trials: usize, run: Box<R> },
    Trial(Box<T>),
    Disturbed(DisturbedV1),
    Floor(FloorV2),
}

/// What every version of the first entry begins with.
#[derive(Deserialize)]
struct Head {
    begin: HeadOfBegin,
}

#[derive(Deserialize)]
struct HeadOfBegin {
    format: String,
    version: u32,
}

/// Value of `format` in a journal's first entry.
const FORMAT: &str = "pushbench-journal";
/// Value of `version` there.
const VERSION: u32 = 2;

impl Journal {
    /// Makes the run's folder below `results` and begins its journal with what is known before the
    /// first of so many `trials`.
    ///
    /// # Errors
    ///
    /// If the folder is taken or cannot be made, or the file cannot be written: then nothing that
    /// is measured could be kept either. What was made of it is removed again.
    pub fn begin(results: &Path, run: &RunV2, trials: usize) -> Result<Self, StoreError> {
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
    pub fn trial(&mut self, trial: &TrialV2) -> Result<(), StoreError> {
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

    /// Appends the floor of a trial.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn floor(&mut self, floor: &FloorV2) -> Result<(), StoreError> {
        self.append(&EntryOut::Floor(floor))
    }

    /// Writes the record of the run that has ended, with its digest beside it, and removes the
    /// journal. Returns the record's path.
    ///
    /// # Errors
    ///
    /// If the record cannot be written; the journal then stays, and can be read in its place.
    pub fn finish(self, run: &RunV2) -> Result<PathBuf, StoreError> {
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
pub fn read_journal(path: &Path) -> Result<RunV2, StoreError> {
    let path = if path.is_dir() { path.join(JOURNAL_FILE) } else { path.to_owned() };
    let bytes = read_record(&path).map_err(while_doing("read", &path))?;
    let text = String::from_utf8_lossy(&bytes);
    let (whole, rest) = text.rsplit_once('\n').unwrap_or(("", &text));
    let Some(first) = whole.lines().next() else {
        return Err(StoreError::NotARun { path, found: "none".to_owned() });
    };
    let (mut run, trials) = match version(first, &path)? {
        VERSION => entries::<RunV2, TrialV2>(whole, &path)?,
        _ => entries::<v1::RunV1, v1::TrialV1>(whole, &path)?,
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

/// The version of a journal, by its first line.
fn version(first: &str, path: &Path) -> Result<u32, StoreError> {
    let changed = StoreError::Changed { path: path.to_owned(), line: 1 };
    let Head { begin: HeadOfBegin { format, version } } =
        serde_json::from_str(checked(first, 1, path)?.get()).map_err(|_| changed)?;
    match version {
        1..=VERSION if format == FORMAT => Ok(version),
        _ => Err(StoreError::UnknownVersion {
            path: path.to_owned(),
            found: format!("{version} of `{format}`"),
        }),
    }
}

/// The run that whole lines make, and how many trials it was to have.
fn entries<R, T>(whole: &str, path: &Path) -> Result<(RunV2, usize), StoreError>
where
    R: DeserializeOwned + Into<RunV2>,
    T: DeserializeOwned + Into<TrialV2>,
{
    let changed = |place| StoreError::Changed { path: path.to_owned(), line: place };
    let mut run: Option<(RunV2, usize)> = None;
    for (line, place) in whole.lines().zip(1..) {
        let entry: EntryIn<R, T> = serde_json::from_str(checked(line, place, path)?.get())
            .map_err(|cause| StoreError::Malformed { path: path.to_owned(), cause })?;
        match (entry, &mut run) {
            (EntryIn::Begin { trials, run: begun }, found @ None) => {
                *found = Some(((*begun).into(), trials));
            }
            (EntryIn::Trial(trial), Some((run, _))) => {
                let trial: TrialV2 = (*trial).into();
                // The steps of a search are not known before.
                let cells = &mut run.scenario.cells;
                if !trial.cell.is_empty() && !cells.contains(&trial.cell) {
                    cells.push(trial.cell.clone());
                }
                run.trials.push(trial);
            }
            (EntryIn::Disturbed(disturbed), Some((run, _))) => run.disturbed.push(disturbed),
            (EntryIn::Floor(floor), Some((run, _))) => run.floor.push(floor),
            (EntryIn::Begin { .. }, Some(_)) | (_, None) => return Err(changed(place)),
        }
    }
    run.ok_or_else(|| changed(1))
}

/// The entry of a line, if it is as it was written.
fn checked<'line>(
    line: &'line str,
    place: usize,
    path: &Path,
) -> Result<&'line RawValue, StoreError> {
    let changed = || StoreError::Changed { path: path.to_owned(), line: place };
    let LineIn { sha256, entry } = serde_json::from_str(line).map_err(|_| changed())?;
    if sha256_hex(entry.get().as_bytes()) == sha256 { Ok(entry) } else { Err(changed()) }
}
