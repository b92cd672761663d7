//! Baselines: runs that are kept under a name, to be compared with later. Each is a record of its own below
//! the folder of the records, so that it outlives the run that it was and can be committed.

use std::fmt;
use std::path::{Path, PathBuf};

/// The folder of the baselines, in that of the records.
pub(crate) const FOLDER: &str = "baselines";

/// What stands before its name where a run is named.
pub(crate) const PREFIX: &str = "baseline:";

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// The name of a baseline, which is also that of its folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BaselineName(String);

impl BaselineName {
    /// From what the user wrote: letters, digits, `_`, `.` and `-`, no `.` first.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if !text.is_empty()
            && text.len() <= LONGEST
            && !text.starts_with('.')
            && text.chars().all(is_name)
        {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "expected at most {LONGEST} letters, digits, `_`, `.` and `-`, the first of them no `.`, as in \
             `main` or `v0.1`"
        ))
    }

    /// Where its record lies.
    pub(crate) fn folder(&self, results: &Path) -> PathBuf {
        results.join(FOLDER).join(&self.0)
    }
}

impl fmt::Display for BaselineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_folder_and_no_way_out_of_it() {
        for (text, is_name) in [
            ("main", true),
            ("v0.1_x-y", true),
            ("", false),
            ("..", false),
            (".hidden", false),
            ("a/b", false),
            ("two words", false),
            (&"a".repeat(LONGEST), true),
            (&"a".repeat(LONGEST + 1), false),
        ] {
            assert_eq!(BaselineName::read(text).is_ok(), is_name, "{text}");
        }
    }
}
