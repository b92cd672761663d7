//! Reads a scenario from disk or from the program, and keeps every file that it refers to.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use pushbench_runner::machine;
use pushbench_scenario::{Limit, MissingVariables, Refused, Scenario, Source, limits, needs, read};
use pushbench_store::FileV1;

use crate::bounded::{read_beside, read_text};
use crate::shipped::Shipped;

/// A scenario file as read.
pub(crate) struct Read {
    /// Where it was, or would be if it were a file: other files are looked for beside it.
    pub(crate) path: PathBuf,
    /// The text as written.
    pub(crate) text: String,
    /// The files that it refers to, each once, for the record.
    pub(crate) files: Vec<FileV1>,
    /// The scenario, or everything that is wrong with it.
    pub(crate) scenario: Result<Scenario, Refused>,
}

/// Reads and checks a scenario: a file, or one of the program by its name.
pub(crate) fn read_scenario(
    path: &Path,
    overrides: &[String],
    only: &[String],
) -> anyhow::Result<Read> {
    match find(path)? {
        Found::File(path) => {
            let text = read_text(&path)
                .with_context(|| format!("cannot read the scenario {}", path.display()))?;
            Ok(read_with(path, text, overrides, only, &read_beside))
        }
        Found::Shipped(shipped) => Ok(read_shipped(shipped, overrides, only)),
    }
}

/// Reads and checks a scenario of the program.
pub(crate) fn read_shipped(shipped: Shipped, overrides: &[String], only: &[String]) -> Read {
    let beside = |file: &Path| {
        let bytes = shipped.beside(file).map(<[u8]>::to_vec);
        bytes.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is not in the program"))
    };
    read_with(shipped.path(), shipped.text.to_owned(), overrides, only, &beside)
}

/// Where a scenario is.
#[derive(Debug, PartialEq)]
enum Found {
    File(PathBuf),
    Shipped(Shipped),
}

/// A file comes before what is in the program, also one whose `.toml` was left out. A folder is none:
/// that of a scenario's records may have its name.
fn find(path: &Path) -> anyhow::Result<Found> {
    let is_readable = |path: &Path| path.exists() && !path.is_dir();
    if is_readable(path) {
        return Ok(Found::File(path.to_owned()));
    }
    let name = path.to_str().unwrap_or_default();
    let with_ending = PathBuf::from(format!("{name}.toml"));
    if is_readable(&with_ending) {
        return Ok(Found::File(with_ending));
    }
    if let Some(shipped) = Shipped::named(name) {
        return Ok(Found::Shipped(shipped));
    }
    // What is there and cannot be read says so itself.
    if path.symlink_metadata().is_ok() {
        return Ok(Found::File(path.to_owned()));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let remedy = match (Shipped::named(stem), Shipped::closest(name)) {
        (Some(shipped), _) => {
            format!("`{}` without folder and ending is one of this program", shipped.name)
        }
        (None, Some(close)) => format!("did you mean `{close}`, which is one of this program?"),
        (None, None) => "`pushbench scenarios` lists those of this program".to_owned(),
    };
    Err(anyhow!("cannot read the scenario {}: there is no such file; {remedy}", path.display()))
}

fn read_with(
    path: PathBuf,
    text: String,
    overrides: &[String],
    only: &[String],
    beside: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Read {
    let files: RefCell<Vec<FileV1>> = RefCell::default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let read_file = |file: &Path| {
        let bytes = beside(file)?;
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        let mut files = files.borrow_mut();
        // Each cell of a sweep asks for its files again.
        if !files.iter().any(|known| known.path == name) {
            files.push(FileV1::of(name, &bytes));
        }
        Ok(bytes)
    };
    let source = Source { path: &path, text: &text, overrides, only, read_file: &read_file };
    let scenario = read(&source);
    Read { files: files.into_inner(), path, text, scenario }
}

/// What servers of a scenario need of the environment and do not find there, a line for each.
pub(crate) fn missing_variables(scenario: &Scenario) -> Vec<MissingVariables> {
    scenario.missing_variables(&|name| std::env::var(name).is_ok())
}

/// The limit of this machine that is too small for a scenario, or for one of its cells, whose server
/// is not of this machine's loopback.
pub(crate) fn limit_beyond_loopback(scenario: &Scenario) -> Option<Limit> {
    let machine = machine();
    let limit = |cell: &Scenario| pushbench_scenario::limit_beyond_loopback(cell, &machine);
    scenario.with_cells().find_map(limit)
}

/// The limits of this machine that are too small for a scenario, or for one of its cells: each once, as
/// the cell that needs most of it. Of a search it is the first step.
pub(crate) fn limits_of_this_machine(scenario: &Scenario) -> Vec<Limit> {
    let machine = machine();
    let mut found: Vec<Limit> = Vec::new();
    for scenario in scenario.with_cells() {
        let over_link = pushbench_scenario::limit_over_link(scenario, &machine);
        for limit in limits(&needs(scenario, &machine), &machine).into_iter().chain(over_link) {
            match found.iter_mut().find(|known| known.what == limit.what) {
                Some(known) if known.need < limit.need => *known = limit,
                Some(_) => {}
                None => found.push(limit),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_program_is_read_from_the_program_alone() {
        for shipped in Shipped::all() {
            let read = read_shipped(shipped, &[], &[]);
            let scenario = read.scenario.unwrap_or_else(|refused| panic!("{refused}"));
            let last = shipped.name.rsplit('/').next().expect("a name");
            assert_eq!(scenario.name, last);
            let is_started = scenario.servers().iter().any(|server| server.start.is_some());
            let is_of_servers = shipped.is_of_servers() || ["idle", "servers"].contains(&last);
            assert_eq!(is_of_servers, is_started, "{last}");
        }
    }

    #[test]
    fn a_name_is_a_file_then_a_file_without_its_ending_then_one_of_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let quickstart = Shipped::named("quickstart").expect("it ships");
        assert_eq!(find(Path::new("quickstart")).ok(), Some(Found::Shipped(quickstart)));
        std::fs::write(path("mine.toml"), "").expect("it can be");
        assert_eq!(find(&path("mine")).ok(), Some(Found::File(path("mine.toml"))));
        std::fs::write(path("mine"), "").expect("it can be");
        assert_eq!(find(&path("mine")).ok(), Some(Found::File(path("mine"))));
        for (name, expected) in [
            ("nowhere/quickstart.toml", "`quickstart` without folder and ending is one of"),
            ("quickstrat", "did you mean `quickstart`, which is one of this program?"),
            ("nothing-like-it.toml", "`pushbench scenarios` lists"),
        ] {
            let told = find(Path::new(name)).expect_err(name).to_string();
            assert!(told.contains("there is no such file; "), "{told}");
            assert!(told.contains(expected), "{told}");
        }
    }
}
