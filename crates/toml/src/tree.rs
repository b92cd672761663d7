//! A TOML text as a tree whose every node knows where it was written.
//!
//! The tree is ours and not the TOML library's because it has two sources: the file, and `--set`
//! on the command line, which puts nodes into it that no file has.

use toml::de::{DeTable, DeValue};

/// Where a node was written. Ordered as problems are shown: the file from its top, then the
/// command line.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// At this byte of the file.
    File(usize),
    /// In this `--set`, from 0.
    Set(usize),
    /// In this `--only`, from 0.
    Only(usize),
}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// A value as written.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number as written, with its value where 128 bits hold it.
    Whole(String, Option<i128>),
    /// A float, a truth value or a date: its text is all that matters of it.
    Other(String),
    /// An array.
    List(Vec<Node>),
    /// A table, whichever way it was written.
    Table(Table),
}

/// Keys and values in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Entry>);

/// A key of a table with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub name: String,
    /// Where the key was written.
    pub place: Place,
    /// Its value.
    pub node: Node,
}

impl Value {
    /// The value as messages show it: short, on one line.
    pub fn show(&self) -> String {
        match self {
            Self::Text(text) => match text.char_indices().nth(60) {
                Some((end, _)) => format!("{:?}...", &text[..end]),
                None => format!("{text:?}"),
            },
            Self::Whole(text, _) | Self::Other(text) => text.clone(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }

    /// Takes over a value of the TOML library; `place` says where a byte of its text is.
    pub fn from_toml(value: &DeValue<'_>, place: &impl Fn(usize) -> Place) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => Self::Whole(
                number.to_string(),
                i128::from_str_radix(number.as_str(), number.radix()).ok(),
            ),
            DeValue::Float(number) => Self::Other(number.to_string()),
            DeValue::Boolean(truth) => Self::Other(truth.to_string()),
            DeValue::Datetime(moment) => Self::Other(moment.to_string()),
            DeValue::Array(list) => Self::List(
                list.iter()
                    .map(|node| Node {
                        place: place(node.span().start),
                        value: Self::from_toml(node.get_ref(), place),
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Self::Table(Table::from_toml(table, place)),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Whole(number.to_string(), Some(number.into()))
    }
}

impl Table {
    /// Takes over a table of the TOML library, in the order of the text.
    pub fn from_toml(table: &DeTable<'_>, place: &impl Fn(usize) -> Place) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(name, node)| Entry {
                name: name.get_ref().to_string(),
                place: place(name.span().start),
                node: Node {
                    place: place(node.span().start),
                    value: Value::from_toml(node.get_ref(), place),
                },
            })
            .collect();
        entries.sort_by_key(|entry| entry.place);
        Self(entries)
    }

    /// Keys and values in the order of the text.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The value at a key, with its place.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|entry| entry.name == name).map(|entry| &entry.node)
    }

    /// Takes a key and its value out of the table.
    pub fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.0.iter().position(|entry| entry.name == name)?;
        Some(self.0.remove(at).node)
    }

    /// The text at a key, if it is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.node(name) {
            Some(Node { value: Value::Text(text), .. }) => Some(text),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn node_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.0.iter_mut().find(|entry| entry.name == name).map(|entry| &mut entry.node)
    }

    /// Puts a value at a path below this table, in place of what is there; makes the tables on the
    /// way. If one of those is no table, the answer is how many keys of the path lead to it.
    pub fn set(&mut self, path: &[&str], node: Node) -> Result<(), usize> {
        let Some((name, below)) = path.split_first() else {
            return Ok(());
        };
        let place = node.place;
        if below.is_empty() {
            self.0.retain(|entry| entry.name != *name);
            self.0.push(Entry { name: (*name).to_owned(), place, node });
            return Ok(());
        }
        if self.node(name).is_none() {
            let node = Node { place, value: Value::Table(Self::default()) };
            self.0.push(Entry { name: (*name).to_owned(), place, node });
        }
        match self.node_mut(name) {
            Some(Node { value: Value::Table(table), .. }) => {
                table.set(below, node).map_err(|depth| depth + 1)
            }
            _ => Err(1),
        }
    }
}
