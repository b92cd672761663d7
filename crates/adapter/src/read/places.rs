//! Where values are, as written.

use pushbench_toml::kind::{Mismatch, choice, text, truth};
use pushbench_toml::{Node, Problems, Reader, Table, Value};

use crate::decode::Decode;
use crate::matching::Place;
use crate::pattern::Pattern;
use crate::pointer::Pointer;
use crate::read::matches::{pointer, value};
use crate::read::scope::Scope;
use crate::template::{Template, VALUE};

/// Where a list is, as far as a pointer with a `*` says, and what is below its elements.
pub(crate) type Starred = (Option<Pointer>, Pointer);

/// The ways to say where a value is in a table.
const WAYS: [&str; 5] = ["text", "json", "header", "cookie", "last_event_id"];

/// Where a value is: a text with `${value}`, or a table with one of [`WAYS`].
pub(crate) fn place(
    node: &Node,
    key: &str,
    scope: &Scope,
    problems: &Problems,
) -> Option<(Place, Template)> {
    let Value::Table(written) = &node.value else {
        let pattern = value(node, key, problems, |value| taking(value, scope))?;
        return Some((Place::Pattern(pattern), Template::default()));
    };
    let mut table = Reader::new(key, node.place, Some(written), problems);
    let found = place_of(&mut table, written, scope);
    let first = table.or("first", "", scope.template());
    table.finish();
    Some((found?, first?.value))
}

fn place_of(table: &mut Reader<'_>, written: &Table, scope: &Scope) -> Option<Place> {
    let pattern = table.optional("text", |value| taking(value, scope));
    let pointer = table.optional("json", starred);
    let after = table.or("after", "", scope.template());
    let header = table.optional("header", text("the name of a header of the response"));
    let cookie = table.optional("cookie", text("the name of a cookie that the response sets"));
    let is_event_id = is_last_event_id(table, scope);
    let decode = table.optional("decode", choice(Decode::ALL, Decode::label));
    let (pattern, pointer, after) = (pattern?.value, pointer?.value, after?.value);
    let (header, cookie, decode) = (header?.value, cookie?.value, decode?.value);
    match (pattern, pointer, header, cookie, is_event_id?) {
        (Some(pattern), None, None, None, false) => Some(Place::Pattern(pattern)),
        (None, Some((list, pointer)), None, None, false) => {
            Some(Place::Json { after, last_of: list, pointer, decode })
        }
        (None, None, Some(name), None, false) => Some(Place::Header(name.to_ascii_lowercase())),
        (None, None, None, Some(name), false) => Some(Place::Cookie(name)),
        (None, None, None, None, true) => Some(Place::LastEventId),
        _ => {
            let given: Vec<_> =
                WAYS.into_iter().filter(|name| written.node(name).is_some()).collect();
            let found = match given.is_empty() {
                true => "a table without a place".to_owned(),
                false => format!("given by {}", given.join(" and ")),
            };
            let [others @ .., last] = WAYS.map(|name| format!("`{name}`"));
            let expected = format!("one of {} and {last}", others.join(", "));
            table.complain("", table.place(), &found, expected, None);
            None
        }
    }
}

/// Whether the value is the id of the last event, which only what is split into events has.
fn is_last_event_id(table: &mut Reader<'_>, scope: &Scope) -> Option<bool> {
    const NAME: &str = "last_event_id";
    let written = table.optional(NAME, |value| match truth(value) {
        Ok(true) => Ok(true),
        _ => Err(Mismatch::new("true, for the id of the last event that has one")),
    })?;
    if written.value.is_some() && !scope.has_events {
        let expected = "a key of what is split into events, as by `split = \"events\"`";
        written.refuse(table.problems(), expected.to_owned(), None);
        return None;
    }
    Some(written.value.is_some())
}

/// A text with a hole for a value.
pub(crate) fn taking(value: &Value, scope: &Scope) -> Result<Pattern, Mismatch> {
    let expected = "a text with `${value}` where the value is, or a table as in \
                    `{ json = \"/sid\" }` or `{ header = \"Etag\" }`";
    let pattern = match value {
        Value::Text(_) => scope.pattern(VALUE)(value)?,
        _ => return Err(Mismatch::new(expected)),
    };
    match pattern.has_taken() {
        true => Ok(pattern),
        false => Err(Mismatch::new(expected)),
    }
}

/// A pointer that may have one `*`, for elements of a list.
pub(crate) fn starred(value: &Value) -> Result<Starred, Mismatch> {
    let Value::Text(text) = value else { return pointer(value).map(|pointer| (None, pointer)) };
    let tokens: Vec<_> = text.split('/').collect();
    match *tokens.iter().enumerate().filter(|(_, token)| **token == "*").collect::<Vec<_>>() {
        [] => Ok((None, Pointer::parse(text)?)),
        [(at, _)] if at > 0 => {
            let below: String = tokens[at + 1..].iter().flat_map(|token| ["/", *token]).collect();
            Ok((Some(Pointer::parse(&tokens[..at].join("/"))?), Pointer::parse(&below)?))
        }
        _ => Err(Mismatch::new("a JSON pointer with at most one `*`, for the elements of a list")),
    }
}
