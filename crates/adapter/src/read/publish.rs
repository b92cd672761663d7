//! `publish` as written: for the whole adapter, or for one of its transports.

use pushbench_toml::kind::{Mismatch, choice};
use pushbench_toml::{Node, Reader, Value};

use crate::adapter::Publish;
use crate::code::name::Code;
use crate::read::matches::{complain, one_match};
use crate::read::requests::{request, status};
use crate::read::scope::Scope;
use crate::read::steps::{Channel, steps};

const EXAMPLE: &str = "a table as in `{ url = \"/pub/${channel}\", body = \"${payload}\" }`, or \
                       \"theirs\" for a server that has messages of its own";

/// What the whole adapter says of publishing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Published<'p> {
    /// Nothing, so each transport must.
    Nothing,
    /// Something that was refused.
    Refused,
    /// This, unless a transport has something of its own.
    So(&'p Publish),
}

/// What is known where a transport publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scopes<'s> {
    /// Before its `steps`.
    pub(crate) before: &'s Scope,
    /// Behind them.
    pub(crate) open: &'s Scope,
}

/// `publish` of the whole adapter: a request.
pub(crate) fn publish(
    node: &Node,
    key: &str,
    table: &Reader<'_>,
    scope: &Scope,
) -> Option<Publish> {
    publish_of(node, key, Channel::None, table, Scopes { before: scope, open: scope })
}

/// `publish` of a transport, or else that of the whole adapter.
pub(crate) fn own_publish(
    table: &mut Reader<'_>,
    channel: Channel,
    whole: Published<'_>,
    code: Option<Code>,
    scopes: Scopes<'_>,
) -> Option<Publish> {
    let key = table.key("publish");
    match (table.node("publish"), whole) {
        (Some(node), _) => publish_of(node, &key, channel, table, scopes),
        (None, Published::So(publish)) => Some(publish.clone()),
        (None, Published::Refused) => None,
        (None, Published::Nothing) => {
            if let Some(code) = code {
                return Some(Publish::Code(code));
            }
            let help = "above the transports it holds for all of them".to_owned();
            table.complain("publish", table.place(), "missing", EXAMPLE.to_owned(), Some(help));
            None
        }
    }
}

fn publish_of(
    node: &Node,
    key: &str,
    channel: Channel,
    table: &Reader<'_>,
    scopes: Scopes<'_>,
) -> Option<Publish> {
    let problems = table.problems();
    let written = match &node.value {
        Value::Table(written) => written,
        Value::Text(text) if text == "theirs" => return Some(Publish::Theirs),
        _ => {
            complain(node, key, problems, Mismatch::new(EXAMPLE));
            return None;
        }
    };
    let mut table = Reader::new(key, node.place, Some(written), problems);
    let scope = scopes.open.publishing();
    if written.node("send").is_none() {
        let request = request(&mut table, &scope);
        let status = status(&mut table, "status");
        let expect = match table.node("expect") {
            None => Some(None),
            Some(node) => one_match(node, &table.key("expect"), &scope, problems).map(Some),
        };
        for name in ["over", "steps"] {
            table.refuse_key(name, "nothing: this key goes with `send`, and not with `url`");
        }
        table.finish();
        return Some(Publish::Request { request: request?, status: status?, expect: expect? });
    }
    if channel != Channel::SendsToo {
        let expected = "`url` and `body`: only a websocket is sent messages over, and says so in \
                        its own table, [transport.websocket.publish]";
        let node = written.node("send").expect("it is there");
        complain(node, &format!("{key}.send"), problems, Mismatch::new(expected));
        return None;
    }
    const OVER: &[&str] = &["subscriber", "connection"];
    let over = table.required("over", choice(OVER, |over| over));
    let (opening, scope) = match over.as_ref().map(|over| over.value) {
        Some("subscriber") => {
            table.refuse_key("steps", "nothing: the connection of a subscriber is open already");
            (Some(Vec::new()), scope)
        }
        _ => {
            let mut own = scopes.before.clone();
            let opening = steps(&mut table, channel, &mut own);
            // The connection is opened and replied over as a subscriber's is, by the same values.
            for missing in scopes.open.names().filter(|name| !own.has(name)) {
                let expected =
                    format!("a `get` of `{missing}`, as the transport's own `steps` have");
                table.complain("steps", node.place, "without it", expected, None);
            }
            (opening, own.publishing())
        }
    };
    let send = table.required("send", scope.template());
    table.finish();
    let (over, opening, send) = (over?, opening?, send?.value);
    Some(match over.value {
        "subscriber" => Publish::Subscriber(send),
        _ => Publish::Connection { steps: opening, send },
    })
}
