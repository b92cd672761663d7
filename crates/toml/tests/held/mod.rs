//! Holds a schema against the reader that it describes: every key, every default, every bound.
//!
//! The tests of a crate include this file. Each case is a text with a mark in some table; whatever is
//! written there, the reader itself says what it thinks of it, so no list of keys stands in a test.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What the reader says of a text: what it read, or a key and what was expected there, for each
/// problem.
pub(crate) type Read<'r> = &'r dyn Fn(&str) -> Result<String, Vec<(String, String)>>;

/// Where something is written: `@line(key = value; key = value)@` stands for lines,
/// `@entry(key = value)@` for entries of an inline table. The keys in it are written too.
const MARKS: [(&str, &str); 2] = [("@line(", "\n"), ("@entry(", ", ")];

/// A schema, and which of its tables were held against the reader.
pub(crate) struct Held<'r> {
    schema: Value,
    read: Read<'r>,
    /// The tables themselves: one that stands at several places is held once.
    seen: BTreeSet<String>,
    checks: usize,
}

impl<'r> Held<'r> {
    /// Nothing is held yet.
    pub(crate) fn new(schema: &str, read: Read<'r>) -> Self {
        let schema = serde_json::from_str(schema).expect("a schema is JSON");
        Self { schema, read, seen: BTreeSet::new(), checks: 0 }
    }

    /// Holds one table. `at` is the way to it: names of keys, `*` for a key that is free, `+key` or `-key`
    /// to choose the form that has or lacks this key, and `key=name` for the one that has this name there. `text` has a mark in that table.
    pub(crate) fn table(&mut self, at: &str, text: &str) {
        let tables = self.find(at);
        let [table] = tables.as_slice() else { panic!("{at} is {tables:?}, expected one table") };
        let keys = self.keys_of(table);
        let properties = self.at(table)["properties"].as_object().cloned().unwrap_or_default();
        let is_never = |name: &String| properties[name].get("not").is_some();
        let refused = (self.read)(&with(text, "zz", "1")).expect_err(at);
        let (zz, expected) = refused
            .iter()
            .find(|(key, _)| key == "zz" || key.ends_with(".zz"))
            .unwrap_or_else(|| panic!("{at}: `zz` is no problem among {refused:?}"));
        let listed = match expected.strip_prefix("one of ") {
            Some(listed) => listed.split(", ").map(str::to_owned).collect(),
            // It has no keys but tables of free names.
            None if expected == "a table" => BTreeSet::new(),
            None => panic!("{at}: {expected}"),
        };
        // A key that means nothing here may be known to the reader or not.
        let never: BTreeSet<String> = keys.iter().filter(|name| is_never(name)).cloned().collect();
        let of_the_schema: Vec<_> = keys.difference(&never).collect();
        let of_the_reader: Vec<_> = listed.difference(&never).collect();
        assert_eq!(of_the_schema, of_the_reader, "{at}: keys of the schema, and of the reader");
        let prefix = zz.strip_suffix("zz").expect("it ends so");
        for (name, kind) in &properties {
            self.bounds(text, prefix, name, kind);
        }
        let table = self.at(table).to_string();
        self.seen.insert(table);
    }

    /// Says that every table of the schema was held but for those that are elsewhere, and that enough
    /// values were tried.
    pub(crate) fn finish(self, least_checks: usize, is_elsewhere: impl Fn(&str) -> bool) {
        let mut all = Vec::new();
        tables(&self.schema, "", &mut all);
        let is_missed = |pointer: &String| !self.seen.contains(&self.at(pointer).to_string());
        all.retain(|pointer| is_missed(pointer) && !is_elsewhere(pointer));
        let missed = all;
        assert!(missed.is_empty(), "no case for these tables: {missed:#?}");
        assert!(self.checks >= least_checks, "{} values", self.checks);
    }

    /// Whether the default is the reader's, and whether it takes what lies within bounds and no more.
    fn bounds(&mut self, text: &str, prefix: &str, name: &str, kind: &Value) {
        let key = format!("{prefix}{name}");
        // A JSON value but for a table is a TOML value.
        let tried = |value: &Value| (self.read)(&with(text, name, &value.to_string()));
        // What was expected, where the value itself is refused. Others that do not go with it are
        // complained about in other words.
        let expected = |value: &Value| -> Vec<String> {
            let problems = tried(value).err().unwrap_or_default();
            problems
                .into_iter()
                .filter(|(of, _)| *of == key)
                .map(|(_, expected)| expected)
                .collect()
        };
        let mut checks = 0;
        if let Some(default) = kind.get("default") {
            let without =
                (self.read)(&with(text, "", "")).unwrap_or_else(|why| panic!("{key}: {why:?}"));
            assert_eq!(tried(default), Ok(without), "{key}: the default is another");
            checks += 1;
        }
        for form in self.forms(kind) {
            let mut accepted = Vec::new();
            let mut refused = Vec::new();
            if let Some(Value::Array(names)) = form.get("enum") {
                accepted.extend(names.clone());
                refused.push("zz".into());
            }
            if let (Some(least), Some(most)) = (form.get("minimum"), form.get("maximum")) {
                accepted.extend([least.clone(), most.clone()]);
                refused.extend([beyond(least, -1), beyond(most, 1)]);
            }
            if let Some(Value::Array(range)) = form.get("x-range") {
                accepted.extend(range.clone());
                refused.push("0.9999999999us".into());
            }
            let beyond: Vec<_> = refused.iter().map(|value| (value, expected(value))).collect();
            for (value, found) in &beyond {
                assert!(!found.is_empty(), "{key} = {value} is taken: {:?}", tried(value));
            }
            for value in &accepted {
                let found = expected(value);
                let is_refused =
                    beyond.iter().any(|(_, words)| words.iter().any(|one| found.contains(one)));
                assert!(!is_refused, "{key} = {value} is refused: {found:?}");
            }
            checks += accepted.len() + refused.len();
        }
        self.checks += checks;
    }

    /// The forms that a value may have, lists left out.
    fn forms(&self, kind: &Value) -> Vec<Map<String, Value>> {
        let Some(own) = kind.as_object() else { return Vec::new() };
        let mut forms = vec![own.clone()];
        for inner in ["anyOf", "allOf"].iter().filter_map(|of| own.get(*of)?.as_array()).flatten() {
            forms.extend(self.forms(inner));
        }
        if let Some(name) = own.get("$ref").and_then(Value::as_str) {
            forms.extend(self.forms(self.at(&name[1..])));
        }
        forms
    }

    fn find(&self, at: &str) -> Vec<String> {
        let mut found = self.tables_of("");
        for step in at.split('/').filter(|step| !step.is_empty()) {
            let chosen = |table: &String, name: &str| self.keys_of(table).contains(name);
            if let Some((key, value)) = step.split_once('=') {
                let names = |table: &String| self.at(table)["properties"][key]["enum"].clone();
                found.retain(|table| names(table) == serde_json::json!([value]));
                continue;
            }
            found = match (step.strip_prefix('+'), step.strip_prefix('-'), step) {
                (Some(name), _, _) => {
                    found.into_iter().filter(|table| chosen(table, name)).collect()
                }
                (_, Some(name), _) => {
                    found.into_iter().filter(|table| !chosen(table, name)).collect()
                }
                (_, _, "*") => {
                    let free = found.iter().map(|table| format!("{table}/additionalProperties"));
                    free.flat_map(|kind| self.tables_of(&kind)).collect()
                }
                (_, _, name) => {
                    let of_name = found.iter().filter(|table| chosen(table, name));
                    let kinds = of_name.map(|table| format!("{table}/properties/{name}"));
                    kinds.flat_map(|kind| self.tables_of(&kind)).collect()
                }
            };
        }
        found.retain(|table| self.at(table).get("properties").is_some());
        // A rule may stand alone or in a list: it is the same rule.
        let mut seen = BTreeSet::new();
        found.retain(|table| seen.insert(self.at(table).to_string()));
        found
    }

    /// Where the tables are that a value may be, or that its elements may be.
    fn tables_of(&self, pointer: &str) -> Vec<String> {
        let schema = self.at(pointer);
        let mut found = Vec::new();
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            found.extend(self.tables_of(&name[1..]));
        }
        for of in ["anyOf", "allOf"] {
            let count = schema.get(of).and_then(Value::as_array).map_or(0, Vec::len);
            found.extend(
                (0..count).flat_map(|place| self.tables_of(&format!("{pointer}/{of}/{place}"))),
            );
        }
        if schema.get("type").is_some_and(|kind| kind == "object") {
            found.push(pointer.to_owned());
        }
        if schema.get("items").is_some() {
            found.extend(self.tables_of(&format!("{pointer}/items")));
        }
        found
    }

    fn at(&self, pointer: &str) -> &Value {
        self.schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the schema"))
    }

    fn keys_of(&self, table: &str) -> BTreeSet<String> {
        let properties = self.at(table).get("properties").and_then(Value::as_object);
        properties.map(|all| all.keys().cloned().collect()).unwrap_or_default()
    }
}

/// Where the tables of a schema are that name their keys.
fn tables(schema: &Value, pointer: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object)
                && members.contains_key("type")
            {
                found.push(pointer.to_owned());
            }
            for (name, member) in members {
                tables(member, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(all) => {
            for (place, one) in all.iter().enumerate() {
                tables(one, &format!("{pointer}/{place}"), found);
            }
        }
        _ => {}
    }
}

/// The text with a key set at its mark, beside the keys that are written there.
fn with(text: &str, key: &str, value: &str) -> String {
    let (mark, end) = MARKS
        .into_iter()
        .find(|(mark, _)| text.contains(mark))
        .unwrap_or_else(|| panic!("a case has a mark: {text}"));
    let (before, rest) = text.split_once(mark).expect("it has the mark");
    let (written, after) = rest.split_once(")@").expect("a mark ends in `)@`");
    let own = written.split("; ").filter(|own| !own.is_empty());
    let others = own.filter(|own| own.split_once(" = ").is_none_or(|(name, _)| name != key));
    let set = (!key.is_empty()).then(|| format!("{key} = {value}"));
    let all: Vec<_> = others.map(str::to_owned).chain(set).collect();
    format!("{before}{}{after}", all.join(end))
}

fn beyond(number: &Value, by: i64) -> Value {
    (i128::from(number.as_i64().expect("a bound is a number")) + i128::from(by))
        .try_into()
        .map_or_else(|_| Value::from(u64::MAX), |number: i64| Value::from(number))
}
