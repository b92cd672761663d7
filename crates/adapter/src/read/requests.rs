//! Requests as written, and what else a client says.

use pushbench_toml::kind::{Mismatch, choice, whole};
use pushbench_toml::{Node, Problems, Reader, Value};

use crate::adapter::Outgoing;
use crate::read::matches::{complain, value};
use crate::read::scope::Scope;
use crate::request::RequestTemplate;
use crate::template::Template;

pub(crate) const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];
const MOST_HEADERS: usize = 64;
/// Fields that carry the message or the upgrade: whoever sends the request writes them.
const OF_THE_CONNECTION: [&str; 10] = [
    "host",
    "connection",
    "upgrade",
    "content-length",
    "transfer-encoding",
    "te",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

/// `url`, `method`, `headers` and `body` of a table.
pub(crate) fn request(table: &mut Reader<'_>, scope: &Scope) -> Option<RequestTemplate> {
    let url = table.required("url", |value| url(value, scope));
    let body = table.optional("body", scope.template());
    let method = table.optional("method", choice(METHODS, |method| method));
    let headers = headers(table, scope);
    let body = body?.value;
    let method = method?.value.unwrap_or(if body.is_some() { "POST" } else { "GET" });
    Some(RequestTemplate { method: method.to_owned(), url: url?.value, headers: headers?, body })
}

/// A path below the server's URL, or a whole URL.
fn url(value: &Value, scope: &Scope) -> Result<Template, Mismatch> {
    let expected =
        || Mismatch::new("a path below the server's URL as in \"/sub/${channel}\", or a whole URL");
    let Value::Text(_) = value else { return Err(expected()) };
    let url = scope.template()(value)?;
    let beginning = url.beginning();
    let is_whole = ["http://", "https://", "ws://", "wss://"]
        .iter()
        .any(|scheme| beginning.starts_with(scheme));
    // What begins with a value is seen when that value is known.
    let begins_with_a_hole = beginning.is_empty() && !url.pieces.is_empty();
    if !(is_whole || beginning.starts_with('/') || begins_with_a_hole) {
        return Err(expected());
    }
    match url.has(|c| c == '#' || !('!'..='~').contains(&c)) {
        true => Err(expected().help("`${value|url}` and %20 stand for what a URL cannot have")),
        false => Ok(url),
    }
}

fn headers(table: &mut Reader<'_>, scope: &Scope) -> Option<Vec<(String, Template)>> {
    let (key, problems) = (table.key("headers"), table.problems());
    let Some(node) = table.node("headers") else { return Some(Vec::new()) };
    let Value::Table(written) = &node.value else {
        let expected = Mismatch::new("a table as in `{ Accept = \"text/event-stream\" }`");
        complain(node, &key, problems, expected);
        return None;
    };
    if written.entries().len() > MOST_HEADERS {
        complain(node, &key, problems, Mismatch::new(format!("at most {MOST_HEADERS} headers")));
        return None;
    }
    let mut all = Some(Vec::new());
    for entry in written.entries() {
        let key = format!("{key}.{}", entry.name);
        let named = Node { place: entry.place, value: Value::Text(entry.name.clone()) };
        let is_named = value(&named, &key, problems, |_| field_name(&entry.name));
        let template = value(&entry.node, &key, problems, |value| {
            let template = scope.template()(value)?;
            match template.has(char::is_control) {
                true => Err(Mismatch::new("a text without line breaks and control characters")),
                false => Ok(template),
            }
        });
        match (is_named, template, all.as_mut()) {
            (Some(()), Some(template), Some(all)) => all.push((entry.name.clone(), template)),
            _ => all = None,
        }
    }
    all
}

/// A token (RFC 9110, section 5.6.2) that is none of the connection's own fields.
fn field_name(name: &str) -> Result<(), Mismatch> {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(in_token) {
        return Err(Mismatch::new("the name of a header: letters, digits and `-`"));
    }
    match OF_THE_CONNECTION.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        true => Err(Mismatch::new("a header that is not the connection's own")
            .help("the connection sends it by itself; `subprotocol` asks for a subprotocol")),
        false => Ok(()),
    }
}

/// Status codes at a key: one, or a list of them.
pub(crate) fn status(table: &mut Reader<'_>, name: &'static str) -> Option<Vec<u16>> {
    let (key, problems) = (table.key(name), table.problems());
    let one = |node: &Node, key: &str| {
        let code = value(node, key, problems, whole(200..=599))?;
        Some(u16::try_from(code).expect("the range is one of u16"))
    };
    match table.node(name) {
        None => Some(Vec::new()),
        Some(Node { value: Value::List(list), .. }) if list.len() <= MOST_HEADERS => {
            let keyed = list.iter().enumerate();
            // All are read before one is given up, so all that is wrong is told.
            let all: Vec<_> =
                keyed.map(|(place, node)| one(node, &format!("{key}[{}]", place + 1))).collect();
            all.into_iter().collect()
        }
        Some(node) => one(node, &key).map(|code| vec![code]),
    }
}

/// What a client says: a text over its connection, or a request.
pub(crate) fn outgoing(
    node: &Node,
    key: &str,
    can_send: bool,
    scope: &Scope,
    problems: &Problems,
) -> Option<Outgoing> {
    match &node.value {
        Value::Table(written) => {
            let mut table = Reader::new(key, node.place, Some(written), problems);
            let request = request(&mut table, scope);
            table.finish();
            request.map(Outgoing::Request)
        }
        _ => {
            let expected = || match can_send {
                true => Mismatch::new(
                    "a text to send, or a request as in `{ url = \"/send\", body = \"3\" }`",
                ),
                false => Mismatch::new("a request as in `{ url = \"/send\", body = \"3\" }`")
                    .help("only a WebSocket is sent texts over"),
            };
            let send = value(node, key, problems, |value| match value {
                Value::Text(_) if can_send => scope.template()(value),
                _ => Err(expected()),
            });
            send.map(Outgoing::Send)
        }
    }
}
