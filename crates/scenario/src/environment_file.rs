//! `env` of `[server.NAME]` as written: variables of the environment of what `start` starts.

use pushbench_toml::kind::Mismatch;
use pushbench_toml::{Entry, Reader, Value};

use crate::beside::Beside;
use crate::holes::{is_variable, variable};
use crate::start_holes::holes_are_known;

/// The most variables.
const MOST: usize = 256;
/// What to do where a hole is unknown and close to none.
const HELP: &str = "a variable of the caller's environment is written `${env:NAME}`";
/// What begins the names of our own variables.
const OURS: &str = "PUSHBENCH_";

/// The variables in the order in which they are written; none where there is no `env`.
pub(crate) fn environment(
    table: &mut Reader<'_>,
    beside: Beside<'_>,
) -> Option<Vec<(String, String)>> {
    let Some(node) = table.node("env") else { return Some(Vec::new()) };
    let written = match &node.value {
        Value::Table(written) if written.entries().len() <= MOST => written.entries(),
        _ => {
            let expected = "a table as in `{ NODE_PATH = \"${here}/node_modules\" }`".to_owned();
            table.complain("env", node.place, &node.value.show(), expected, None);
            return None;
        }
    };
    let one = |Entry { name, node, .. }: &Entry| match set(name, &node.value, beside) {
        Ok(value) => Some((name.clone(), value)),
        Err(Mismatch { expected, help }) => {
            table.complain(&format!("env.{name}"), node.place, &node.value.show(), expected, help);
            None
        }
    };
    // All are read before one is given up, so that all that is wrong is told.
    let all: Vec<_> = written.iter().map(one).collect();
    all.into_iter().collect()
}

fn set(name: &str, value: &Value, beside: Beside<'_>) -> Result<String, Mismatch> {
    if !is_variable(name) || name.starts_with(OURS) {
        return Err(Mismatch::new(format!(
            "a variable's name: letters, digits and `_`, not a digit first, nor {OURS}"
        )));
    }
    match value {
        Value::Text(text) if !text.contains('\0') => {
            holes_are_known(text, beside, &|name| variable(name).is_some(), HELP)?;
            Ok(text.clone())
        }
        _ => Err(Mismatch::new("a text, which may have the holes of `start` and `${env:NAME}`")),
    }
}
