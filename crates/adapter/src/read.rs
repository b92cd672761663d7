//! From text to a checked adapter, or to everything that is wrong with it.

mod identity;
mod matches;
mod polls;
mod publish;
mod requests;
mod scope;
mod steps;
mod transport;

use std::path::Path;
use std::sync::Arc;

use pushbench_toml::kind::{Mismatch, text as line};
use pushbench_toml::{Complaint, Origin, Place, Problems, Reader, Refused, Table, Value, parse};

use crate::adapter::{Adapter, Transport};
use crate::read::matches::{complain, value};
use crate::read::publish::{Published, publish};
use crate::read::scope::Scope;
use crate::read::steps::{may_be_named, named};
use crate::read::transport::{kind, kinds, transport};
use crate::values::Setting;

/// The longest file in bytes.
const MOST_BYTES: usize = 1 << 20;
/// The most settings: each may use all before it.
const MOST_SETTINGS: usize = 64;

/// Reads and checks an adapter; `path` is what messages call the file.
///
/// # Errors
///
/// If anything is wrong with it; the error holds everything that is.
pub fn read(path: &Path, text: &str) -> Result<Adapter, Refused> {
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
    let adapter = parse(text, &problems).and_then(|root| adapter(&root, &problems));
    origin.accept(adapter, problems)
}

fn adapter(root: &Table, problems: &Problems) -> Option<Adapter> {
    let mut root = Reader::new("", Place::File(0), Some(root), problems);
    let about = root.required("about", line("one line that says what the server is"));
    let documents = root.required("documents", line("where its protocol is documented"));
    let tested = root.optional("tested", line("the server and the version that it was run with"));
    let mut scope = Scope::new();
    let settings = settings(&mut root, &mut scope);
    let key = root.key("publish");
    let node = root.node("publish");
    let publish = node.and_then(|node| publish(node, &key, &root, &scope));
    let published = match (node, &publish) {
        (None, _) => Published::Nothing,
        (Some(_), None) => Published::Refused,
        (Some(_), Some(publish)) => Published::So(publish),
    };
    let transports = transports(&mut root, |table, kind| transport(table, kind, &scope, published));
    root.finish();
    if let Published::Refused = published {
        return None;
    }
    Some(Adapter {
        about: about?.value,
        documents: documents?.value,
        tested: tested?.value,
        settings: settings?.into(),
        transports: transports?,
    })
}

fn settings(root: &mut Reader<'_>, scope: &mut Scope) -> Option<Vec<Setting>> {
    let problems = root.problems();
    let mut all = Some(Vec::new());
    for (place, entry) in named(root, "settings").into_iter().enumerate() {
        let is_free = may_be_named(entry.name, entry.node, &entry.key, scope, problems);
        if place == MOST_SETTINGS {
            let most = Mismatch::new(format!("at most {MOST_SETTINGS} settings"));
            complain(entry.node, &entry.key, problems, most);
        }
        let default = value(entry.node, &entry.key, problems, |value| match value {
            Value::Whole(number, _) => scope.template()(&Value::Text(number.clone())),
            value => scope.template()(value),
        });
        if is_free {
            scope.add(entry.name);
        }
        match (default, is_free && place < MOST_SETTINGS, all.as_mut()) {
            (Some(default), true, Some(all)) => {
                all.push(Setting { name: entry.name.to_owned(), default });
            }
            _ => all = None,
        }
    }
    all
}

fn transports(
    root: &mut Reader<'_>,
    read: impl Fn(Reader<'_>, pushbench_protocol::TransportKind) -> Option<Transport>,
) -> Option<Vec<Arc<Transport>>> {
    let problems = root.problems();
    let names: Vec<_> = kinds().collect();
    let expected =
        format!("at least one table `[transport.KIND]`, KIND one of {}", names.join(", "));
    let Some(node) = root.node("transport") else {
        root.complain("transport", root.place(), "missing", expected, None);
        return None;
    };
    let Value::Table(table) = &node.value else {
        complain(node, "transport", problems, Mismatch::new(expected));
        return None;
    };
    if table.entries().is_empty() {
        complain(node, "transport", problems, Mismatch::new(expected));
        return None;
    }
    let mut all = Some(Vec::new());
    for entry in table.entries() {
        let key = format!("transport.{}", entry.name);
        let found = match (kind(&entry.name), &entry.node.value) {
            (Ok(kind), Value::Table(table)) => {
                read(Reader::new(&key, entry.node.place, Some(table), problems), kind)
            }
            (Ok(_), _) => {
                let expected = format!("a table `[{key}]` with `url`");
                complain(&entry.node, &key, problems, Mismatch::new(expected));
                None
            }
            (Err(Mismatch { expected, help }), _) => {
                let (place, found) = (entry.place, "unknown".to_owned());
                problems.add(Complaint { place, key, found, expected, help });
                None
            }
        };
        match (found, all.as_mut()) {
            (Some(found), Some(all)) => all.push(Arc::new(found)),
            _ => all = None,
        }
    }
    all
}
