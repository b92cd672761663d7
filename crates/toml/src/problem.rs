//! Why a file was refused: every problem, each with its place.

use std::fmt;
use std::path::PathBuf;

/// A file that cannot be used, with all that is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct Refused {
    /// What is wrong, in the order of the file, then of the command line; never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Where.
    pub at: Location,
    /// The dotted key; empty if the text is no TOML.
    pub key: String,
    /// What was found there.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// What to do, where that can be guessed.
    pub help: Option<String>,
}

/// Where a problem is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Location {
    /// In the file.
    File {
        /// The file, as it was given.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// In `--set`, with its text.
    Set(String),
    /// In `--only`, with its text.
    Only(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Set(text) => write!(f, "--set {text}"),
            Self::Only(text) => write!(f, "--only {text}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, key, found, expected, help } = self;
        let is = if key.is_empty() { "" } else { " is " };
        write!(f, "{at}: {key}{is}{found}, expected {expected}")?;
        match help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
