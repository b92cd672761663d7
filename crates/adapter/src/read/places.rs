//! Where values are, as written.

use pushbench_toml::kind::{Mismatch, choice, text};
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

/// Where a value is: a text with `${value}`, or a table with `json`, `header` or `cookie`.
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
    let decode = table.optional("decode", choice(Decode::ALL, Decode::label));
    let (pattern, pointer, after) = (pattern?.value, pointer?.value, after?.value);
    let (header, cookie, decode) = (header?.value, cookie?.value, decode?.value);
    match (pattern, pointer, header, cookie) {
        (Some(pattern), None, None, None) => Some(Place::Pattern(pattern)),
        (None, Some((list, pointer)), None, None) => {
            Some(Place::Json { after, last_of: list, pointer, decode })
        }
        (None, None, Some(name), None) => Some(Place::Header(name.to_ascii_lowercase())),
        (None, None, None, Some(name)) => Some(Place::Cookie(name)),
        _ => {
            let given: Vec<_> = ["text", "json", "header", "cookie"]
                .into_iter()
                .filter(|name| written.node(name).is_some())
                .collect();
            let found = match given.is_empty() {
                true => "a table without a place".to_owned(),
                false => format!("given by {}", given.join(" and ")),
            };
            let expected = "one of `text`, `json`, `header` and `cookie`".to_owned();
            table.complain("", table.place(), &found, expected, None);
            None
        }
    }
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
