//! Writing a record beside its place and renaming it into it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::digest::sha256_hex;
use crate::error::{StoreError, while_doing};
use crate::record::{RunV2, TrialV2};
use crate::wall_clock::folder_stamp;

/// Name of the record in a run's folder.
pub const RECORD_FILE: &str = "run.json";

/// Where a run lies by default: `<results>/<scenario>/<time>-<id>`.
///
/// What a file name should not hold is replaced by `-`; a start that is no RFC 3339 is left out.
pub fn run_folder(results: &Path, run: &RunV2) -> PathBuf {
    let name = match folder_stamp(&run.started_at) {
        Some(stamp) => format!("{stamp}-{}", run.id),
        None => run.id.clone(),
    };
    results.join(file_name(&run.scenario.name)).join(file_name(&name))
}

/// Name of the file beside a record that holds its SHA-256, as `sha256sum -c` reads it.
///
/// A record of before there were digests, or one that somebody changes on purpose and puts
/// elsewhere, has none beside it and is read as it is.
pub const DIGEST_FILE: &str = "run.json.sha256";

/// Writes a run's record into `folder`, which is made if it is not there, and its digest beside it.
/// Returns the record's path.
///
/// Each is written beside its place and renamed into it when it is complete and on disk, the record
/// last, so a record that is there is whole.
///
/// # Errors
///
/// If a figure is not finite (JSON has no word for that, and unknown must be absent), a file cannot
/// be written, or a record is there already.
pub fn write_record(run: &RunV2, folder: &Path) -> Result<PathBuf, StoreError> {
    refuse_what_json_cannot_say(run)?;
    let mut record = serde_json::to_string_pretty(run).map_err(StoreError::Encode)?;
    record.push('\n');
    fs::create_dir_all(folder).map_err(while_doing("create", folder))?;
    let place = folder.join(RECORD_FILE);
    if place.exists() {
        let taken = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(while_doing("write", &place)(taken));
    }
    let digest = format!("{}  {RECORD_FILE}\n", sha256_hex(record.as_bytes()));
    write_beside(folder, DIGEST_FILE, &digest)?;
    write_beside(folder, RECORD_FILE, &record)?;
    Ok(place)
}

/// Writes a file into a run's folder: beside its place, and renamed into it when it is on disk.
///
/// # Errors
///
/// If it cannot be written; nothing of it is left then.
pub fn write_beside(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    let place = folder.join(name);
    let unfinished = folder.join(format!("{name}.unfinished"));
    let write = || {
        let mut file = File::create(&unfinished).map_err(while_doing("create", &unfinished))?;
        file.write_all(text.as_bytes()).map_err(while_doing("write", &place))?;
        file.sync_all().map_err(while_doing("write to disk", &place))?;
        fs::rename(&unfinished, &place).map_err(while_doing("rename into place", &place))?;
        sync(folder)
    };
    let written = write();
    if written.is_err() {
        // The first error is what the caller must hear of, not that cleaning up failed too.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn refuse_what_json_cannot_say(run: &RunV2) -> Result<(), StoreError> {
    run.trials.iter().try_for_each(refuse_a_trial_that_json_cannot_say)
}

pub(crate) fn refuse_a_trial_that_json_cannot_say(trial: &TrialV2) -> Result<(), StoreError> {
    let mut figures = trial.figures.iter().chain(&trial.model.figures);
    match figures.find(|(_, value)| !value.is_finite()) {
        Some((figure, value)) => Err(StoreError::NotFinite {
            transport: trial.transport.clone(),
            round: trial.round,
            figure: figure.clone(),
            value: *value,
        }),
        None => Ok(()),
    }
}

/// Makes sure that a folder's entries are on disk.
pub(crate) fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(while_doing("write to disk", folder))
}

fn file_name(text: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    if name.starts_with('.') || name.is_empty() { format!("-{name}") } else { name }
}
