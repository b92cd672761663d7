//! `[sweep]`: one to three settings varied, every combination a cell of its own.
//!
//! A cell is the scenario with the swept settings replaced, read and checked as if the file said so.
//! So whatever can be set can be swept, and a cell that cannot run is refused before the first one
//! starts.

use std::collections::BTreeMap;

use pushbench_toml::{Complaint, Node, Place, Problems, Table, Value};

use crate::overrides::put;

/// Tables of a scenario; a key of `[sweep]` that names none of them is one of `[workload]`.
const TABLES: [&str; 7] =
    ["workload", "headers", "network", "server", "load", "transport", "question"];
const MOST_AXES: usize = 3;
const MOST_CELLS: usize = 64;

/// A setting and the values it takes.
#[derive(Debug)]
struct Axis {
    path: Vec<String>,
    place: Place,
    values: Vec<Node>,
}

/// The swept settings of one cell, by dotted name, as written.
pub(crate) type Settings = BTreeMap<String, String>;

/// Takes `[sweep]` out of the tree and gives the tree of each cell, in the order of the file; empty
/// if nothing is swept.
pub(crate) fn cells(root: &mut Table, problems: &Problems) -> Vec<(Settings, Table)> {
    let Some(node) = root.take("sweep") else { return Vec::new() };
    let place = node.place;
    let has_find = root.node("find").is_some();
    let refuse = |found: &str, expected: &str| {
        problems.add(Complaint {
            place,
            key: "sweep".to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
            help: None,
        });
        Vec::new()
    };
    if has_find {
        return refuse("beside `[find]`", "either `[sweep]` or `[find]`");
    }
    let Value::Table(table) = node.value else {
        return refuse("no table", "a table of settings, as in clients = [100, 1_000]");
    };
    let mut axes = Vec::new();
    collect(&table, &mut Vec::new(), &mut axes, problems);
    if axes.is_empty() || axes.len() > MOST_AXES {
        return refuse(&format!("{} settings", axes.len()), "one to three settings, each a list");
    }
    let count: usize = axes.iter().map(|axis| axis.values.len()).product();
    if count > MOST_CELLS {
        return refuse(&format!("{count} combinations"), &format!("at most {MOST_CELLS}"));
    }
    let mut cells = vec![(Settings::new(), root.clone())];
    for axis in &axes {
        let path: Vec<&str> = axis.path.iter().map(String::as_str).collect();
        let name = path.join(".");
        cells = cells
            .into_iter()
            .flat_map(|cell| axis.values.iter().map(move |value| (cell.clone(), value)))
            .map(|((mut settings, mut tree), value)| {
                settings.insert(name.clone(), plain(&value.value));
                for (path, value) in named(&path, value) {
                    if let Err(complaint) = put(&mut tree, &path, value) {
                        problems.add(Complaint { place: axis.place, ..complaint });
                    }
                }
                (settings, tree)
            })
            .collect();
    }
    cells
}

/// What a value of an axis sets: for a whole table of the scenario, only what it names.
fn named<'a>(path: &[&'a str], value: &'a Node) -> Vec<(Vec<&'a str>, Node)> {
    match (&value.value, path) {
        (Value::Table(table), [section]) => {
            let entries = table.entries().iter();
            entries.map(|entry| (vec![*section, &entry.name], entry.node.clone())).collect()
        }
        _ => vec![(path.to_vec(), value.clone())],
    }
}

/// Finds the lists below a table: dotted keys are tables in tables.
fn collect(table: &Table, path: &mut Vec<String>, axes: &mut Vec<Axis>, problems: &Problems) {
    for entry in table.entries() {
        let depth = path.len();
        path.extend(entry.name.split('.').map(str::to_owned));
        match &entry.node.value {
            Value::Table(below) => collect(below, path, axes, problems),
            Value::List(_) if path[0] == "pin" => problems.add(Complaint {
                place: entry.place,
                key: "pin".to_owned(),
                found: "swept".to_owned(),
                expected: "one value for all trials of a run".to_owned(),
                help: Some("play the scenario once with each, by `--pin`".to_owned()),
            }),
            Value::List(values) if values.len() >= 2 => {
                let mut path = path.clone();
                if !TABLES.contains(&path[0].as_str()) {
                    path.insert(0, "workload".to_owned());
                }
                axes.push(Axis { path, place: entry.place, values: values.clone() });
            }
            other => problems.add(Complaint {
                place: entry.place,
                key: format!("sweep.{}", path.join(".")),
                found: other.show(),
                expected: "a list of at least two values, as in [100, 1_000]".to_owned(),
                help: None,
            }),
        }
        path.truncate(depth);
    }
}

/// A value as a reader of the report wants it: without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Whole(text, _) | Value::Other(text) => text.clone(),
        Value::List(_) => value.show(),
        Value::Table(table) => {
            let pairs = table.entries().iter();
            let pairs = pairs.map(|entry| format!("{} {}", entry.name, plain(&entry.node.value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}
