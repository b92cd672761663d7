//! Writing a run beside its place and renaming it into it; reading it back.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::record::RunV1;
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

/// Writes a run's record into `folder`, which must not exist or be empty, with `beside`
/// (file name and text of each rendered report) next to it. Returns the record's path.
///
/// Everything goes into a new folder beside the place and is renamed into it when it is complete
/// and on disk, so a run that is there is whole.
///
/// # Errors
///
/// If a figure is not finite (JSON has no word for that, and unknown must be absent), or a file
/// cannot be written, or the place is taken.
pub fn write(run: &RunV1, folder: &Path, beside: &[(&str, String)]) -> Result<PathBuf, StoreError> {
    refuse_what_json_cannot_say(run)?;
    let mut record = serde_json::to_string_pretty(run).map_err(StoreError::Encode)?;
    record.push('\n');

    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(while_doing("create", parent))?;
    let mut unfinished = folder.as_os_str().to_owned();
    unfinished.push(format!(".unfinished-{}", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    fs::create_dir(&unfinished).map_err(while_doing("create", &unfinished))?;

    let written = write_all(&unfinished, &record, beside).and_then(|()| {
        fs::rename(&unfinished, folder).map_err(while_doing("rename into place", folder))?;
        sync(parent)
    });
    if written.is_err() {
        // The first error is what the caller must hear of, not that cleaning up failed too.
        let _ = fs::remove_dir_all(&unfinished);
    }
    written.map(|()| folder.join(RECORD_FILE))
}

/// Reads a record: the file itself or the folder it lies in.
///
/// # Errors
///
/// If there is none, it is no record of ours, it is a newer version, or it is malformed.
pub fn read(path: &Path) -> Result<RunV1, StoreError> {
    let path = if path.is_dir() { path.join(RECORD_FILE) } else { path.to_owned() };
    let text = fs::read_to_string(&path).map_err(while_doing("read", &path))?;
    parse(&text, &path)
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
    for trial in &run.trials {
        let figures = trial.figures.iter().chain(&trial.model.figures);
        if let Some((figure, value)) = figures.into_iter().find(|(_, value)| !value.is_finite()) {
            return Err(StoreError::NotFinite {
                transport: trial.transport.clone(),
                round: trial.round,
                figure: figure.clone(),
                value: *value,
            });
        }
    }
    Ok(())
}

fn write_all(folder: &Path, record: &str, beside: &[(&str, String)]) -> Result<(), StoreError> {
    let files = beside.iter().map(|(name, text)| (*name, text.as_str()));
    for (name, text) in files.chain([(RECORD_FILE, record)]) {
        let path = folder.join(name);
        let mut file = File::create_new(&path).map_err(while_doing("create", &path))?;
        file.write_all(text.as_bytes()).map_err(while_doing("write", &path))?;
        file.sync_all().map_err(while_doing("write to disk", &path))?;
    }
    sync(folder)
}

/// Makes sure that a folder's entries are on disk.
fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(while_doing("write to disk", folder))
}

fn file_name(text: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    if name.starts_with('.') || name.is_empty() { format!("-{name}") } else { name }
}

fn while_doing(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
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
