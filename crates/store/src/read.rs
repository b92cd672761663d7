//! Reading a run: its record, held against its digest, or the journal in its place.

use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::bounded::{read_record, read_regular};
use crate::digest::sha256_hex;
use crate::error::{StoreError, while_doing};
use crate::files::{DIGEST_FILE, RECORD_FILE};
use crate::journal::{JOURNAL_FILE, read_journal};
use crate::record::{RunV2, v1};

/// Most bytes of a digest that are read: it is one line.
const DIGEST_BOUND: u64 = 1 << 20;

/// Reads a record: the file itself or the folder it lies in, where the journal of a run that did
/// not end stands in its place.
///
/// # Errors
///
/// If there is none, it is no regular file, it has more than 1 GiB, it is no record of ours, it is a newer version, it is malformed, or it is not
/// what the digest beside it says.
pub fn read(path: &Path) -> Result<RunV2, StoreError> {
    let record = if path.is_dir() { path.join(RECORD_FILE) } else { path.to_owned() };
    let is_journal = record.file_name().is_some_and(|name| name == JOURNAL_FILE);
    if is_journal || path.is_dir() && !record.exists() && path.join(JOURNAL_FILE).exists() {
        return read_journal(path);
    }
    let bytes = read_record(&record).map_err(while_doing("read", &record))?;
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
    let expected = match read_regular(&digest, DIGEST_BOUND) {
        Ok(line) => {
            String::from_utf8_lossy(&line).split_whitespace().next().unwrap_or_default().to_owned()
        }
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
pub fn fuzz_parse(text: &str) -> Result<RunV2, StoreError> {
    parse(text, Path::new("fuzz"))
}

/// What every version of the record begins with.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

fn parse(text: &str, path: &Path) -> Result<RunV2, StoreError> {
    let malformed = |cause| StoreError::Malformed { path: path.to_owned(), cause };
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    if head.format.as_deref() != Some(RunV2::FORMAT) {
        return Err(StoreError::NotARun {
            path: path.to_owned(),
            found: head.format.map_or("none".to_owned(), |format| format!("`{format}`")),
        });
    }
    match head.version {
        Some(RunV2::VERSION) => serde_json::from_str(text).map_err(malformed),
        Some(1) => serde_json::from_str::<v1::RunV1>(text).map(RunV2::from).map_err(malformed),
        found => Err(StoreError::UnknownVersion {
            path: path.to_owned(),
            found: found.map_or("none".to_owned(), |version| version.to_string()),
        }),
    }
}
