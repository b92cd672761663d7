//! `[server.NAME]` as written: a server that others wrote.

use std::sync::Arc;

use pushbench_toml::kind::{Mismatch, text, whole};
use pushbench_toml::{At, Entry, Problems, Reader, Table, Value, closest};

use crate::adapter_file::adapter;
use crate::beside::Beside;
use crate::holes;
use crate::kind::label;
use crate::named_server::{NamedServer, ProcessOf, Ready, ServerUrl, Trust};
use crate::server_url::server_url;
use crate::start_file::start;

/// A server and its name; the server is `None` where something of it was refused.
#[derive(Debug)]
pub(crate) struct NamedServerFile {
    pub(crate) name: String,
    pub(crate) server: Option<Arc<NamedServer>>,
}

/// Keys of a server, which none may be called.
const KEYS: [&str; 13] = [
    "adapter",
    "url",
    "trust",
    "start",
    "files",
    "env",
    "ready",
    "process",
    "settings",
    "publish",
    "transport",
    "about",
    "documents",
];

/// Reads the tables below `[server]`.
pub(crate) fn named_servers(
    table: &mut Reader<'_>,
    beside: Beside<'_>,
    problems: &Problems,
) -> Vec<NamedServerFile> {
    for key in KEYS {
        table.refuse_key(key, "nothing: a third-party server has a name, as in `[server.nchan]`");
    }
    let entries = table.tables_of_free_names();
    let named = |entry: &Entry| {
        let key = table.key(&entry.name);
        let Value::Table(written) = &entry.node.value else { return None };
        if let Err(Mismatch { expected, help }) = label(&entry.name.as_str().into()) {
            let expected = format!("a name: {expected}");
            table.complain(&entry.name, entry.place, "a server's name", expected, help);
            return None;
        }
        let reader = Reader::new(&key, entry.node.place, Some(written), problems);
        let server = named_server(reader, written, &entry.name, beside);
        Some(NamedServerFile { name: entry.name.clone(), server: server.map(Arc::new) })
    };
    entries.into_iter().filter_map(named).collect()
}

fn named_server(
    mut table: Reader<'_>,
    written: &Table,
    name: &str,
    beside: Beside<'_>,
) -> Option<NamedServer> {
    let problems = table.problems();
    let url = table.required("url", server_url);
    let trust = trust(&mut table, url.as_ref(), beside);
    let start = start(&mut table, beside);
    let ready = table.optional("ready", ready);
    let process = process(&mut table);
    let adapter = adapter(&mut table, written, beside);
    table.finish();
    let is_started = start.as_ref().is_none_or(Option::is_some);
    let fits = url
        .as_ref()
        .is_none_or(|url| a_port_is_found_for_what_is_started(url, is_started, problems));
    let (url, start, (adapter, adapter_name, settings)) = (url?.value, start?, adapter?);
    let server = NamedServer {
        name: name.to_owned(),
        adapter: Arc::new(adapter),
        adapter_name,
        url,
        trust: trust?,
        start,
        ready: ready?.value.unwrap_or(Ready::Port),
        process: process?,
        settings,
    };
    let holes = places_are_known(&server, &table);
    (fits && holes).then_some(server)
}

fn a_port_is_found_for_what_is_started(
    url: &At<ServerUrl>,
    is_started: bool,
    problems: &Problems,
) -> bool {
    let fits = url.value.port.is_some() || is_started;
    if !fits {
        let help = "a free port is found for a server that the run starts; nobody knows where others listen";
        url.refuse(problems, "a port, or `start` beside it".to_owned(), Some(help));
    }
    fits
}

/// A server that runs already has no folder of ours, and no port but that of its URL.
fn places_are_known(server: &NamedServer, table: &Reader<'_>) -> bool {
    if server.start.is_some() {
        return true;
    }
    let outside = server.adapter.outside();
    let mut names: Vec<_> = outside
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "port" && holes::is_hole(name))
        .collect();
    if let Some(ProcessOf::PidFile(path)) = &server.process {
        names.extend(holes::names(path.as_bytes()));
        if names.is_empty() && !path.starts_with('/') {
            let expected = "a path that begins with `/`, or `start` beside it".to_owned();
            table.complain("process.pid_file", table.place(), &format!("{path:?}"), expected, None);
            return false;
        }
    }
    for name in &names {
        let expected = "`start` beside it: a server that runs already has neither a folder nor \
                        further ports";
        table.complain(
            "",
            table.place(),
            &format!("without a value for `${{{name}}}`"),
            expected.to_owned(),
            None,
        );
    }
    names.is_empty()
}

fn trust(table: &mut Reader<'_>, url: Option<&At<ServerUrl>>, beside: Beside<'_>) -> Option<Trust> {
    if url.is_some_and(|url| !url.value.tls) {
        table.refuse_key("trust", "nothing: only https and wss have certificates");
        return Some(Trust::System);
    }
    let trust = table.or("trust", "system", |value| {
        let expected = || Mismatch::new("\"system\", \"insecure\", or the path of a PEM file");
        let Value::Text(name) = value else { return Err(expected()) };
        match name.as_str() {
            "system" => Ok(Trust::System),
            "insecure" => Ok(Trust::Insecure),
            name if name.contains(['/', '.']) => {
                let pem = beside.bytes(name)?;
                let is_pem = pem.windows(27).any(|bytes| bytes == b"-----BEGIN CERTIFICATE-----");
                match is_pem {
                    true => Ok(Trust::Certificate(pem)),
                    false => Err(expected().help("the file has no `-----BEGIN CERTIFICATE-----`")),
                }
            }
            name => Err(match closest(name, ["system", "insecure"]) {
                Some(close) => expected().help(format!("did you mean \"{close}\"?")),
                None => expected(),
            }),
        }
    });
    Some(trust?.value)
}

fn ready(value: &Value) -> Result<Ready, Mismatch> {
    let expected = || Mismatch::new("a request as in \"GET /health\"");
    let Value::Text(text) = value else { return Err(expected()) };
    match text.strip_prefix("GET ") {
        Some(path) if path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Ready::Path(path.to_owned()))
        }
        _ if text.starts_with('/') => Err(expected().help(format!("write \"GET {text}\""))),
        _ => Err(expected()),
    }
}

fn process(table: &mut Reader<'_>) -> Option<Option<ProcessOf>> {
    let example = "{ pid_file = \"app.pid\" }";
    let Some(node) = table.node("process") else { return Some(None) };
    let Value::Table(written) = &node.value else {
        let expected = format!("a table as in `{example}` or `{{ port = 8081 }}`");
        table.complain("process", node.place, &node.value.show(), expected, None);
        return None;
    };
    let mut process =
        Reader::new(&table.key("process"), node.place, Some(written), table.problems());
    let pid_file =
        process.optional("pid_file", text("the path of a file with the id of a process"));
    let port = process.optional("port", |value| match value {
        Value::Text(text) if text == "${port}" => Ok(None),
        value => match whole(1..=65_535)(value) {
            Ok(port) => Ok(Some(u16::try_from(port).expect("the range is one of u16"))),
            Err(_) => Err(Mismatch::new("a port from 1 to 65_535, or \"${port}\"")),
        },
    });
    process.finish();
    match (pid_file?.value, port?.value) {
        (Some(path), None) => Some(Some(ProcessOf::PidFile(path))),
        (None, Some(port)) => Some(Some(ProcessOf::Port(port))),
        (path, _) => {
            let found = if path.is_some() { "given by both" } else { "a table that names none" };
            process.complain("", node.place, found, "either `pid_file` or `port`".to_owned(), None);
            None
        }
    }
}
