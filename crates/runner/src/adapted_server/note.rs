//! Which servers are running, on disk: after a `kill -9` of a run the next one finds what it left.
//!
//! A note is written before its server is started and goes when that has ended. It says who started
//! it, by pid and start time, which never come twice while a machine runs; so no other process is ever
//! taken for one of a server, and a run that is still going keeps its own.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bounded::{read_small, read_words};
use crate::processes::Process;

/// The variable of the environment that marks a server's processes.
const MARK: &str = "PUSHBENCH_STARTED";

/// One server that was started.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Names the note and its server.
    id: String,
    /// The machine's boot, and the pids' namespace: elsewhere its numbers mean nothing.
    pub(super) place: Place,
    /// Pid and start time of the run.
    pub(super) run: (u32, u64),
    /// The same of the process that was started; `None` until it is known.
    pub(super) leader: Option<(u32, u64)>,
    /// Processes that it had left to the run when that looked; they have neither its mark nor its
    /// number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) orphans: Vec<(u32, u64)>,
    /// Its folder, which goes with it.
    pub(super) folder: PathBuf,
}

/// Where a pid means something.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(super) boot: String,
    pub(super) namespace: String,
}

impl Place {
    /// Of this process.
    pub(super) fn here() -> Self {
        let boot = read_words("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self { boot: boot.trim().to_owned(), namespace: namespace.display().to_string() }
    }
}

impl Note {
    /// Of a server that is about to be started by this process.
    pub(super) fn new(folder: &Path) -> Self {
        let run = Process::look(std::process::id()).map(|of| (of.pid, of.started_at));
        let run = run.unwrap_or((std::process::id(), 0));
        Self {
            id: format!("{}-{}-{}", run.0, run.1, pushbench_store::new_id()),
            place: Place::here(),
            run,
            leader: None,
            orphans: Vec::new(),
            folder: folder.to_owned(),
        }
    }

    /// What its processes are started with: a name and its value.
    pub(super) fn mark(&self) -> (&'static str, &str) {
        (MARK, &self.id)
    }

    pub(super) fn mark_line(&self) -> String {
        format!("{MARK}={}", self.id)
    }
}

/// Why a note could not be kept.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}: {reason}; a run keeps there what it has to stop should it be killed, expected a folder of \
     one's own that can be written to (XDG_RUNTIME_DIR says where)", folder.display()
)]
pub(crate) struct NoteError {
    folder: PathBuf,
    reason: String,
}

/// The folder where they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Notes(PathBuf);

impl Notes {
    /// That of this user: below `XDG_RUNTIME_DIR`, where that is a folder of the user's, else in `/tmp`.
    pub(crate) fn of_user() -> Self {
        let user = rustix::process::getuid().as_raw();
        let is_own =
            |folder: &PathBuf| fs::metadata(folder).is_ok_and(|of| of.is_dir() && of.uid() == user);
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(is_own);
        Self(match runtime {
            Some(folder) => folder.join("pushbench"),
            None => PathBuf::from(format!("/tmp/pushbench-{user}")),
        })
    }

    #[cfg(test)]
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.join("notes"))
    }

    /// Writes a note, in place of an earlier one of its server.
    pub(super) fn write(&self, note: &Note) -> Result<(), NoteError> {
        let failed = |reason: String| NoteError { folder: self.0.clone(), reason };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|error| failed(error.to_string()))?;
        if !self.is_own() {
            return Err(failed(
                "it belongs to somebody else, or others may write to it".to_owned(),
            ));
        }
        let write = || -> io::Result<()> {
            let new = self.0.join(format!("{}.new", note.id));
            let mut options = fs::OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&serde_json::to_vec(note)?)?;
            fs::rename(new, self.path(note))
        };
        write().map_err(|error| failed(error.to_string()))
    }

    /// Whether nobody else can have written here: what is read here is ended.
    fn is_own(&self) -> bool {
        let user = rustix::process::getuid().as_raw();
        fs::symlink_metadata(&self.0)
            .is_ok_and(|of| of.is_dir() && of.uid() == user && of.mode() & 0o022 == 0)
    }

    /// Takes a note away.
    pub(super) fn forget(&self, note: &Note) {
        let _ = fs::remove_file(self.path(note));
    }

    /// Every note that there is.
    pub(super) fn all(&self) -> Vec<Note> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        if !self.is_own() {
            return Vec::new();
        }
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let notes = paths.filter(|path| path.extension().is_some_and(|ends| ends == "json"));
        notes.filter_map(|path| serde_json::from_slice(&read_small(path).ok()?).ok()).collect()
    }

    fn path(&self, note: &Note) -> PathBuf {
        self.0.join(format!("{}.json", note.id))
    }
}
