//! The opening as written: requests, then what is sent and expected on the connection.

use pushbench_toml::kind::Mismatch;
use pushbench_toml::{Node, Problems, Reader, Value};

use crate::adapter::Step;
use crate::matching::{Match, Place};
use crate::read::matches::{complain, nodes, one_match};
use crate::read::places::place;
use crate::read::requests::{request, status};
use crate::read::scope::{BUILT_IN, Scope};
use crate::template::{ANY, ENVIRONMENT, PAYLOAD, VALUE, is_name, is_place};

/// What the connection of these steps can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Channel {
    /// Nothing: there are only requests.
    None,
    /// It brings what the server says.
    Receives,
    /// It also takes what the client says.
    SendsToo,
}

/// The steps; each value that one of them gets is known behind it.
pub(crate) fn steps(
    table: &mut Reader<'_>,
    channel: Channel,
    scope: &mut Scope,
) -> Option<Vec<Step>> {
    let problems = table.problems();
    let mut all = Some(Vec::new());
    let mut has_turned = false;
    for (key, node) in nodes(table, "steps") {
        let Value::Table(written) = &node.value else {
            let expected = "a table as in `{ send = \"40\", expect = \"40${any}\" }`";
            complain(node, &key, problems, Mismatch::new(expected));
            all = None;
            continue;
        };
        let mut table = Reader::new(&key, node.place, Some(written), problems);
        let is_request = written.node("url").is_some();
        let step = match is_request {
            true => request_step(&mut table, scope),
            false => turn(&mut table, channel, scope),
        };
        table.finish();
        if is_request && has_turned {
            let expected = Mismatch::new("requests before what is sent and expected");
            complain(node, &key, problems, expected);
            all = None;
        }
        has_turned |= !is_request;
        match (step, all.as_mut()) {
            (Some(step), Some(all)) => all.push(step),
            _ => all = None,
        }
    }
    all
}

fn request_step(table: &mut Reader<'_>, scope: &mut Scope) -> Option<Step> {
    let request = request(table, scope);
    let status = status(table, "status");
    let expect = expect(table, scope);
    let take = take(table, scope, true);
    table.refuse_key("send", "nothing: a step with `url` is a request; its `body` is sent");
    Some(Step::Request { request: request?, status: status?, expect: expect?, take: take? })
}

fn turn(table: &mut Reader<'_>, channel: Channel, scope: &mut Scope) -> Option<Step> {
    let send = table.optional("send", scope.template());
    let expect = expect(table, scope);
    let take = take(table, scope, false);
    let (send, expect, take) = (send?, expect?, take?);
    let refuse = |what: &str, expected: &str| {
        table.complain("", table.place(), what, expected.to_owned(), None);
    };
    match (channel, &send.value, &expect) {
        (Channel::None, _, _) => {
            refuse("a step without `url`", "a request: a poll has no connection to speak over");
            None
        }
        (Channel::Receives, Some(_), _) => {
            let expected = "no `send`, or a request with `url` and `body`";
            send.refuse(table.problems(), expected.to_owned(), Some("a stream only receives"));
            None
        }
        (_, None, None) => {
            refuse("a step that does nothing", "one of `url`, `send` and `expect`");
            None
        }
        (_, Some(_), None) if !take.is_empty() => {
            refuse("a step that gets values of nothing", "`expect` beside `get`");
            None
        }
        _ => Some(Step::Turn { send: send.value, expect, take }),
    }
}

fn expect(table: &mut Reader<'_>, scope: &Scope) -> Option<Option<Match>> {
    let (key, problems) = (table.key("expect"), table.problems());
    match table.node("expect") {
        None => Some(None),
        Some(node) => one_match(node, &key, scope, problems).map(Some),
    }
}

/// `get`: names, and where their values are.
fn take(
    table: &mut Reader<'_>,
    scope: &mut Scope,
    has_headers: bool,
) -> Option<Vec<(String, Place)>> {
    let problems = table.problems();
    let mut all = Some(Vec::new());
    for Named { key, name, node } in named(table, "get") {
        let found = place(node, &key, scope, problems);
        if let (Some((Place::Header(_) | Place::Cookie(_), _)), false) = (&found, has_headers) {
            let expected = Mismatch::new("`text` or `json`: only responses have headers");
            complain(node, &key, problems, expected);
            all = None;
        }
        if let Some((Place::LastEventId, _)) = &found {
            let expected = "another place: only what a poll brings is split into events";
            complain(node, &key, problems, Mismatch::new(expected));
            all = None;
        }
        if !may_be_named(name, node, &key, scope, problems) {
            all = None;
        }
        match (found, all.as_mut()) {
            (Some((place, _)), Some(all)) => all.push((name.to_owned(), place)),
            _ => all = None,
        }
    }
    all.inspect(|all| all.iter().for_each(|(name, _)| scope.add(name)))
}

/// An entry of a table whose keys are names of values.
pub(crate) struct Named<'a> {
    pub(crate) key: String,
    pub(crate) name: &'a str,
    pub(crate) node: &'a Node,
}

/// The entries of the table at a key.
pub(crate) fn named<'a>(table: &mut Reader<'a>, name: &'static str) -> Vec<Named<'a>> {
    let key = table.key(name);
    match table.node(name) {
        None => Vec::new(),
        Some(Node { value: Value::Table(entries), .. }) => {
            let named = |entry: &'a pushbench_toml::Entry| Named {
                key: format!("{key}.{}", entry.name),
                name: &entry.name,
                node: &entry.node,
            };
            entries.entries().iter().map(named).collect()
        }
        Some(node) => {
            let expected = Mismatch::new(format!("a table `{name}` of names and what they are"));
            complain(node, &key, table.problems(), expected);
            Vec::new()
        }
    }
}

/// Whether a value may have the name; a complaint if not.
pub(crate) fn may_be_named(
    name: &str,
    node: &Node,
    key: &str,
    scope: &Scope,
    problems: &Problems,
) -> bool {
    let reserved =
        BUILT_IN.contains(&name) || [PAYLOAD, VALUE, ANY].contains(&name) || is_place(name);
    let expected = if !is_name(name) || name.starts_with(ENVIRONMENT) {
        "a name: a lower-case letter, then lower-case letters, digits and `_`"
    } else if reserved {
        "a name that no value has by itself"
    } else if scope.is_taken(name) {
        "a name that no other value has"
    } else {
        return true;
    };
    let found = Node { place: node.place, value: Value::Text(name.to_owned()) };
    complain(&found, key, problems, Mismatch::new(expected));
    false
}
