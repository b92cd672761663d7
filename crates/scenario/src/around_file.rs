//! `setup`, `cleanup` and `cool_down` as written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pushbench_toml::kind::{Mismatch, duration};
use pushbench_toml::{Node, Read, Reader, Value};

use crate::around::Around;
use crate::beside::Beside;
use crate::quantity::minutes;

/// The most words of a command.
const MOST: usize = 256;

/// What is done around each trial, as written.
#[derive(Debug)]
pub(crate) struct AroundFile {
    setup: Read<Option<Vec<String>>>,
    cleanup: Read<Option<Vec<String>>>,
    cool_down: Read<Option<Duration>>,
    here: Option<PathBuf>,
}

impl AroundFile {
    pub(crate) fn read(root: &mut Reader<'_>, beside: Beside<'_>) -> Self {
        Self {
            setup: root.optional("setup", command),
            cleanup: root.optional("cleanup", command),
            cool_down: root.optional("cool_down", duration(Duration::ZERO..=minutes(10))),
            here: beside.folder().map(Path::to_owned),
        }
    }

    pub(crate) fn resolve(self) -> Option<Around> {
        Some(Around {
            setup: self.setup?.value,
            cleanup: self.cleanup?.value,
            cool_down: self.cool_down?.value.unwrap_or_default(),
            here: self.here,
        })
    }
}

fn command(value: &Value) -> Result<Vec<String>, Mismatch> {
    let expected = || {
        Mismatch::new(
            "a list of the program and its arguments, as in [\"redis-cli\", \"flushall\"]",
        )
        .help("no shell reads it; one that should is [\"sh\", \"-c\", \"...\"]")
    };
    let Value::List(list) = value else { return Err(expected()) };
    let word = |node: &Node| match &node.value {
        Value::Text(text) if !text.contains('\0') => Ok(text.clone()),
        _ => Err(expected()),
    };
    let words = list.iter().map(word).collect::<Result<Vec<_>, _>>()?;
    let names_a_program = words.first().is_some_and(|program| !program.trim().is_empty());
    if names_a_program && words.len() <= MOST { Ok(words) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Value {
        let node =
            |word: &&str| Node { value: (*word).into(), place: pushbench_toml::Place::File(0) };
        Value::List(words.iter().map(node).collect())
    }

    #[test]
    fn a_command_is_a_list_that_names_a_program_and_no_line_for_a_shell() {
        assert_eq!(command(&list(&["true"])), Ok(vec!["true".to_owned()]));
        for wrong in ["redis-cli flushall".into(), list(&[]), list(&[" ", "x"]), list(&["a\0b"])] {
            let refused = command(&wrong).expect_err("it is none");
            assert!(refused.expected.contains("a list of the program"), "{wrong:?}");
            assert!(refused.help.is_some_and(|help| help.contains("\"sh\", \"-c\"")), "{wrong:?}");
        }
    }
}
