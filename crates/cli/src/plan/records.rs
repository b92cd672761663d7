//! The newest record of each scenario.

use std::fs;
use std::path::{Path, PathBuf};

use pushbench_plan::LeftOut;
use pushbench_plan::Record;

use super::shown;

/// Where the records that belong to the repository lie, within the folder of records.
const REFERENCE: &str = "reference";
/// The usual folder of records.
const RESULTS: &str = "results";

/// What was found.
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    pub(super) unread: Vec<LeftOut>,
}

/// The newest run of each scenario in `results`, and the reference runs.
///
/// A folder that is not there holds no records, which is no error: the plan says that it has none.
pub(super) fn newest(results: &Path) -> Found {
    let mut runs: Vec<PathBuf> = folders(results)
        .into_iter()
        .filter(|scenario| !scenario.ends_with(REFERENCE))
        // Folders of runs begin with the time, so the last in order is the newest.
        .filter_map(|scenario| folders(&scenario).pop())
        .collect();
    let usual = Path::new(RESULTS).join(REFERENCE);
    let own = results.join(REFERENCE);
    let reference = if own.is_dir() { own } else { usual };
    runs.extend(folders(&reference));
    let mut found = Found { records: Vec::new(), unread: Vec::new() };
    for path in runs {
        match pushbench_store::read(&path) {
            Ok(run) => found.records.push(Record { path: shown(&path), run }),
            Err(error) => {
                found.unread.push(LeftOut { what: shown(&path), why: error.to_string() });
            }
        }
    }
    found
}

/// The folders in a folder, in order.
fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
