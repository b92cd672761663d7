//! From text to a tree, and from what is wrong in the tree back to lines of the text.

use std::path::Path;

use toml::de::DeTable;

use crate::complaint::{Complaint, Problems};
use crate::problem::{Location, Problem, Refused};
use crate::tree::{Place, Table, Value};

/// What a file was read from, for the places that messages name.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The file, as it was given.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
    /// What replaced settings of it on the command line, by [`Place::Set`].
    pub overrides: &'a [String],
    /// What was chosen of it on the command line, by [`Place::Only`].
    pub only: &'a [String],
}

impl Origin<'_> {
    /// What was read, if nothing is wrong with it.
    ///
    /// # Errors
    ///
    /// If there are problems, or nothing could be read.
    pub fn accept<T>(&self, read: Option<T>, problems: Problems) -> Result<T, Refused> {
        let (mut complaints, of_others) = problems.into_inner();
        complaints.sort_by_key(|complaint| complaint.place);
        match read {
            Some(read) if complaints.is_empty() && of_others.is_empty() => Ok(read),
            _ => {
                let located = complaints.into_iter().map(|one| self.located(one));
                Err(Refused { problems: located.chain(of_others).collect() })
            }
        }
    }

    fn located(&self, complaint: Complaint) -> Problem {
        let Complaint { place, key, found, expected, help } = complaint;
        let at = match place {
            Place::File(offset) => {
                let (line, column) = position(self.text, offset);
                Location::File { path: self.path.to_owned(), line, column }
            }
            Place::Set(index) => Location::Set(self.overrides[index].clone()),
            Place::Only(index) => Location::Only(self.only[index].clone()),
        };
        Problem { at, key, found, expected, help }
    }
}

/// The text as a tree; all of its syntax errors if it has any, and then nothing else, since what
/// is left of a broken text would only raise false alarms.
pub fn parse(text: &str, problems: &Problems) -> Option<Table> {
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

/// The line, from 1, in which a text has the key at this path, whichever way its tables are written;
/// `None` where it has no such key, or is no TOML.
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let (last, tables) = path.split_last()?;
    let mut table = parse(text, &Problems::default())?;
    for name in tables {
        table = match table.take(name)?.value {
            Value::Table(table) => table,
            Value::Text(_) | Value::Whole(..) | Value::Other(_) | Value::List(_) => return None,
        };
    }
    match table.entries().iter().find(|entry| entry.name == *last)?.place {
        Place::File(offset) => Some(position(text, offset).0),
        Place::Set(_) | Place::Only(_) => None,
    }
}

/// The longest file in bytes of those that nothing else bounds.
const MOST_BYTES: usize = 1 << 20;

/// Reads a file that refers to nothing else; `path` is what messages call it.
///
/// # Errors
///
/// If it is longer than 1 MiB, is no TOML, or anything is wrong with it; the error holds everything that is.
pub fn read_whole<T>(
    path: &Path,
    text: &str,
    read: impl FnOnce(&Table, &Problems) -> Option<T>,
) -> Result<T, Refused> {
    let problems = Problems::default();
    let origin = Origin { path, text, overrides: &[], only: &[] };
    if text.len() > MOST_BYTES {
        problems.add(Complaint {
            place: Place::File(0),
            key: String::new(),
            found: format!("a file of {} bytes", text.len()),
            expected: "at most 1 MiB".to_owned(),
            help: None,
        });
        return origin.accept(None, problems);
    }
    let found = parse(text, &problems).and_then(|root| read(&root, &problems));
    origin.accept(found, problems)
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

    #[test]
    fn a_key_is_found_whichever_way_its_table_is_written() {
        for (text, line) in [
            ("[a.b]\nx = 1\ny = 2\n", Some(3)),
            ("x = 1\n[a]\nb.x = 1\nb.y = 2\n", Some(4)),
            ("y = 1\na.b = { x = 1, y = 2 }\n", Some(2)),
            ("[a]\ny = 2\n\n[[a.b.y]]\nz = 1\n", Some(4)),
            ("[a.b]\ntext = \"\"\"\ny = 2\n\"\"\"\n", None),
            ("[a]\nb = 1\ny = 2\n", None),
            ("[a.b]\ny = \n", None),
        ] {
            assert_eq!(line_of(text, &["a", "b", "y"]), line, "{text}");
        }
        assert_eq!(line_of("x = 1\n", &[]), None);
    }
}
