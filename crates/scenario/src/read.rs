//! From text to a checked scenario.

use std::fmt;
use std::io;
use std::path::Path;

use pushbench_toml::{Origin, Problems, Refused, Table, parse};

use crate::beside::Beside;
use crate::check::check;
use crate::file::ScenarioFile;
use crate::overrides;
use crate::sweep;
use crate::{Cell, Scenario};

/// What a scenario is read from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The scenario file: named in messages, gives the scenario its name, and other files are
    /// looked for beside it.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
    /// Settings that replace the file's: `workload.clients=2000`,
    /// `transport.short-poll.interval=2s`.
    pub overrides: &'a [String],
    /// Labels of the transports to keep; empty keeps all.
    pub only: &'a [String],
    /// Reads the payload and header files that the scenario names.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("overrides", &self.overrides)
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}

/// Reads and checks a scenario.
///
/// The whole file is read, transports that `only` leaves out included. Whether a transport goes with
/// the rest of the scenario is asked only of those that are kept.
///
/// # Errors
///
/// If anything is wrong with it; the error holds everything that is.
pub fn read(source: &Source<'_>) -> Result<Scenario, Refused> {
    let problems = Problems::default();
    let scenario = parse(source.text, &problems).and_then(|mut root| {
        overrides::apply(&mut root, source.overrides, &problems);
        let cells = sweep::cells(&mut root, &problems);
        // Without a sweep the file itself is the one scenario; with one the first cell stands for
        // all wherever something is asked that no cell changes.
        if cells.is_empty() {
            return read_tree(&root, source, &problems);
        }
        // All cells are read before one is given up, so all that is wrong is told, and once.
        let read = cells.into_iter().map(|(settings, tree)| {
            let own = Problems::default();
            let scenario = read_tree(&tree, source, &own);
            problems.add_new(own);
            scenario.map(|scenario| Cell { settings, scenario })
        });
        let read: Vec<_> = read.collect();
        let cells = read.into_iter().collect::<Option<Vec<_>>>()?;
        let first = cells.first()?.scenario.clone();
        Some(Scenario { cells, ..first })
    });
    let &Source { path, text, overrides, only, .. } = source;
    Origin { path, text, overrides, only }.accept(scenario, problems)
}

fn read_tree(root: &Table, source: &Source<'_>, problems: &Problems) -> Option<Scenario> {
    let beside = Beside { scenario: source.path, read_file: source.read_file };
    let file = ScenarioFile::read(root, beside, problems);
    check(file, name(source.path), source.only, problems)
}

fn name(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
