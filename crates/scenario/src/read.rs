//! From text to a checked scenario.

use std::fmt;
use std::io;
use std::path::Path;

use toml::de::DeTable;

use crate::beside::Beside;
use crate::check::check;
use crate::complaint::{Complaint, Problems};
use crate::file::ScenarioFile;
use crate::overrides;
use crate::sweep;
use crate::tree::{Place, Table};
use crate::{Cell, Location, Problem, Refused, Scenario};

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
    let mut complaints = problems.into_inner();
    complaints.sort_by_key(|complaint| complaint.place);
    match scenario {
        Some(scenario) if complaints.is_empty() => Ok(scenario),
        _ => Err(Refused {
            problems: complaints.into_iter().map(|complaint| located(complaint, source)).collect(),
        }),
    }
}

fn read_tree(root: &Table, source: &Source<'_>, problems: &Problems) -> Option<Scenario> {
    let beside = Beside { scenario: source.path, read_file: source.read_file };
    let file = ScenarioFile::read(root, beside, problems);
    check(file, name(source.path), source.only, problems)
}

/// The text as a tree; all of its syntax errors if it has any, and then nothing else, since what
/// is left of a broken text would only raise false alarms.
fn parse(text: &str, problems: &Problems) -> Option<Table> {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let message = error.message();
        let (found, expected) = match message.split_once(", expected ") {
            Some((found, expected)) => (found, expected),
            None => (message, "valid TOML"),
        };
        problems.add(Complaint {
            place: Place::File(error.span().map_or(0, |span| span.start)),
            key: String::new(),
            found: found.to_owned(),
            expected: expected.to_owned(),
            help: None,
        });
    }
    errors.is_empty().then(|| Table::from_toml(root.get_ref(), &Place::File))
}

fn name(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn located(complaint: Complaint, source: &Source<'_>) -> Problem {
    let Complaint { place, key, found, expected, help } = complaint;
    let at = match place {
        Place::File(offset) => {
            let (line, column) = position(source.text, offset);
            Location::File { path: source.path.to_owned(), line, column }
        }
        Place::Set(index) => Location::Set(source.overrides[index].clone()),
        Place::Only(index) => Location::Only(source.only[index].clone()),
    };
    Problem { at, key, found, expected, help }
}

/// Line and column in characters, both from 1, of a byte of the text.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_not_bytes() {
        assert_eq!(position("ab", 1), (1, 2));
        assert_eq!(position("é = 1\nßü", "é = 1\nß".len()), (2, 2));
        assert_eq!(position("a\n", 2), (2, 1));
        assert_eq!(position("", 9), (1, 1));
    }
}
