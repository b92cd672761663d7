//! `id` and `sent_at` as written: where a message says which it is and when it was sent.

use pushbench_toml::kind::{Mismatch, choice};
use pushbench_toml::{Node, Problems, Reader, Value};

use crate::adapter::Each;
use crate::identity::{Identity, TimeUnit};
use crate::matching::Place;
use crate::read::matches::{complain, value};
use crate::read::places::{Starred, starred, taking};
use crate::read::scope::Scope;
use crate::template::Template;

/// Reads both keys. A `*` in a pointer stands for each element of a list, so it says what `each` does.
pub(crate) fn identity(
    table: &mut Reader<'_>,
    each: Option<Option<Each>>,
    scope: &Scope,
) -> (Option<Option<Each>>, Option<Identity>) {
    let mut lists = Lists { each, problems: table.problems() };
    let id = match (table.key("id"), table.node("id")) {
        (_, None) => Some(None),
        (key, Some(node)) => id(node, &key, scope, &mut lists).map(Some),
    };
    let sent_at = match (table.key("sent_at"), table.node("sent_at")) {
        (_, None) => Some(None),
        (key, Some(node)) => sent_at(node, &key, scope, &mut lists).map(Some),
    };
    (lists.each, id.zip(sent_at).map(|(id, sent_at)| Identity { id, sent_at }))
}

/// Where the transport's list is, as far as is known.
struct Lists<'p> {
    each: Option<Option<Each>>,
    problems: &'p Problems,
}

impl Lists<'_> {
    /// Where a value is in an element of the list.
    fn within(
        &mut self,
        starred: Starred,
        after: Template,
        node: &Node,
        key: &str,
    ) -> Option<Place> {
        let (list, pointer) = starred;
        match (list, self.each.as_ref()?) {
            (None, _) => {}
            (Some(at), None) => self.each = Some(Some(Each { after: after.clone(), at })),
            (Some(at), Some(each)) if each.at == at => {}
            (Some(_), Some(_)) => {
                let one =
                    Mismatch::new("a `*` for the elements of one list, the same as elsewhere");
                complain(
                    node,
                    key,
                    self.problems,
                    one.help("a transport has one list: `each` says where"),
                );
                return None;
            }
        }
        // What stands before a list stands before its elements no more.
        let after = if self.each.as_ref()?.is_some() { Template::default() } else { after };
        Some(Place::Json { after, last_of: None, pointer, decode: None })
    }
}

fn id(node: &Node, key: &str, scope: &Scope, lists: &mut Lists<'_>) -> Option<Place> {
    match &node.value {
        Value::Table(written) => {
            let mut table = Reader::new(key, node.place, Some(written), lists.problems);
            let place = place_of(&mut table, node, scope, lists);
            table.finish();
            place
        }
        _ => {
            let found = value(node, key, lists.problems, starred)?;
            lists.within(found, Template::default(), node, key)
        }
    }
}

fn sent_at(
    node: &Node,
    key: &str,
    scope: &Scope,
    lists: &mut Lists<'_>,
) -> Option<(Place, TimeUnit)> {
    let Value::Table(written) = &node.value else {
        let expected = "a table as in `{ pointer = \"/items/*/ts\", unit = \"ms\" }`";
        complain(node, key, lists.problems, Mismatch::new(expected));
        return None;
    };
    let mut table = Reader::new(key, node.place, Some(written), lists.problems);
    let place = place_of(&mut table, node, scope, lists);
    let unit = table.required("unit", choice(TimeUnit::ALL, TimeUnit::label));
    table.finish();
    Some((place?, unit?.value))
}

/// `pointer` and what stands before its JSON, or `text`.
fn place_of(
    table: &mut Reader<'_>,
    node: &Node,
    scope: &Scope,
    lists: &mut Lists<'_>,
) -> Option<Place> {
    let pointer = table.optional("pointer", starred);
    let after = table.or("after", "", scope.template());
    let text = table.optional("text", |value| taking(value, scope));
    match (pointer?.value, text?.value) {
        (Some(pointer), None) => lists.within(pointer, after?.value, node, &table.key("pointer")),
        (None, Some(pattern)) => Some(Place::Pattern(pattern)),
        (pointer, _) => {
            let found = if pointer.is_some() { "given twice" } else { "a table without a place" };
            let expected = "either `pointer` or `text`".to_owned();
            table.complain("", node.place, found, expected, None);
            None
        }
    }
}
