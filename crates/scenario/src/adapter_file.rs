//! `adapter` and `settings` of `[server.NAME]` as written: how a server is spoken to.

use std::path::Path;

use pushbench_adapter::{Adapter, SHIPPED, Shipped, read, read_within};
use pushbench_toml::kind::Mismatch;
use pushbench_toml::{Node, Problems, Read, Reader, Table, Value, closest};

use crate::beside::Beside;

/// The adapter, what the scenario calls it, and the settings as they were written.
type Spoken = (Adapter, String, Vec<(String, String)>);

/// Reads the adapter that the table names, or that stands in it.
pub(crate) fn adapter(
    table: &mut Reader<'_>,
    written: &Table,
    beside: Beside<'_>,
) -> Option<Spoken> {
    let problems = table.problems();
    if written.node("adapter").is_none() {
        // Its own keys stand here, or it was forgotten.
        table.has_too("adapter");
        if written.node("transport").is_none() {
            let expected = format!(
                "{EXPECTED}; or `[{}.KIND]`, which says how it is spoken to",
                table.key("transport")
            );
            table.complain("adapter", table.place(), "missing", expected, None);
            for name in ADAPTER_KEYS {
                table.has_too(name);
            }
            return None;
        }
        let adapter = read_within(table)?;
        let settings = settings(written).map(|(name, node)| (name.to_owned(), shown(&node.value)));
        return Some((adapter, "inline".to_owned(), settings.collect()));
    }
    let found: Read<(Option<Adapter>, String)> =
        table.required("adapter", |value| named(value, beside, problems));
    for name in ADAPTER_KEYS.into_iter().filter(|name| *name != "settings") {
        table.refuse_key(
            name,
            "nothing: `adapter` says it; without `adapter` the keys of one stand here",
        );
    }
    table.has_too("settings");
    let (adapter, adapter_name) = found?.value;
    let mut adapter = adapter?;
    if let Some(node) =
        written.node("settings").filter(|node| !matches!(node.value, Value::Table(_)))
    {
        let expected = "a table of the adapter's settings".to_owned();
        table.complain("settings", node.place, &node.value.show(), expected, None);
        return None;
    }
    let mut is_right = true;
    let mut all = Vec::new();
    for (name, node) in settings(written) {
        if let Err(Mismatch { expected, help }) = adapter.set(name, &node.value) {
            let key = format!("settings.{name}");
            table.complain(&key, node.place, &node.value.show(), expected, help);
            is_right = false;
        }
        all.push((name.to_owned(), shown(&node.value)));
    }
    is_right.then_some((adapter, adapter_name, all))
}

/// Keys of an adapter that stand in the table of a server that has none.
const ADAPTER_KEYS: [&str; 5] = ["about", "documents", "settings", "publish", "transport"];

fn settings(written: &Table) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match written.node("settings").map(|node| &node.value) {
        Some(Value::Table(table)) => table.entries(),
        _ => &[],
    };
    entries.iter().map(|entry| (entry.name.as_str(), &entry.node))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Whole(text, _) | Value::Other(text) => text.clone(),
        Value::List(_) | Value::Table(_) => value.show(),
    }
}

/// An adapter that ships, or one of a file beside the scenario, whose problems are noted where they
/// are; then there is none.
fn named(
    value: &Value,
    beside: Beside<'_>,
    problems: &Problems,
) -> Result<(Option<Adapter>, String), Mismatch> {
    let Value::Text(name) = value else { return Err(Mismatch::new(EXPECTED)) };
    let found = match Shipped::named(name) {
        Some(shipped) => read(Path::new(shipped.name), shipped.text),
        None if name.contains('/') || name.ends_with(".toml") => {
            let text = String::from_utf8(beside.bytes(name)?).map_err(|error| {
                let at = error.utf8_error().valid_up_to() + 1;
                Mismatch::new("an adapter, which is UTF-8 text").help(format!("byte {at} is none"))
            })?;
            read(&beside.path(name), &text)
        }
        None => {
            let close = closest(name, SHIPPED.iter().map(|shipped| shipped.name));
            let mismatch = Mismatch::new(EXPECTED);
            return Err(match close {
                Some(close) => mismatch.help(format!("did you mean \"{close}\"?")),
                None => mismatch,
            });
        }
    };
    let adapter = found.map_err(|refused| problems.add_of_another(refused)).ok();
    Ok((adapter, name.clone()))
}

const EXPECTED: &str = "the name of an adapter that ships (`pushbench adapters` lists them), or the path \
                        of a `.toml` file";
