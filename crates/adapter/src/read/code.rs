//! `code` as written: a transport that is spoken to by code and not by rules.

use pushbench_toml::kind::choice;
use pushbench_toml::{Node, Reader, Value, closest};

use crate::code::name::Code;
use crate::code::settings;
use crate::read::scope::Scope;

/// Keys that say what code says already.
const OF_RULES: [&str; 14] = [
    "acknowledgement",
    "binary",
    "carry",
    "close",
    "counters",
    "each",
    "empty",
    "error",
    "heartbeat",
    "ignore",
    "keep_alive",
    "message",
    "split",
    "steps",
];

/// The code at the key, if any; what it uses must be among the settings.
pub(crate) fn code(table: &mut Reader<'_>, is_socket: bool, scope: &Scope) -> Option<Option<Code>> {
    let written = table.optional("code", choice(Code::ALL, Code::label))?;
    let Some(code) = written.value else { return Some(None) };
    let problems = table.problems();
    if !is_socket {
        written.refuse(problems, "no code here: it speaks over a websocket".to_owned(), None);
        return None;
    }
    for name in OF_RULES {
        table.refuse_key(name, "nothing: the `code` says it");
    }
    let mut is_right = true;
    if let Some(Node { place, value: Value::Table(publish) }) = table.node("publish")
        && publish.node("send").is_some()
    {
        is_right = false;
        let expected = "a request with `url`, or no `publish`: the `code` sends over a connection";
        table.complain("publish", *place, "what is sent", expected.to_owned(), None);
    }
    for (name, what) in settings(code) {
        if !scope.has(name) {
            is_right = false;
            let expected = format!("`{name}` among the settings: {what}");
            let close = closest(name, scope.names());
            let help = close.map(|close| format!("is `{close}` meant to be `{name}`?"));
            written.refuse(problems, expected, help.as_deref());
        }
    }
    is_right.then_some(Some(code))
}
