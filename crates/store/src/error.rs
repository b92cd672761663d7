//! What can go wrong with records on disk.

use std::io;
use std::path::{Path, PathBuf};

use crate::record::RunV2;

/// The error of the file system that met this attempt, a verb.
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
    #[error("{}: found format {found}, expected `{}`", path.display(), RunV2::FORMAT)]
    NotARun {
        /// The file.
        path: PathBuf,
        /// Its format, in backquotes, or `none`.
        found: String,
    },
    /// A record of a version that this program cannot read.
    #[error(
        "{}: found version {found} of `{}`, expected at most version {}: written by a newer pushbench?",
        path.display(), RunV2::FORMAT, RunV2::VERSION
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
