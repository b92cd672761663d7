//! `[proxy.NAME]` as written, and `proxy = "NAME"` of a `[[transport]]`.

use std::sync::Arc;

use pushbench_toml::kind::{Mismatch, choice, one_of};
use pushbench_toml::{Entry, Problems, Read, Reader, Table, Value, closest};

use crate::beside::Beside;
use crate::kind::label;
use crate::proxy::{Hole, Proxy, ProxyKind};

/// A proxy and its name; the proxy is `None` where something of it was refused.
#[derive(Debug)]
pub(crate) struct ProxyFile {
    pub(crate) name: String,
    pub(crate) proxy: Option<Arc<Proxy>>,
}

/// Keys of a proxy, which none may be called.
const KEYS: [&str; 2] = ["kind", "config"];

/// Reads the tables below `[proxy]`.
pub(crate) fn proxies(
    mut table: Reader<'_>,
    beside: Beside<'_>,
    problems: &Problems,
) -> Vec<ProxyFile> {
    for key in KEYS {
        table.refuse_key(key, "nothing: a proxy has a name, as in `[proxy.nginx]`");
    }
    let entries = table.tables_of_free_names();
    let named = |entry: &Entry| {
        let Value::Table(written) = &entry.node.value else { return None };
        if let Err(Mismatch { expected, help }) = label(&entry.name.as_str().into()) {
            let expected = format!("a name: {expected}");
            table.complain(&entry.name, entry.place, "a proxy's name", expected, help);
            return None;
        }
        let key = table.key(&entry.name);
        let reader = Reader::new(&key, entry.node.place, Some(written), problems);
        let proxy = proxy(reader, written, &entry.name, beside);
        Some(ProxyFile { name: entry.name.clone(), proxy: proxy.map(Arc::new) })
    };
    let proxies = entries.into_iter().filter_map(named).collect();
    table.finish();
    proxies
}

fn proxy(mut table: Reader<'_>, written: &Table, name: &str, beside: Beside<'_>) -> Option<Proxy> {
    let kind = table.required("kind", choice(ProxyKind::ALL, ProxyKind::label));
    let config = table.required("config", |value| config(value, beside));
    table.finish();
    let config_path = written.text("config").unwrap_or_default().to_owned();
    Some(Proxy { name: name.to_owned(), kind: kind?.value, config: config?.value, config_path })
}

/// A configuration that says where the proxy listens and whom it asks.
fn config(value: &Value, beside: Beside<'_>) -> Result<String, Mismatch> {
    let Value::Text(path) = value else {
        return Err(Mismatch::new("the path of a file, from the scenario's folder"));
    };
    let expected = || {
        let needed = Hole::NEEDED.map(|hole| format!("`{}`", hole.text()));
        Mismatch::new(format!("a configuration with {}", needed.join(" and ")))
    };
    let text = String::from_utf8(beside.bytes(path)?)
        .map_err(|_| expected().help("the file is not UTF-8"))?;
    match Hole::NEEDED.into_iter().find(|hole| !text.contains(hole.text())) {
        Some(Hole::Port) => Err(expected().help(
            "it has no `${port}`: each trial starts a proxy of its own, on a free port of 127.0.0.1",
        )),
        Some(missing) => Err(expected().help(format!(
            "it has no `{}`: each trial has a server of its own, whose address is filled in there",
            missing.text()
        ))),
        None => Ok(text),
    }
}

/// The proxy that a transport goes through: absent without one, `Some(None)` if what the scenario says
/// of it was refused.
pub(crate) type Passed = Option<Option<Arc<Proxy>>>;

/// Reads `proxy` of a transport, and gives its name too.
pub(crate) fn passes(
    table: &mut Reader<'_>,
    proxies: &[ProxyFile],
) -> (Read<Passed>, Option<String>) {
    let Some(found) = table.optional("proxy", |value| named(value, proxies)) else {
        return (None, None);
    };
    let name = found.value.map(|file| file.name.clone());
    let passed = found.value.map(|file| file.proxy.clone());
    (Some(found.with(passed)), name)
}

/// The proxy of that name.
fn named<'p>(value: &Value, proxies: &'p [ProxyFile]) -> Result<&'p ProxyFile, Mismatch> {
    let names = || proxies.iter().map(|proxy| proxy.name.as_str());
    let mismatch = || match proxies.is_empty() {
        true => Mismatch::new("a proxy that a table `[proxy.NAME]` describes; there is none"),
        false => one_of(names()),
    };
    let Value::Text(name) = value else { return Err(mismatch()) };
    proxies.iter().find(|proxy| proxy.name == *name).ok_or_else(|| match closest(name, names()) {
        Some(close) => mismatch().help(format!("did you mean \"{close}\"?")),
        None => mismatch(),
    })
}
