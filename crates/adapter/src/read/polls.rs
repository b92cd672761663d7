//! What only polls have: a place that they carry on, and responses that have nothing new.

use pushbench_toml::kind::{Mismatch, whole};
use pushbench_toml::{Reader, Value};

use crate::adapter::{Carried, Empty};
use crate::read::matches::{nodes, one_match, value};
use crate::read::places::place;
use crate::read::scope::Scope;
use crate::read::steps::{may_be_named, named};

/// Status codes that have no body to have something new in.
const EMPTY: [u16; 2] = [204, 304];

/// `carry`: values of each response that the next poll sends.
pub(crate) fn carried(table: &mut Reader<'_>, scope: &mut Scope) -> Option<Vec<Carried>> {
    let problems = table.problems();
    let mut all = Some(Vec::new());
    for entry in named(table, "carry") {
        let found = place(entry.node, &entry.key, scope, problems);
        let is_free = may_be_named(entry.name, entry.node, &entry.key, scope, problems);
        match (found, is_free, all.as_mut()) {
            (Some((place, first)), true, Some(all)) => {
                all.push(Carried { name: entry.name.to_owned(), place, first });
            }
            _ => all = None,
        }
    }
    all.inspect(|all| all.iter().for_each(|carried| scope.add(&carried.name)))
}

/// `empty`: status codes and what a body is like, one or a list of them. Without a status code those
/// that HTTP has for it count too.
pub(crate) fn empty(table: &mut Reader<'_>, name: &'static str, scope: &Scope) -> Option<Empty> {
    let problems = table.problems();
    let (mut all, mut is_right) = (Empty::default(), true);
    for (key, node) in nodes(table, name) {
        match &node.value {
            Value::Table(_) => match one_match(node, &key, scope, problems) {
                Some(body) => all.body.push(body),
                None => is_right = false,
            },
            _ => match value(node, &key, problems, status) {
                Some(code) => all.status.push(code),
                None => is_right = false,
            },
        }
    }
    if all.status.is_empty() {
        all.status.extend(EMPTY);
    }
    is_right.then_some(all)
}

fn status(value: &Value) -> Result<u16, Mismatch> {
    let code = whole(200..=599)(value).map_err(|Mismatch { expected, .. }| {
        let like = "or what the body is like, as in `{ where = { \"/items\" = \"[]\" } }`";
        Mismatch::new(format!("{expected}, {like}"))
    })?;
    Ok(u16::try_from(code).expect("the range is one of u16"))
}
