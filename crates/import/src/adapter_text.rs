//! A transport of an adapter, as a recording shows it.

use pushbench_protocol::format_duration;

use crate::conversation::{Conversation, Kind, conversation};
use crate::identity::{Identity, identity};
use crate::repeated::{Candidate, Way};
use crate::request_text::request_text;
use crate::secrets::Secrets;
use crate::toml_text::{key, table, text};

/// A transport of an adapter.
#[derive(Debug)]
pub(crate) struct AdapterText {
    /// Its lines, without the line of the table itself.
    pub(crate) lines: String,
    /// What a reader should know, a sentence each.
    pub(crate) notes: Vec<String>,
}

/// The transport by which a service keeps its page up to date.
pub(crate) fn adapter_text(candidate: &Candidate<'_>, secrets: &Secrets) -> AdapterText {
    let request = request_text(&candidate.requests, candidate.way.is_polled(), secrets);
    let (mut keys, mut notes) = (request.keys, request.notes);
    let found = match candidate.way {
        Way::WebSocket => {
            let conversation = conversation(&candidate.requests[0].messages);
            if let Some(subprotocol) =
                candidate.requests[0].captured.header("sec-websocket-protocol")
            {
                keys.push(("subprotocol".to_owned(), text(&secrets.template(subprotocol))));
            }
            spoken(&conversation, secrets, &mut keys, &mut notes);
            conversation.sample.as_deref().map(identity)
        }
        Way::ShortPoll | Way::LongPoll | Way::Events => {
            let bodies = candidate.requests.iter().filter_map(|one| one.response_body.as_deref());
            // A response that has nothing new says less.
            bodies.map(identity).max_by_key(|found| (found.id.is_some(), found.sent_at.is_some()))
        }
    };
    let Identity { id, sent_at } = found.unwrap_or_default();
    match &id {
        Some(id) => keys.push(("id".to_owned(), text(id))),
        None => notes.push("nothing says which message is which: set `id`".to_owned()),
    }
    match sent_at {
        Some((at, unit)) => {
            let pairs = [("pointer".to_owned(), text(&at)), ("unit".to_owned(), text(unit))];
            keys.push(("sent_at".to_owned(), table(&pairs)));
        }
        None => {
            notes.push(
                "nothing says when a message was sent, so there is no latency: set `sent_at`"
                    .to_owned(),
            );
        }
    }
    let lines = keys.into_iter().map(|(name, value)| format!("{} = {value}\n", key(&name)));
    AdapterText { lines: lines.collect(), notes }
}

/// The keys of what goes over a WebSocket.
fn spoken(
    found: &Conversation,
    secrets: &Secrets,
    keys: &mut Vec<(String, String)>,
    notes: &mut Vec<String>,
) {
    let said = |words: &str| text(&secrets.template(words));
    if !found.opening.is_empty() {
        let step = |(send, expect): &(String, Option<Kind>)| {
            let expect = expect.as_ref().map(|kind| ("expect".to_owned(), is_of(kind)));
            let pairs: Vec<_> =
                std::iter::once(("send".to_owned(), said(send))).chain(expect).collect();
            format!("  {},\n", table(&pairs))
        };
        let steps: String = found.opening.iter().map(step).collect();
        keys.push(("steps".to_owned(), format!("[\n{steps}]")));
    }
    if let Some((told, reply)) = &found.heartbeat {
        let pairs = [("match".to_owned(), said(told)), ("reply".to_owned(), said(reply))];
        keys.push(("heartbeat".to_owned(), table(&pairs)));
    }
    if let Some((every, send)) = &found.keep_alive {
        let pairs =
            [("every".to_owned(), text(&format_duration(*every))), ("send".to_owned(), said(send))];
        keys.push(("keep_alive".to_owned(), table(&pairs)));
    }
    if let Some(kind) = &found.message {
        let (_, is_of_kind) = place_of(kind);
        let pairs = [("where".to_owned(), is_of_kind), ("payload".to_owned(), text(""))];
        keys.push(("message".to_owned(), table(&pairs)));
    }
    if !found.others.is_empty() {
        let others: Vec<_> = found.others.iter().map(is_of).collect();
        keys.push(("ignore".to_owned(), format!("[{}]", others.join(", "))));
    }
    if found.left_out > 0 {
        notes.push(format!("{} texts that the page sent later are left out", found.left_out));
    }
}

/// What a text of this kind is like.
fn is_of(kind: &Kind) -> String {
    let (name, is_of_kind) = place_of(kind);
    table(&[(name.to_owned(), is_of_kind)])
}

fn place_of((name, value): &Kind) -> (&'static str, String) {
    // A text in a template has no holes but its own.
    ("where", table(&[(format!("/{name}"), text(&value.replace("${", "$${")))]))
}
