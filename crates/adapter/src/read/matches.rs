//! What units are like, as written: a text, or a table of what must hold.

use pushbench_toml::kind::{Mismatch, choice, truth};
use pushbench_toml::{Complaint, Node, Problems, Reader, Value};

use crate::adapter::Each;
use crate::decode::Decode;
use crate::matching::{Condition, Match, MessageRule, Place};
use crate::pattern::Pattern;
use crate::pointer::Pointer;
use crate::read::scope::Scope;
use crate::template::{PAYLOAD, Template, VALUE};

/// The most rules of one sort.
const MOST_RULES: usize = 32;

/// A JSON pointer.
pub(crate) fn pointer(value: &Value) -> Result<Pointer, Mismatch> {
    match value {
        Value::Text(text) => Pointer::parse(text),
        _ => Err(Mismatch::new("a JSON pointer: empty, or as in \"/payload/0/data\"")),
    }
}

/// The value of a node, or a complaint.
pub(crate) fn value<T>(
    node: &Node,
    key: &str,
    problems: &Problems,
    kind: impl Fn(&Value) -> Result<T, Mismatch>,
) -> Option<T> {
    kind(&node.value).map_err(|mismatch| complain(node, key, problems, mismatch)).ok()
}

pub(crate) fn complain(node: &Node, key: &str, problems: &Problems, mismatch: Mismatch) {
    let Mismatch { expected, help } = mismatch;
    let (key, found) = (key.to_owned(), node.value.show());
    problems.add(Complaint { place: node.place, key, found, expected, help });
}

/// Whatever stands at a key, alone or in a list, with its key.
pub(crate) fn nodes<'a>(table: &mut Reader<'a>, name: &'static str) -> Vec<(String, &'a Node)> {
    let key = table.key(name);
    match table.node(name) {
        None => Vec::new(),
        Some(Node { value: Value::List(list), .. }) if list.len() <= MOST_RULES => {
            let keyed = list.iter().enumerate();
            keyed.map(|(place, node)| (format!("{key}[{}]", place + 1), node)).collect()
        }
        Some(node @ Node { value: Value::List(_), .. }) => {
            let most = Mismatch::new(format!("at most {MOST_RULES} of them"));
            complain(node, &key, table.problems(), most);
            Vec::new()
        }
        Some(node) => vec![(key, node)],
    }
}

/// Rules at a key: one, or a list of them.
pub(crate) fn matches(table: &mut Reader<'_>, name: &'static str, scope: &Scope) -> Vec<Match> {
    let problems = table.problems();
    let nodes = nodes(table, name);
    nodes.iter().filter_map(|(key, node)| one_match(node, key, scope, problems)).collect()
}

/// One rule: a text that the unit looks like, or a table.
pub(crate) fn one_match(
    node: &Node,
    key: &str,
    scope: &Scope,
    problems: &Problems,
) -> Option<Match> {
    match &node.value {
        Value::Table(table) => {
            let mut table = Reader::new(key, node.place, Some(table), problems);
            let found = conditions(&mut table, scope, VALUE);
            table.finish();
            let says_nothing = found.as_ref().is_some_and(|found| {
                found.pattern.is_none() && found.conditions.is_empty() && found.event.is_none()
            });
            if says_nothing {
                let (place, found) = (table.place(), "a table that everything is like");
                let expected = "one of `text`, `where`, `has` and `event`".to_owned();
                table.complain("", place, found, expected, None);
                return None;
            }
            found
        }
        _ => {
            let pattern = value(node, key, problems, |value| match value {
                Value::Text(_) => no_taking(scope.pattern(VALUE)(value)?, VALUE),
                _ => Err(Mismatch::new(
                    "a text, which may have `${any}` for any bytes, or a table as in \
                     `{ where = { \"/type\" = \"ping\" } }`",
                )),
            })?;
            Some(Match { pattern: Some(pattern), ..Match::default() })
        }
    }
}

fn no_taking(pattern: Pattern, takes: &str) -> Result<Pattern, Mismatch> {
    match pattern.has_taken() {
        false => Ok(pattern),
        true => Err(Mismatch::new(format!("`${{any}}` in place of `${{{takes}}}`"))),
    }
}

/// `text`, `after`, `where`, `has` and `event` of a table.
fn conditions(table: &mut Reader<'_>, scope: &Scope, takes: &'static str) -> Option<Match> {
    let pattern = table.optional("text", scope.pattern(takes));
    let after = table.or("after", "", scope.template());
    let event = match scope.has_events {
        true => table.optional("event", scope.template()).map(|event| event.value),
        false => {
            table.refuse_key("event", "nothing: only with `split = \"events\"` has a unit a type");
            Some(None)
        }
    };
    let is = table.node("where");
    let is = is.map_or(Some(Vec::new()), |node| {
        let key = table.key("where");
        equalities(node, &key, scope, table.problems())
    });
    let has = table.optional("has", pointer);
    let mut conditions = is?;
    conditions.extend(has?.value.map(|pointer| Condition { pointer, is: None }));
    let found = Match { pattern: pattern?.value, after: after?.value, conditions, event: event? };
    Some(found)
}

/// `{ "/type" = "next" }`: what the JSON has at each pointer.
fn equalities(
    node: &Node,
    key: &str,
    scope: &Scope,
    problems: &Problems,
) -> Option<Vec<Condition>> {
    let Value::Table(table) = &node.value else {
        let table = Mismatch::new("a table as in `{ \"/type\" = \"next\" }`");
        complain(node, key, problems, table);
        return None;
    };
    let mut all = Some(Vec::new());
    for entry in table.entries() {
        let key = format!("{key}.{:?}", entry.name);
        let pointer = Pointer::parse(&entry.name).map_err(|mismatch| {
            let found = Node { place: entry.place, value: Value::Text(entry.name.clone()) };
            complain(&found, &key, problems, mismatch);
        });
        let is = value(&entry.node, &key, problems, |value| match value {
            Value::Whole(number, _) | Value::Other(number) => Template::parse(number),
            value => scope.template()(value),
        });
        match (pointer.ok(), is, all.as_mut()) {
            (Some(pointer), Some(is), Some(all)) => all.push(Condition { pointer, is: Some(is) }),
            _ => all = None,
        }
    }
    all
}

/// How a message is known and where its payload is; without the key the whole unit is one.
pub(crate) fn message(table: &mut Reader<'_>, scope: &Scope) -> Option<MessageRule> {
    let (key, problems) = (table.key("message"), table.problems());
    let whole = |pattern| MessageRule { when: Match::default(), payload: Place::Pattern(pattern) };
    let Some(node) = table.node("message") else {
        return Some(whole(Pattern::whole(PAYLOAD)));
    };
    let Value::Table(written) = &node.value else {
        let pattern = value(node, &key, problems, |value| {
            let pattern = scope.pattern(PAYLOAD)(value)?;
            match pattern.has_taken() {
                true => Ok(pattern),
                false => Err(Mismatch::new("a text with `${payload}` where the payload is")),
            }
        })?;
        return Some(whole(pattern));
    };
    let mut table = Reader::new(&key, node.place, Some(written), problems);
    let when = conditions(&mut table, scope, PAYLOAD);
    let pointer = table.optional("payload", pointer);
    let decode = table.optional("decode", choice(Decode::ALL, Decode::label));
    table.finish();
    let (mut when, pointer, decode) = (when?, pointer?, decode?);
    let has_hole = when.pattern.as_ref().is_some_and(Pattern::has_taken);
    let payload = match (has_hole, pointer.value) {
        (true, None) => Place::Pattern(when.pattern.take()?),
        (false, Some(pointer)) => {
            Place::Json { after: when.after.clone(), last_of: None, pointer, decode: decode.value }
        }
        (has_hole, _) => {
            let found = match has_hole {
                true => "given by `payload` and by `${payload}`",
                false => "without a payload",
            };
            let expected = "either `payload`, a JSON pointer, or `text` with `${payload}` in it";
            table.complain("", node.place, found, expected.to_owned(), None);
            return None;
        }
    };
    if let (Place::Pattern(_), Some(_)) = (&payload, decode.value) {
        let help = Some("write it as a filter: `${payload|base64}`");
        decode.refuse(problems, "a `payload` that is a JSON pointer beside it".to_owned(), help);
        return None;
    }
    Some(MessageRule { when, payload })
}

/// Where a list is whose elements are looked at one by one.
pub(crate) fn each(table: &mut Reader<'_>, scope: &Scope) -> Option<Option<Each>> {
    let (key, problems) = (table.key("each"), table.problems());
    let Some(node) = table.node("each") else { return Some(None) };
    match &node.value {
        Value::Table(written) => {
            let mut table = Reader::new(&key, node.place, Some(written), problems);
            let after = table.or("after", "", scope.template());
            let at = table.or("at", "", pointer);
            table.finish();
            Some(Some(Each { after: after?.value, at: at?.value }))
        }
        _ => {
            let at = value(node, &key, problems, pointer)?;
            Some(Some(Each { after: Template::default(), at }))
        }
    }
}

/// A truth that is false where it is not written.
pub(crate) fn is_set(table: &mut Reader<'_>, name: &'static str) -> Option<bool> {
    Some(table.optional(name, truth)?.value.unwrap_or(false))
}
