//! `server = "NAME"` of a `[[transport]]`, and what then is not for the scenario to say.

use std::sync::Arc;

use pushbench_protocol::{TlsUse, TransportKind};
use pushbench_toml::kind::{Mismatch, choice, one_of};
use pushbench_toml::{At, Problems, Read, Reader, Value, closest};

use crate::named_server::NamedServer;
use crate::named_server_file::NamedServerFile;

/// Whose server it is.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// Ours.
    Ours,
    /// Somebody else's: one of `[server.NAME]`.
    Named(Arc<NamedServer>),
    /// Nobody knows, or what the scenario says of it was refused.
    Refused,
}

/// Options that only our own server has, and why others do not.
const OF_OURS: [(&str, &str); 8] = [
    ("unchanged", "its adapter says what a response without a new message is like"),
    ("hold", SETTING),
    ("heartbeat", SETTING),
    ("conflate", SETTING),
    ("compression", COMPRESSION),
    ("window_bits", COMPRESSION),
    ("context_takeover", COMPRESSION),
    ("reconnect", "only from our own server are clients known to resume"),
];
const SETTING: &str = "a third-party server has settings of its own for that";
const COMPRESSION: &str = "only our own server is asked for compression";

/// Whether only our own server has an option.
pub(crate) fn is_of_ours(option: &str) -> bool {
    OF_OURS.iter().any(|(name, _)| *name == option)
}

/// Reads the key, and gives the server's name too where the key was not refused.
pub(crate) fn asked(
    table: &mut Reader<'_>,
    servers: &[NamedServerFile],
) -> (Asked, Option<Option<String>>) {
    let Some(At { value, .. }) = table.optional("server", |value| named(value, servers)) else {
        return (Asked::Refused, None);
    };
    let asked = match value {
        None => Asked::Ours,
        Some(NamedServerFile { server: Some(server), .. }) => Asked::Named(Arc::clone(server)),
        Some(NamedServerFile { server: None, .. }) => Asked::Refused,
    };
    (asked, Some(value.map(|server| server.name.clone())))
}

/// The server of that name.
fn named<'s>(
    value: &Value,
    servers: &'s [NamedServerFile],
) -> Result<&'s NamedServerFile, Mismatch> {
    let names = || servers.iter().map(|server| server.name.as_str());
    let mismatch = || match servers.is_empty() {
        true => Mismatch::new("a server that a table `[server.NAME]` describes; there is none"),
        false => one_of(names()),
    };
    let Value::Text(name) = value else { return Err(mismatch()) };
    servers.iter().find(|server| server.name == *name).ok_or_else(|| match closest(name, names()) {
        Some(close) => mismatch().help(format!("did you mean \"{close}\"?")),
        None => mismatch(),
    })
}

/// Whether connections are encrypted: of a third-party server its URL says so.
pub(crate) fn tls(table: &mut Reader<'_>, asked: &Asked) -> Read<TlsUse> {
    let tls = match asked {
        Asked::Ours => return table.or("tls", "none", choice(TlsUse::ALL, TlsUse::label)),
        Asked::Named(server) if server.url.tls => TlsUse::Full,
        Asked::Named(_) | Asked::Refused => TlsUse::None,
    };
    table.refuse_key("tls", "nothing: the URL of a third-party server says whether it has TLS");
    Some(table.whole(tls, format!("\"{tls}\" by the server's URL")))
}

/// Refuses what only our own server has; the server must offer the kind.
pub(crate) fn fits_the_server(
    table: &mut Reader<'_>,
    kind: &At<TransportKind>,
    has: impl Fn(&str) -> bool,
    asked: &Asked,
) {
    match asked {
        Asked::Ours => return,
        Asked::Named(server) => is_offered(kind, server, table.problems()),
        Asked::Refused => {}
    }
    for (option, why) in OF_OURS {
        // Of an option that its kind does not have that is said.
        if has(option) {
            table.refuse_key(option, &format!("nothing: {why}"));
        }
    }
}

fn is_offered(kind: &At<TransportKind>, server: &NamedServer, problems: &Problems) {
    if server.adapter.transport(kind.value).is_none() {
        let kinds = server.adapter.transports.iter().map(|transport| transport.kind.label());
        let expected = format!("{} with server = \"{}\"", one_of(kinds).expected, server.name);
        let name = match server.adapter_name.as_str() {
            "inline" => String::new(),
            name => format!(" \"{name}\""),
        };
        let help = format!("the server's adapter{name} has no `[transport.{}]`", kind.value);
        kind.refuse(problems, expected, Some(&help));
    }
}
