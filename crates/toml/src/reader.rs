//! Reads tables key by key and collects every problem on the way.

use std::borrow::Cow;

use crate::complaint::{Complaint, Problems, closest};
use crate::kind::Mismatch;
use crate::tree::{Entry, Node, Place, Table, Value};

/// A value with the key it stands at, for checks that come later. `None` in its place means that
/// the value was refused and the problem noted.
pub type Read<T> = Option<At<T>>;

/// A value that was read, or the default where none was written.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its dotted key.
    pub key: String,
    /// Where it was written; of a default, where its table was.
    pub place: Place,
    /// The value as messages show it.
    pub shown: String,
}

/// A table that is being read. Which keys it may have is known by what it was asked for, so there
/// is no second list of them; [`Reader::finish`] refuses the others.
#[derive(Debug)]
pub struct Reader<'a> {
    key: String,
    place: Place,
    table: Option<&'a Table>,
    /// Something else stood where the table belongs, so what it lacks is no further problem.
    refused: bool,
    asked: Vec<&'static str>,
    /// Keys that exist elsewhere: complained about already, and not to be suggested.
    refused_keys: Vec<&'static str>,
    /// Keys whose names are free, which have been handed out.
    free: Vec<&'a str>,
    problems: &'a Problems,
}

/// One line of a table whose keys are free.
#[derive(Debug)]
pub struct Line<T> {
    /// Its dotted name within the table.
    pub name: String,
    /// Where the name was written.
    pub place: Place,
    /// What it is set to.
    pub right: At<T>,
}

impl<T> At<T> {
    /// Notes that the value does not go with the rest of the file.
    pub fn refuse(&self, problems: &Problems, expected: String, help: Option<&str>) {
        problems.add(Complaint {
            place: self.place,
            key: self.key.clone(),
            found: self.shown.clone(),
            expected,
            help: help.map(str::to_owned),
        });
    }

    /// Another value at the same place.
    pub fn with<U>(self, value: U) -> At<U> {
        At { value, key: self.key, place: self.place, shown: self.shown }
    }
}

impl<'a> Reader<'a> {
    /// A reader of the table at a dotted key, or of none.
    pub fn new(key: &str, place: Place, table: Option<&'a Table>, problems: &'a Problems) -> Self {
        Self {
            key: key.to_owned(),
            place,
            table,
            refused: false,
            asked: Vec::new(),
            refused_keys: Vec::new(),
            free: Vec::new(),
            problems,
        }
    }

    /// The value at a key that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        kind: impl Fn(&Value) -> Result<T, Mismatch>,
    ) -> Read<T> {
        match self.ask(name) {
            Some(node) => self.convert(name, node, &kind),
            None if self.refused => None,
            None => {
                // What a kind expects, it says when it is shown something that it never takes.
                let expected = kind(&Value::Other(String::new()))
                    .err()
                    .map_or_else(String::new, |m| m.expected);
                self.complain(name, self.place, "missing", expected, None);
                None
            }
        }
    }

    /// The value at a key, or a default, given as a file would spell it.
    pub fn or<T>(
        &mut self,
        name: &'static str,
        default: impl Into<Value>,
        kind: impl Fn(&Value) -> Result<T, Mismatch>,
    ) -> Read<T> {
        match self.ask(name) {
            Some(node) => self.convert(name, node, &kind),
            None => {
                let default = default.into();
                let value = kind(&default).expect("the default is a value the key takes");
                Some(self.at(name, value, format!("{} by default", default.show())))
            }
        }
    }

    /// The value at a key, or none.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        kind: impl Fn(&Value) -> Result<T, Mismatch>,
    ) -> Read<Option<T>> {
        match self.ask(name) {
            Some(node) => self.convert(name, node, &|value| kind(value).map(Some)),
            None => Some(self.at(name, None, "absent".to_owned())),
        }
    }

    /// The table at a key; an empty one if there is none.
    pub fn table(&mut self, name: &'static str) -> Reader<'a> {
        let node = self.ask(name);
        let table = node.and_then(|node| self.as_table(name, node));
        let place = node.map_or(self.place, |node| node.place);
        let refused = node.is_some() && table.is_none();
        Reader { refused, ..Reader::new(&self.dotted(name), place, table, self.problems) }
    }

    /// The table at a key that must be there and look like the example.
    pub fn required_table(&mut self, name: &'static str, example: &str) -> Option<Reader<'a>> {
        let found = self.optional_table(name, example)?;
        if found.value.is_none() {
            found.refuse(self.problems, as_in(example), None);
        }
        found.value
    }

    /// The table at a key, or none; it must look like the example.
    pub fn optional_table(
        &mut self,
        name: &'static str,
        example: &str,
    ) -> Read<Option<Reader<'a>>> {
        match self.ask(name) {
            None if self.refused => None,
            None => Some(self.at(name, None, "missing".to_owned())),
            Some(Node { place, value: Value::Table(table) }) => {
                let reader = Reader::new(&self.dotted(name), *place, Some(table), self.problems);
                Some(At { place: *place, ..self.at(name, Some(reader), "a table".to_owned()) })
            }
            Some(node) => {
                self.complain(name, node.place, &node.value.show(), as_in(example), None);
                None
            }
        }
    }

    /// The tables of a list at a key that must have at least one, with their places; `content` is
    /// what such a table has.
    pub fn tables(&mut self, name: &'static str, content: &str) -> Vec<(Place, &'a Table)> {
        let node = self.ask(name);
        let refuse = |place, found: &str| {
            let expected = format!("at least one table `[[{name}]]` with {content}");
            self.complain(name, place, found, expected, None);
        };
        match node {
            None => {
                refuse(self.place, "missing");
                Vec::new()
            }
            Some(Node { place, value: Value::List(nodes) }) => {
                if nodes.is_empty() {
                    refuse(*place, "an empty list");
                }
                let table = |node: &'a Node| match &node.value {
                    Value::Table(table) => Some((node.place, table)),
                    other => {
                        refuse(node.place, &other.show());
                        None
                    }
                };
                nodes.iter().filter_map(table).collect()
            }
            Some(node) => {
                refuse(node.place, &node.value.show());
                Vec::new()
            }
        }
    }

    /// Lines of the table at a key whose own keys are free. Tables in it count as parts of names,
    /// since that is what TOML makes of dots without quotes.
    pub fn lines<T>(
        &mut self,
        name: &'static str,
        kind: impl Fn(&Value) -> Result<T, Mismatch>,
    ) -> Vec<Line<T>> {
        let node = self.ask(name);
        let mut lines = Vec::new();
        if let Some(table) = node.and_then(|node| self.as_table(name, node)) {
            flatten(table, "", &mut |line, entry| {
                let right = self.convert(&format!("{name}.{line:?}"), &entry.node, &kind);
                lines.extend(right.map(|right| Line { name: line, place: entry.place, right }));
            });
        }
        lines
    }

    /// The value at a key as it was written, for what has several forms.
    pub fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        self.ask(name)
    }

    /// The dotted key of one of its keys.
    pub fn key(&self, name: &str) -> String {
        self.dotted(name)
    }

    /// Where it notes what is wrong.
    pub fn problems(&self) -> &'a Problems {
        self.problems
    }

    /// Refuses a key that exists elsewhere and means nothing here.
    pub fn refuse_key(&mut self, name: &'static str, why: &str) {
        self.refused_keys.push(name);
        if let Some(node) = self.table.and_then(|table| table.node(name)) {
            self.complain(name, node.place, &node.value.show(), why.to_owned(), None);
        }
    }

    /// Notes a problem with the table as a whole, or with one of its keys.
    pub fn complain(
        &self,
        name: &str,
        place: Place,
        found: &str,
        expected: String,
        help: Option<String>,
    ) {
        let key = self.dotted(name);
        self.problems.add(Complaint { place, key, found: found.to_owned(), expected, help });
    }

    /// Where the table was written.
    pub fn place(&self) -> Place {
        self.place
    }

    /// A value of this table that was put together from several keys.
    pub fn whole<T>(&self, value: T, shown: String) -> At<T> {
        At { value, key: self.key.clone(), place: self.place, shown }
    }

    /// The tables at keys that nobody asked for so far: their names are free.
    pub fn tables_of_free_names(&mut self) -> Vec<&'a Entry> {
        let entries = self.table.map_or(&[][..], Table::entries).iter();
        let free = entries.filter(|entry| {
            let name = entry.name.as_str();
            let is_known = self.asked.contains(&name) || self.refused_keys.contains(&name);
            !is_known && matches!(entry.node.value, Value::Table(_))
        });
        let free: Vec<_> = free.collect();
        self.free.extend(free.iter().map(|entry| entry.name.as_str()));
        free
    }

    /// Names a key that is read elsewhere, so that [`Self::finish`] lists it and suggests it.
    pub fn has_too(&mut self, name: &'static str) {
        self.asked.push(name);
    }

    /// Refuses every key that nobody asked for.
    pub fn finish(&self) {
        for entry in self.table.map_or(&[][..], Table::entries) {
            let name = entry.name.as_str();
            let is_known = self.asked.contains(&name) || self.free.contains(&name);
            if !is_known && !self.refused_keys.contains(&name) {
                let is_taken = |name: &&&'static str| !self.refused_keys.contains(name);
                let known: Vec<_> = self.asked.iter().filter(is_taken).copied().collect();
                let expected = match known.as_slice() {
                    // What it holds has names of one's own.
                    [] => "a table".to_owned(),
                    known => format!("one of {}", known.join(", ")),
                };
                let help = closest(&entry.name, known)
                    .map(|name| format!("did you mean `{}`?", self.dotted(name)));
                self.complain(&bare(&entry.name), entry.place, "unknown", expected, help);
            }
        }
    }

    fn ask(&mut self, name: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
        self.table.and_then(|table| table.node(name))
    }

    fn convert<T>(
        &self,
        name: &str,
        node: &Node,
        kind: &impl Fn(&Value) -> Result<T, Mismatch>,
    ) -> Read<T> {
        match kind(&node.value) {
            Ok(value) => Some(At { place: node.place, ..self.at(name, value, node.value.show()) }),
            Err(Mismatch { expected, help }) => {
                self.complain(name, node.place, &node.value.show(), expected, help);
                None
            }
        }
    }

    fn as_table(&self, name: &str, node: &'a Node) -> Option<&'a Table> {
        match &node.value {
            Value::Table(table) => Some(table),
            other => {
                self.complain(name, node.place, &other.show(), format!("a table `[{name}]`"), None);
                None
            }
        }
    }

    fn at<T>(&self, name: &str, value: T, shown: String) -> At<T> {
        At { value, key: self.dotted(name), place: self.place, shown }
    }

    fn dotted(&self, name: &str) -> String {
        match (self.key.as_str(), name) {
            ("", name) => name.to_owned(),
            (key, "") => key.to_owned(),
            (key, name) => format!("{key}.{name}"),
        }
    }
}

fn flatten(table: &Table, above: &str, found: &mut impl FnMut(String, &Entry)) {
    for entry in table.entries() {
        let name = match above {
            "" => entry.name.clone(),
            above => format!("{above}.{}", entry.name),
        };
        match &entry.node.value {
            Value::Table(below) => flatten(below, &name, found),
            _ => found(name, entry),
        }
    }
}

/// A key as TOML spells it: with quotes if it needs them.
fn bare(name: &str) -> Cow<'_, str> {
    match name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        true => name.into(),
        false => format!("{name:?}").into(),
    }
}

/// What is expected where a table belongs.
pub fn as_in(example: &str) -> String {
    format!("a table as in `{example}`")
}
