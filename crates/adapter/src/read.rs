//! From text to a checked adapter, or to everything that is wrong with it.

mod code;
mod identity;
mod matches;
mod places;
mod polls;
mod publish;
mod requests;
mod scope;
mod settings;
mod steps;
mod transport;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use pushbench_toml::kind::{Mismatch, text as line};
use pushbench_toml::{Complaint, Place, Problems, Reader, Refused, Table, Value, read_whole};

use crate::adapter::{Adapter, Transport};
use crate::read::matches::complain;
use crate::read::publish::{Published, publish};
use crate::read::scope::Scope;
use crate::read::settings::settings;
use crate::read::transport::{kind, kinds, transport};

pub(crate) use crate::read::requests::METHODS;
pub(crate) use crate::read::steps::Channel;
pub(crate) use crate::read::transport::offered;

use crate::values::Setting;

/// Reads and checks an adapter; `path` is what messages call the file.
///
/// # Errors
///
/// If anything is wrong with it; the error holds everything that is.
pub fn read(path: &Path, text: &str) -> Result<Adapter, Refused> {
    read_whole(path, text, adapter)
}

fn adapter(root: &Table, problems: &Problems) -> Option<Adapter> {
    let mut root = Reader::new("", Place::File(0), Some(root), problems);
    let about = root.required("about", line(ABOUT));
    let documents = root.required("documents", line(DOCUMENTS));
    let tested = root.optional("tested", line("the server and the version that it was run with"));
    let spoken = spoken(&mut root, Scope::new());
    root.finish();
    Some(spoken?.of(about?.value, documents?.value, tested?.value))
}

/// Reads the keys of an adapter that stand in a table of a scenario beside others: none of them says
/// what the server is but for those who want to.
///
/// Templates may use `${dir}`, `${port}` and any `${port_NAME}` too. What is wrong is noted where the
/// table notes it; `None` if anything is.
pub fn read_within(table: &mut Reader<'_>) -> Option<Adapter> {
    let about = table.or("about", "a server that the scenario describes", line(ABOUT));
    let documents = table.or("documents", "the scenario", line(DOCUMENTS));
    let spoken = spoken(table, Scope::of_a_scenario());
    Some(spoken?.of(about?.value, documents?.value, None))
}

const ABOUT: &str = "one line that says what the server is";
const DOCUMENTS: &str = "where its protocol is documented";

/// How a server is spoken to, whatever it is.
struct Spoken {
    settings: Vec<Setting>,
    outside: BTreeSet<String>,
    transports: Vec<Arc<Transport>>,
}

impl Spoken {
    fn of(self, about: String, documents: String, tested: Option<String>) -> Adapter {
        let Self { settings, outside, transports } = self;
        Adapter { about, documents, tested, settings: settings.into(), outside, transports }
    }
}

fn spoken(root: &mut Reader<'_>, mut scope: Scope) -> Option<Spoken> {
    let settings = settings(root, &mut scope);
    // What settings use is known from them, and changes where a scenario sets them.
    scope.take_outside();
    let key = root.key("publish");
    let node = root.node("publish");
    let publish = node.and_then(|node| publish(node, &key, root, &scope));
    let published = match (node, &publish) {
        (None, _) => Published::Nothing,
        (Some(_), None) => Published::Refused,
        (Some(_), Some(publish)) => Published::So(publish),
    };
    let transports = transports(root, |table, kind| transport(table, kind, &scope, published));
    if let Published::Refused = published {
        return None;
    }
    Some(Spoken { settings: settings?, outside: scope.take_outside(), transports: transports? })
}

fn transports(
    root: &mut Reader<'_>,
    read: impl Fn(Reader<'_>, pushbench_protocol::TransportKind) -> Option<Transport>,
) -> Option<Vec<Arc<Transport>>> {
    let problems = root.problems();
    let names: Vec<_> = kinds().collect();
    let expected = format!(
        "at least one table `[{}.KIND]`, KIND one of {}",
        root.key("transport"),
        names.join(", ")
    );
    let Some(node) = root.node("transport") else {
        root.complain("transport", root.place(), "missing", expected, None);
        return None;
    };
    let Value::Table(table) = &node.value else {
        complain(node, &root.key("transport"), problems, Mismatch::new(expected));
        return None;
    };
    if table.entries().is_empty() {
        complain(node, &root.key("transport"), problems, Mismatch::new(expected));
        return None;
    }
    let mut all = Some(Vec::new());
    for entry in table.entries() {
        let key = format!("{}.{}", root.key("transport"), entry.name);
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
