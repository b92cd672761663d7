//! `--set`: settings that replace the file's.

use toml::de::DeValue;

use pushbench_toml::{Complaint, Node, Place, Problems, Table, Value, closest};

use crate::transport_file::transport_label;

/// Puts every `key=value` into the tree. Keys that no scenario has are put there too: whoever reads
/// the tree refuses them, as it does in the file.
pub(crate) fn apply(root: &mut Table, overrides: &[String], problems: &Problems) {
    for (index, text) in overrides.iter().enumerate() {
        if let Err(complaint) = set(root, text, Place::Set(index)) {
            problems.add(complaint);
        }
    }
}

fn set(root: &mut Table, text: &str, place: Place) -> Result<(), Complaint> {
    let refuse =
        || complaint(place, "", "no setting", "`key=value`, as in `workload.clients=2000`");
    let (key, value) = text.split_once('=').ok_or_else(refuse)?;
    let path: Vec<_> = key.trim().split('.').map(str::trim).collect();
    if path.contains(&"") {
        return Err(refuse());
    }
    put(root, &path, Node { place, value: value_of(value.trim(), place) })
}

/// Puts a value at a path into the tree; `transport.<label>.<option>` finds the transport by its
/// label.
pub(crate) fn put(root: &mut Table, path: &[&str], node: Node) -> Result<(), Complaint> {
    let place = node.place;
    let key = path.join(".");
    let put = |table: &mut Table, path: &[&str]| {
        table.set(path, node.clone()).map_err(|depth| {
            let holder = path[..depth].join(".");
            complaint(place, &key, "unknown", &format!("a key of a table; `{holder}` is none"))
        })
    };
    match path {
        ["expect", ..] => Err(complaint(
            place,
            &key,
            "on the command line or swept",
            "expectations in the file only",
        )),
        ["transport", label, below @ ..] if !below.is_empty() => match transport(root, label) {
            Ok(table) => put(table, below),
            Err(labels) => {
                let key = format!("transport.{label}");
                let close = closest(label, labels.iter().map(String::as_str));
                let help = close.map(|close| format!("did you mean `transport.{close}`?"));
                let expected = format!("one of {}", labels.join(", "));
                Err(Complaint { help, ..complaint(place, &key, "unknown", &expected) })
            }
        },
        // A new table would be a server that the file does not have.
        ["server", name, below @ ..] if !below.is_empty() => match servers(root) {
            names if names.iter().any(|known| known == name) => put(root, path),
            names => {
                let key = format!("server.{name}");
                let close = closest(name, names.iter().map(String::as_str));
                let help = close.map(|close| format!("did you mean `server.{close}`?"));
                let expected = match names.is_empty() {
                    true => "a server that the file describes; there is none".to_owned(),
                    false => format!("one of {}", names.join(", ")),
                };
                Err(Complaint { help, ..complaint(place, &key, "unknown", &expected) })
            }
        },
        path => put(root, path),
    }
}

/// The names of the tables below `[server]`.
fn servers(root: &Table) -> Vec<String> {
    let Some(Node { value: Value::Table(table), .. }) = root.node("server") else {
        return Vec::new();
    };
    let tables = table.entries().iter().filter(|entry| matches!(entry.node.value, Value::Table(_)));
    tables.map(|entry| entry.name.clone()).collect()
}

fn complaint(place: Place, key: &str, found: &str, expected: &str) -> Complaint {
    Complaint {
        place,
        key: key.to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
        help: None,
    }
}

/// The value of the text: TOML if it is some, else the bare word.
fn value_of(text: &str, place: Place) -> Value {
    match DeValue::parse(text) {
        Ok(value) => Value::from_toml(value.get_ref(), &|_| place),
        Err(_) => Value::Text(text.to_owned()),
    }
}

/// The table of the transport of that label, or the labels there are.
fn transport<'t>(root: &'t mut Table, label: &str) -> Result<&'t mut Table, Vec<String>> {
    let Some(Node { value: Value::List(nodes), .. }) = root.node_mut("transport") else {
        return Err(Vec::new());
    };
    let label_of = |node: &Node| match &node.value {
        Value::Table(table) => transport_label(table),
        _ => None,
    };
    let labels: Vec<_> = nodes.iter().filter_map(label_of).collect();
    nodes
        .iter_mut()
        .find(|node| label_of(node).as_deref() == Some(label))
        .and_then(|node| match &mut node.value {
            Value::Table(table) => Some(table),
            _ => None,
        })
        .ok_or(labels)
}
