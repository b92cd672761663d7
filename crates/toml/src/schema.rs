//! What a file may have, as JSON Schema: an editor completes keys and values by it, and explains them.
//!
//! A schema is written with the same words as a reader, one function for each of [`crate::kind`], and a
//! test of each crate that has one holds every key, default and bound of it against the reader. What a
//! schema cannot say (that two keys do not go together, that a file exists) only the reader knows.
//!
//! Draft 7, since that is what TOML editors read.

use std::ops::RangeInclusive;
use std::time::Duration;

use pushbench_protocol::format_duration;
pub use schemars::Schema;
use schemars::json_schema;
use serde_json::{Map, Value, json};

use crate::kind::grouped;
use crate::size::SIZE;

/// A key of a table: its name, what it is, and its kind of value.
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    kind: Schema,
    is_required: bool,
}

/// A key that must be there.
pub fn required(name: &str, about: &str, kind: Schema) -> Key {
    Key { name: name.to_owned(), kind: described(kind, about), is_required: true }
}

/// A key that may be absent.
pub fn optional(name: &str, about: &str, kind: Schema) -> Key {
    Key { is_required: false, ..required(name, about, kind) }
}

/// A key with a default, given as a file would spell it.
pub fn or(name: &str, default: impl Into<Value>, about: &str, kind: Schema) -> Key {
    let default = default.into();
    let about = format!("{about}\n\nDefault: {}.", shown(&default));
    let mut key = optional(name, &about, kind);
    key.kind.insert("default".to_owned(), default);
    key
}

/// A table with these keys and no others.
pub fn table(keys: impl IntoIterator<Item = Key>) -> Schema {
    let keys: Vec<Key> = keys.into_iter().collect();
    let required: Vec<_> = keys.iter().filter(|key| key.is_required).map(|key| &key.name).collect();
    let mut schema = json_schema!({ "type": "object", "additionalProperties": false });
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    let properties: Map<_, _> =
        keys.into_iter().map(|key| (key.name, key.kind.to_value())).collect();
    schema.insert("properties".to_owned(), properties.into());
    schema
}

/// A table whose keys are free, and whose values are of one kind.
pub fn free_table(kind: Schema) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": kind })
}

/// A table with these keys, and others of one kind.
pub fn open_table(keys: impl IntoIterator<Item = Key>, others: Schema) -> Schema {
    let mut schema = table(keys);
    schema.insert("additionalProperties".to_owned(), others.to_value());
    schema
}

/// A list.
pub fn list(kind: Schema, length: RangeInclusive<usize>) -> Schema {
    let (least, most) = length.into_inner();
    let mut schema = json_schema!({ "type": "array", "items": kind, "minItems": least });
    if most != usize::MAX {
        schema.insert("maxItems".to_owned(), most.into());
    }
    schema
}

/// One of these kinds.
pub fn either(kinds: impl IntoIterator<Item = Schema>) -> Schema {
    let kinds: Vec<Value> = kinds.into_iter().map(Schema::to_value).collect();
    json_schema!({ "anyOf": kinds })
}

/// What is defined under this name by [`document`].
pub fn defined(name: &str) -> Schema {
    json_schema!({ "$ref": format!("#/definitions/{name}") })
}

/// Any text.
pub fn any_text() -> Schema {
    json_schema!({ "type": "string" })
}

/// Any whole number.
pub fn whole_number() -> Schema {
    json_schema!({ "type": "integer" })
}

/// A text, a number, a truth or a date: anything but a list and a table.
pub fn anything_short() -> Schema {
    json_schema!({ "type": ["string", "number", "boolean"] })
}

/// Anything.
pub fn anything() -> Schema {
    json_schema!({})
}

/// A text of one line that is not empty, as [`crate::kind::text`].
pub fn text() -> Schema {
    json_schema!({ "type": "string", "pattern": "^[^\\r\\n]*\\S[^\\r\\n]*$" })
}

/// A text of this pattern.
pub fn pattern(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern })
}

/// No value: the key has a meaning elsewhere.
pub fn never() -> Schema {
    json_schema!({ "not": {} })
}

/// `true` or `false`.
pub fn truth() -> Schema {
    json_schema!({ "type": "boolean" })
}

/// A whole number in a range.
pub fn whole(range: RangeInclusive<u64>) -> Schema {
    let (least, most) = range.into_inner();
    json_schema!({
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "description": format!("A whole number from {} to {}.", grouped(least), grouped(most)),
    })
}

/// A whole number from 1.
pub fn count(most: u32) -> Schema {
    whole(1..=u64::from(most))
}

/// A duration in a range. A pattern does not know how long it is, so the range is said in words, and in
/// `x-range` for whoever holds it against the reader.
pub fn duration(range: RangeInclusive<Duration>) -> Schema {
    let (least, most) = (format_duration(*range.start()), format_duration(*range.end()));
    json_schema!({
        "type": "string",
        "pattern": "^([0-9]+(\\.[0-9]+)?(h|ms|m|s|us|ns))+$",
        "description": format!(
            "A duration from {least} to {most}: numbers with the units h, m, s, ms, us or ns, as in \
             \"1m30s\"."
        ),
        "x-range": [least, most],
    })
}

/// A size in bytes in a range.
pub fn size(range: RangeInclusive<u32>) -> Schema {
    let (least, most) = range.into_inner();
    let units: Vec<_> = SIZE.iter().map(|(unit, _)| *unit).collect();
    let (shown_least, shown_most) = (grouped(least.into()), grouped(most.into()));
    json_schema!({
        "anyOf": [
            { "type": "integer", "minimum": least, "maximum": most },
            { "type": "string", "pattern": format!("^[0-9]+(\\.[0-9]+)?({})?$", units.join("|")) },
        ],
        "description": format!(
            "{shown_least} to {shown_most} bytes: a number, or one with a unit of {}.",
            units.join(", ")
        ),
        "x-range": [least, most],
    })
}

/// One of a list of names.
pub fn choice<T: Copy>(all: &[T], label: impl Fn(T) -> &'static str) -> Schema {
    let labels: Vec<_> = all.iter().map(|choice| label(*choice)).collect();
    json_schema!({ "type": "string", "enum": labels })
}

/// A kind with what else is to be said of it.
pub fn described(mut kind: Schema, about: &str) -> Schema {
    if kind.get("$ref").is_some() {
        // Nothing that stands beside a reference is read.
        kind = json_schema!({ "allOf": [kind] });
    }
    let own = kind.get("description").and_then(Value::as_str);
    let whole = own.map_or_else(|| about.to_owned(), |own| format!("{about}\n\n{own}"));
    kind.insert("description".to_owned(), whole.into());
    kind
}

/// A whole schema as JSON text; what the definitions are called [`defined`] names.
pub fn document(
    title: &str,
    root: Schema,
    definitions: impl IntoIterator<Item = (&'static str, Schema)>,
) -> String {
    let definitions: Map<_, _> = definitions
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema.to_value()))
        .collect();
    let mut schema = json_schema!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
    });
    for (name, value) in root.as_object().into_iter().flatten() {
        schema.insert(name.clone(), value.clone());
    }
    if !definitions.is_empty() {
        schema.insert("definitions".to_owned(), definitions.into());
    }
    format!("{:#}\n", schema.as_value())
}

/// A default as a file has it.
fn shown(value: &Value) -> String {
    value.to_string()
}
