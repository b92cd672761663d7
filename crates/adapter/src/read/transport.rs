//! `[transport.KIND]` as written.

use std::time::Duration;

use pushbench_protocol::{Arrival, HeadForm, TransportKind};
use pushbench_toml::kind::{Mismatch, duration, text, whole};
use pushbench_toml::{Reader, Value, closest};

use crate::adapter::{Outgoing, Transport};
use crate::matching::Match;
use crate::read::code::code;
use crate::read::identity::identity;
use crate::read::matches::{complain, each, is_set, matches, message, nodes, one_match, value};
use crate::read::polls::{carried, empty};
use crate::read::publish::{Published, Scopes, own_publish};
use crate::read::requests::{outgoing, request};
use crate::read::scope::Scope;
use crate::read::steps::{Channel, may_be_named, named, steps};
use crate::split::Split;

/// What the connection of a kind does; `None` for a kind that a third-party server cannot offer,
/// since its notices are of our own protocol.
fn channel(kind: TransportKind) -> Option<Channel> {
    let properties = kind.properties();
    let upgrades = properties.openings.iter().any(|opening| opening.form == HeadForm::Upgrade);
    match properties.arrival {
        Arrival::Timer | Arrival::Held => Some(Channel::None),
        Arrival::Pushed if upgrades => Some(Channel::SendsToo),
        Arrival::Pushed => Some(Channel::Receives),
        Arrival::Notified => None,
    }
}

fn is_events(kind: TransportKind) -> bool {
    kind.properties().openings.iter().any(|opening| opening.form == HeadForm::Events)
}

/// The kinds that an adapter can have, and what the connection of each does.
pub(crate) fn offered() -> impl Iterator<Item = (TransportKind, Channel)> {
    TransportKind::ALL.iter().filter_map(|kind| Some((*kind, channel(*kind)?)))
}

/// Names of the kinds that an adapter can have.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> + Clone {
    let offered = TransportKind::ALL.iter().filter(|kind| channel(**kind).is_some());
    offered.map(|kind| kind.label())
}

/// The kind of that name.
pub(crate) fn kind(name: &str) -> Result<TransportKind, Mismatch> {
    let all = TransportKind::ALL.iter().copied();
    let found = all.into_iter().find(|kind| kind.label() == name && channel(*kind).is_some());
    found.ok_or_else(|| {
        let names: Vec<_> = kinds().collect();
        let mismatch = Mismatch::new(format!("one of {}", names.join(", ")));
        match closest(name, kinds()) {
            Some(close) => mismatch.help(format!("did you mean `[transport.{close}]`?")),
            None => mismatch,
        }
    })
}

/// Reads the table; `publish` is what the whole adapter says of publishing.
pub(crate) fn transport(
    mut table: Reader<'_>,
    kind: TransportKind,
    settings: &Scope,
    publish: Published<'_>,
) -> Option<Transport> {
    let channel = channel(kind).expect("checked by `kind`");
    let (is_polled, is_socket) = (channel == Channel::None, channel == Channel::SendsToo);
    let mut scope = settings.clone();

    let code = code(&mut table, is_socket, &scope);
    let split = split(&mut table, kind, channel);
    scope.has_events = matches!(split, Some(Split::Events) | None);
    let counters = counters(&mut table, &mut scope);
    // What a poll carries is known from the first poll on, so it is known in the steps too.
    let carried = if is_polled { carried(&mut table, &mut scope) } else { Some(Vec::new()) };
    let before = scope.clone();
    let steps = steps(&mut table, channel, &mut scope);
    let request = request(&mut table, &scope);

    let subprotocol = only(&mut table, "subprotocol", is_socket, OF_SOCKETS, |table, name| {
        Some(table.optional(name, text("the name of a subprotocol"))?.value)
    });
    let is_binary = only(&mut table, "binary", is_socket, OF_SOCKETS, |table, name| {
        is_set(table, name).map(Some)
    });
    let each = each(&mut table, &scope);
    let (each, identity) = identity(&mut table, each, &scope);
    if let (Some(Some(_)), Some(Some(_))) = (&code, &each) {
        let expected = "`id` and `sent_at` without a `*`: with `code` a message is no list";
        table.complain("", table.place(), "spoken to by code", expected.to_owned(), None);
    }
    let heartbeats = heartbeats(&mut table, is_socket, &scope);
    let errors = matches(&mut table, "error", &scope);
    let acknowledgements = matches(&mut table, "acknowledgement", &scope);
    let ignored = matches(&mut table, "ignore", &scope);
    let message = message(&mut table, &scope);
    let empty = only(&mut table, "empty", is_polled, OF_POLLS, |table, name| {
        empty(table, name, &scope).map(Some)
    });
    if !is_polled {
        table.refuse_key("carry", OF_POLLS);
    }
    let keep_alive = keep_alive(&mut table, is_socket, &scope);
    let close = said(&mut table, "close", is_socket, &scope);
    let publish = own_publish(
        &mut table,
        channel,
        publish,
        code.flatten(),
        Scopes { before: &before, open: &scope },
    );
    table.finish();

    let code = code?;
    Some(Transport {
        kind,
        is_polled,
        code,
        request: request?,
        subprotocol: subprotocol?,
        is_binary: is_binary?.unwrap_or(code.is_some()),
        counters: counters?,
        steps: steps?,
        split: split?,
        each: each?,
        heartbeats: heartbeats?,
        errors,
        acknowledgements,
        ignored,
        message: message?,
        identity: identity?,
        carried: carried?,
        empty: empty?.unwrap_or_default(),
        keep_alive: keep_alive?,
        close: close?,
        publish: publish?,
    })
}

const OF_SOCKETS: &str = "nothing: only a websocket has this key";
const OF_POLLS: &str = "nothing: only short-poll and long-poll have this key";

/// Reads a key that only some kinds have.
fn only<'a, T>(
    table: &mut Reader<'a>,
    name: &'static str,
    has: bool,
    why_not: &str,
    read: impl FnOnce(&mut Reader<'a>, &'static str) -> Option<Option<T>>,
) -> Option<Option<T>> {
    match has {
        true => read(table, name),
        false => {
            table.refuse_key(name, why_not);
            Some(None)
        }
    }
}

fn counters(table: &mut Reader<'_>, scope: &mut Scope) -> Option<Vec<(String, u64)>> {
    let problems = table.problems();
    let mut all = Some(Vec::new());
    for entry in named(table, "counters") {
        let first = value(entry.node, &entry.key, problems, whole(0..=1 << 53));
        let is_free = may_be_named(entry.name, entry.node, &entry.key, scope, problems);
        match (first, is_free, all.as_mut()) {
            (Some(first), true, Some(all)) => {
                all.push((entry.name.to_owned(), first));
                scope.add_counter(entry.name);
            }
            _ => all = None,
        }
    }
    all
}

fn split(table: &mut Reader<'_>, kind: TransportKind, channel: Channel) -> Option<Split> {
    let lines = || Split::Separator { bytes: b"\n".to_vec(), goes_on: false, counted: None };
    let (key, problems) = (table.key("split"), table.problems());
    let Some(node) = table.node("split") else {
        return Some(match channel {
            Channel::None | Channel::SendsToo => Split::Message,
            Channel::Receives if is_events(kind) => Split::Events,
            Channel::Receives => lines(),
        });
    };
    let Value::Table(written) = &node.value else {
        return value(node, &key, problems, |value| match value {
            Value::Text(text) if text == "message" && channel == Channel::Receives => {
                Err(Mismatch::new("\"lines\", \"events\", or a table: a stream has no messages"))
            }
            Value::Text(text) if text == "message" => Ok(Split::Message),
            Value::Text(text) if text == "lines" => Ok(lines()),
            Value::Text(text) if text == "events" => Ok(Split::Events),
            _ => Err(Mismatch::new(
                "one of \"message\", \"lines\", \"events\", or a table as in \
                 `{ separator = \"\\u001e\" }` or `{ length = 4 }`",
            )),
        });
    };
    let mut table = Reader::new(&key, node.place, Some(written), problems);
    let few = |value: &Value| match value {
        Value::Text(text) if (1..=16).contains(&text.len()) => Ok(text.clone().into_bytes()),
        _ => Err(Mismatch::new("1 to 16 bytes of text")),
    };
    let separator = table.optional("separator", few);
    let goes_on = is_set(&mut table, "across_messages");
    let counted = table.optional("counted", few);
    let length = table.optional("length", whole(1..=8));
    table.finish();
    match (separator?.value, length?.value) {
        (Some(bytes), None) => {
            Some(Split::Separator { bytes, goes_on: goes_on?, counted: counted?.value })
        }
        (None, Some(width)) if written.entries().len() == 1 => {
            Some(Split::Length { width: usize::try_from(width).expect("at most 8") })
        }
        _ => {
            let expected = "either `separator`, with `across_messages` and `counted` where they \
                            are needed, or `length` alone";
            complain(node, &key, problems, Mismatch::new(expected));
            None
        }
    }
}

fn heartbeats(
    table: &mut Reader<'_>,
    can_send: bool,
    scope: &Scope,
) -> Option<Vec<(Match, Option<Outgoing>)>> {
    let problems = table.problems();
    let mut all = Some(Vec::new());
    for (key, node) in nodes(table, "heartbeat") {
        let heartbeat = match &node.value {
            Value::Table(written) => {
                let mut table = Reader::new(&key, node.place, Some(written), problems);
                let when = match table.node("match") {
                    Some(node) => one_match(node, &table.key("match"), scope, problems),
                    None => {
                        let expected = "a text or a table that says what the heartbeat is like";
                        let place = table.place();
                        table.complain("match", place, "missing", expected.to_owned(), None);
                        None
                    }
                };
                let reply = said(&mut table, "reply", can_send, scope);
                table.finish();
                when.zip(reply)
            }
            _ => {
                let expected = "a table as in `{ match = \"2\", reply = \"3\" }`";
                complain(node, &key, problems, Mismatch::new(expected));
                None
            }
        };
        match (heartbeat, all.as_mut()) {
            (Some(heartbeat), Some(all)) => all.push(heartbeat),
            _ => all = None,
        }
    }
    all
}

/// What the client says at a key, or nothing.
fn said(
    table: &mut Reader<'_>,
    name: &'static str,
    can_send: bool,
    scope: &Scope,
) -> Option<Option<Outgoing>> {
    let (key, problems) = (table.key(name), table.problems());
    match table.node(name) {
        None => Some(None),
        Some(node) => outgoing(node, &key, can_send, scope, problems).map(Some),
    }
}

fn keep_alive(
    table: &mut Reader<'_>,
    can_send: bool,
    scope: &Scope,
) -> Option<Option<(Duration, Outgoing)>> {
    let (key, problems) = (table.key("keep_alive"), table.problems());
    let Some(node) = table.node("keep_alive") else { return Some(None) };
    let Value::Table(written) = &node.value else {
        let expected = "a table as in `{ every = \"30s\", send = \"ping\" }`";
        complain(node, &key, problems, Mismatch::new(expected));
        return None;
    };
    let mut table = Reader::new(&key, node.place, Some(written), problems);
    let bounds = Duration::from_millis(100)..=Duration::from_secs(3_600);
    let every = table.required("every", duration(bounds));
    let sends = said(&mut table, "send", can_send, scope);
    table.finish();
    match sends? {
        Some(sends) => Some(Some((every?.value, sends))),
        None => {
            let expected = "what is sent to keep the connection alive".to_owned();
            table.complain("send", table.place(), "missing", expected, None);
            None
        }
    }
}
