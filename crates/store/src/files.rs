//! Writing a record beside its place and renaming it into it; reading it back.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::digest::sha256_hex;
use crate::journal::{JOURNAL_FILE, read_journal};
use crate::record::{RunV1, TrialV1};
use crate::wall_clock::folder_stamp;

/// Name of the record in a run's folder.
pub const RECORD_FILE: &str = "run.json";

/// Where a run lies by default: `<results>/<scenario>/<time>-<id>`.
///
/// What a file name should not hold is replaced by `-`; a start that is no RFC 3339 is left out.
pub fn run_folder(results: &Path, run: &RunV1) -> PathBuf {
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
pub fn write_record(run: &RunV1, folder: &Path) -> Result<PathBuf, StoreError> {
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

/// Reads a record: the file itself or the folder it lies in, where the journal of a run that did
/// not end stands in its place.
///
/// # Errors
///
/// If there is none, it is no record of ours, it is a newer version, it is malformed, or it is not
/// what the digest beside it says.
pub fn read(path: &Path) -> Result<RunV1, StoreError> {
    let record = if path.is_dir() { path.join(RECORD_FILE) } else { path.to_owned() };
    let is_journal = record.file_name().is_some_and(|name| name == JOURNAL_FILE);
    if is_journal || path.is_dir() && !record.exists() && path.join(JOURNAL_FILE).exists() {
        return read_journal(path);
    }
    let bytes = fs::read(&record).map_err(while_doing("read", &record))?;
    check_digest(&bytes, &record)?;
    let text = String::from_utf8(bytes).map_err(|cause| {
        while_doing("read", &record)(io::Error::new(io::ErrorKind::InvalidData, cause))
    })?;
    parse(&text, &record)
}

/// Refuses a record that has changed since it was written, as far as a digest beside it tells.
fn check_digest(bytes: &[u8], record: &Path) -> Result<(), StoreError> {
    if record.file_name().is_none_or(|name| name != RECORD_FILE) {
        return Ok(());
    }
    let digest = record.with_file_name(DIGEST_FILE);
    let expected = match fs::read_to_string(&digest) {
        Ok(text) => text.split_whitespace().next().unwrap_or_default().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(while_doing("read", &digest)(error)),
    };
    let found = sha256_hex(bytes);
    if found == expected {
        return Ok(());
    }
    Err(StoreError::Digest { path: record.to_owned(), digest, found, expected })
}

/// Reads a record's text as [`read`] does, for the fuzz targets.
///
/// # Errors
///
/// As [`read`], but for those of files.
#[doc(hidden)]
pub fn fuzz_parse(text: &str) -> Result<RunV1, StoreError> {
    parse(text, Path::new("fuzz"))
}

/// What every version of the record begins with.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

fn parse(text: &str, path: &Path) -> Result<RunV1, StoreError> {
    let malformed = |cause| StoreError::Malformed { path: path.to_owned(), cause };
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    if head.format.as_deref() != Some(RunV1::FORMAT) {
        return Err(StoreError::NotARun {
            path: path.to_owned(),
            found: head.format.map_or("none".to_owned(), |format| format!("`{format}`")),
        });
    }
    match head.version {
        Some(RunV1::VERSION) => serde_json::from_str(text).map_err(malformed),
        found => Err(StoreError::UnknownVersion {
            path: path.to_owned(),
            found: found.map_or("none".to_owned(), |version| version.to_string()),
        }),
    }
}

fn refuse_what_json_cannot_say(run: &RunV1) -> Result<(), StoreError> {
    run.trials.iter().try_for_each(refuse_a_trial_that_json_cannot_say)
}

pub(crate) fn refuse_a_trial_that_json_cannot_say(trial: &TrialV1) -> Result<(), StoreError> {
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

pub(crate) fn while_doing(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |cause| StoreError::Io { doing, path, cause }
}

/// Why a record was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {doing} {}: {cause}", path.display())]
    Io {
        /// What was tried, a verb.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Its answer.
        cause: io::Error,
    },
    /// A number that the record has no word for.
    #[error(
        "{transport}, round {round}: figure `{figure}` is {value}, expected a finite number or \
         no figure"
    )]
    NotFinite {
        /// Label of the trial's transport.
        transport: String,
        /// The trial's round.
        round: u32,
        /// Name of the figure.
        figure: String,
        /// Its value.
        value: f64,
    },
    /// The record does not fit into JSON.
    #[error("cannot write the record as JSON: {0}")]
    Encode(serde_json::Error),
    /// The file has changed since it was written, or its digest has.
    #[error(
        "{} has changed since it was written: its SHA-256 is {found}, {} says {expected}; restore \
         it, or remove the digest if the change was meant",
        path.display(), digest.display()
    )]
    Digest {
        /// The record.
        path: PathBuf,
        /// The file with its digest.
        digest: PathBuf,
        /// The digest of what is there.
        found: String,
        /// The digest of what was written.
        expected: String,
    },
    /// A line of a journal has changed since it was written.
    #[error(
        "{}: line {line} has changed since it was written: its SHA-256 is not the one that stands \
         with it, or it stands in the wrong place",
        path.display()
    )]
    Changed {
        /// The journal.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// JSON of something else.
    #[error("{}: found format {found}, expected `{}`", path.display(), RunV1::FORMAT)]
    NotARun {
        /// The file.
        path: PathBuf,
        /// Its format, in backquotes, or `none`.
        found: String,
    },
    /// A record of a version that this program cannot read.
    #[error(
        "{}: found version {found} of `{}`, expected version {}: written by a newer pushbench?",
        path.display(), RunV1::FORMAT, RunV1::VERSION
    )]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// Its version, or `none`.
        found: String,
    },
    /// No JSON, or a field is missing or of another type.
    #[error("{}: not a readable record: {cause}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What, and in which line and column.
        cause: serde_json::Error,
    },
}
