//! What an anatomy is made of.

use pushbench_protocol::{ByteKind, Direction};
use serde::{Serialize, Serializer};

/// A stretch of bytes with one purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What it is: a field's name, `chunk size`, `masking key`.
    pub name: String,
    /// What its bytes are booked as.
    pub kind: ByteKind,
    /// The bytes; never none.
    #[serde(flatten, serialize_with = "bytes")]
    pub bytes: Vec<u8>,
    /// Why it is there.
    pub note: String,
    /// The document that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// What is inside: bits, decoded values, the steps of a computation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

/// Something inside of a part.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Detail {
    /// What it is.
    pub name: String,
    /// What stands there; for bits, their place among the eight as in `1... ....`.
    pub value: String,
    /// What that means; may be empty.
    pub note: String,
}

/// What one side said in one go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passage {
    /// What it is, as `the request`.
    pub title: String,
    /// Who says it.
    pub direction: Direction,
    /// Its bytes, in their order.
    pub parts: Vec<Part>,
}

impl Part {
    /// A part of this kind, yet without a word about it.
    pub fn new(name: impl Into<String>, kind: ByteKind, bytes: &[u8]) -> Self {
        Self {
            name: name.into(),
            kind,
            bytes: bytes.to_vec(),
            note: String::new(),
            source: None,
            details: Vec::new(),
        }
    }

    /// Says why it is there, and who asks for it; an empty source is none.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>, source: &'static str) -> Self {
        self.note = note.into();
        self.source = (!source.is_empty()).then_some(source);
        self
    }

    /// Says what is inside.
    #[must_use]
    pub fn with(mut self, details: impl IntoIterator<Item = Detail>) -> Self {
        self.details.extend(details);
        self
    }

    /// Its size.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Always false: a part has bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its bytes as text, if people can read them; line ends are allowed.
    pub fn text(&self) -> Option<&str> {
        let is_readable = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t');
        std::str::from_utf8(&self.bytes).ok().filter(|text| text.chars().all(is_readable))
    }

    /// Its bytes as pairs of hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.bytes, " ")
    }
}

impl Detail {
    /// A detail.
    pub fn new(name: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), note: note.into() }
    }
}

impl Passage {
    /// Bytes of all its parts.
    pub fn len(&self) -> u64 {
        self.parts.iter().map(Part::len).sum()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

/// Pairs of hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

/// Bytes as a program wants them: how many, which, and as text where they are.
fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Bytes<'a> {
        len: usize,
        hex: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    }
    let text = std::str::from_utf8(bytes).ok();
    Bytes { len: bytes.len(), hex: hex(bytes, ""), text }.serialize(serializer)
}
