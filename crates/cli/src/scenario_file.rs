//! Reads a scenario from disk, and keeps every file that it refers to.

use std::cell::RefCell;
use std::path::Path;

use anyhow::Context;
use pushbench_runner::machine;
use pushbench_scenario::{Limit, MissingVariables, Refused, Scenario, Source, limits, needs, read};
use pushbench_store::FileV1;

use crate::bounded::{read_beside, read_text};

/// A scenario file as read.
pub(crate) struct Read {
    /// The text as written.
    pub(crate) text: String,
    /// The files that it refers to, each once, for the record.
    pub(crate) files: Vec<FileV1>,
    /// The scenario, or everything that is wrong with it.
    pub(crate) scenario: Result<Scenario, Refused>,
}

/// Reads and checks a scenario.
pub(crate) fn read_scenario(
    path: &Path,
    overrides: &[String],
    only: &[String],
) -> anyhow::Result<Read> {
    let text =
        read_text(path).with_context(|| format!("cannot read the scenario {}", path.display()))?;
    let files: RefCell<Vec<FileV1>> = RefCell::default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let read_file = |file: &Path| {
        let bytes = read_beside(file)?;
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        let mut files = files.borrow_mut();
        // Each cell of a sweep asks for its files again.
        if !files.iter().any(|known| known.path == name) {
            files.push(FileV1::of(name, &bytes));
        }
        Ok(bytes)
    };
    let scenario = read(&Source { path, text: &text, overrides, only, read_file: &read_file });
    Ok(Read { text, files: files.into_inner(), scenario })
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
        for limit in limits(&needs(scenario, &machine), &machine) {
            match found.iter_mut().find(|known| known.what == limit.what) {
                Some(known) if known.need < limit.need => *known = limit,
                Some(_) => {}
                None => found.push(limit),
            }
        }
    }
    found
}
