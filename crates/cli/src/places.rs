//! Where the rest of a run is: what its first screen ends with.

use std::path::Path;

use pushbench_store::{RECORD_FILE, RunV2};

/// Where records are written unless it is said otherwise.
const RESULTS: &str = "results";
/// Name of the page beside a record.
pub(crate) const PAGE_FILE: &str = "report.html";

/// The page beside the record, how to see every figure, and the run before it to compare with: what
/// there is of these. `record` is where the run was read from or written to.
pub(crate) fn places(run: &RunV2, record: &Path, results: &Path) -> Vec<(String, String)> {
    let folder = record.parent().unwrap_or(Path::new("."));
    let mut places = Vec::new();
    let mut add = |title: &str, place: String| places.push((title.to_owned(), place));
    let page = folder.join(PAGE_FILE);
    if page.is_file() {
        add("page", page.display().to_string());
    }
    // By its id where that is looked for.
    let is_kept = record.starts_with(results);
    let elsewhere = match is_kept && results != Path::new(RESULTS) {
        true => format!(" --results {}", quoted(&results.display().to_string())),
        false => String::new(),
    };
    let name = match is_kept {
        true => run.id.clone(),
        false => quoted(&folder.display().to_string()),
    };
    add("all figures", format!("pushbench report {name}{elsewhere} --full"));
    if let Some(before) = before(folder, &run.id).filter(|_| is_kept) {
        add("compare", format!("pushbench compare {before} {name}{elsewhere}"));
    }
    places
}

/// The id of the run of the same scenario before this one, where both lie as runs are written:
/// `<scenario>/<time>-<id>`. Other folders beside it may be of anything.
fn before(folder: &Path, id: &str) -> Option<String> {
    let this = folder.file_name()?.to_str()?;
    this.strip_suffix(id)?.strip_suffix('-')?;
    let runs = std::fs::read_dir(folder.parent()?).ok()?;
    let is_run = |entry: &std::fs::DirEntry| entry.path().join(RECORD_FILE).is_file();
    let names = runs.flatten().filter(is_run).filter_map(|run| run.file_name().into_string().ok());
    let before = names.filter(|name| name.as_str() < this).max()?;
    // `<time>-<id>`; the time may have dashes too.
    before.rsplit_once('-').map(|(_, id)| id.to_owned())
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=-".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_that_is_named_as_runs_are_has_one_before_it() {
        let results = tempfile::tempdir().expect("a folder");
        for name in ["20261130T004456Z-79eab7", "20261130T004459Z-8k3mqa", "other"] {
            let folder = results.path().join(name);
            std::fs::create_dir(&folder).expect("a folder");
            std::fs::write(folder.join(RECORD_FILE), "").expect("a record");
        }
        let before = |name: &str, id| before(&results.path().join(name), id);
        assert_eq!(before("20261130T004459Z-8k3mqa", "8k3mqa").as_deref(), Some("79eab7"));
        assert_eq!(before("20261130T004456Z-79eab7", "79eab7"), None);
        assert_eq!(before("other", "8k3mqa"), None);
    }

    #[test]
    fn a_word_that_a_shell_would_take_apart_is_quoted() {
        for (word, expected) in [
            (
                "results/quickstart/20261130T004456Z-79eab7",
                "results/quickstart/20261130T004456Z-79eab7",
            ),
            ("my runs", "'my runs'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("~/x", "'~/x'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
