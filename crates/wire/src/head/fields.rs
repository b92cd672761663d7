//! The start line and the fields of a message, and where each stands in its bytes.

use httparse::Header;

use super::places::Places;

/// The fields of a message, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'h> {
    /// The message's headers, the empty line included.
    bytes: &'h [u8],
    fields: &'h [Header<'h>],
    places: &'h Places,
}

/// A field, and the bytes that it takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Field<'h> {
    /// Its name as it is spelled.
    pub name: &'h str,
    /// Its value without the blanks around it. A value that is folded over lines has their ends in it
    /// (RFC 9112, section 5.2).
    pub value: &'h [u8],
    /// Its line, or lines, with their ends.
    pub line: &'h [u8],
}

impl<'h> Fields<'h> {
    /// Fields at these places, whose names and values stand in `bytes`, which end with the empty line.
    pub(super) fn new(bytes: &'h [u8], fields: &'h [Header<'h>], places: &'h Places) -> Self {
        Self { bytes, fields, places }
    }

    /// Values of the fields of this name, in whatever case, in their order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'h [u8]> + 'a {
        let named = move |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.fields[self.places.of_name(name)].iter().filter(named).map(|field| field.value)
    }

    /// Value of the first field of this name.
    pub fn value(&self, name: &str) -> Option<&'h [u8]> {
        self.values(name).next()
    }

    /// Members of a field that is a list, without the blanks around them; empty ones are none
    /// (RFC 9110, section 5.6.1).
    pub fn members<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'h [u8]> + 'a {
        let members = |value: &'h [u8]| value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        self.values(name).flat_map(members).filter(|member| !member.is_empty())
    }

    /// Whether a list has this member, in whatever case.
    pub fn has_member(&self, name: &str, member: &str) -> bool {
        self.members(name).any(|found| found.eq_ignore_ascii_case(member.as_bytes()))
    }

    /// Bytes before the first field: the start line with its end.
    pub fn start_line(&self) -> &'h [u8] {
        &self.bytes[..self.place(0)]
    }

    /// Each field with the bytes of its line. With the start line before them and the empty line
    /// behind they are all bytes of the headers, each once.
    pub fn lines(&self) -> impl Iterator<Item = Field<'h>> {
        self.fields.iter().enumerate().map(|(index, &Header { name, value })| Field {
            name,
            value,
            line: &self.bytes[self.place(index)..self.place(index + 1)],
        })
    }

    /// The empty line at the end: CR LF, or LF where the sender ends lines so.
    pub fn empty_line(&self) -> &'h [u8] {
        &self.bytes[self.place(self.fields.len())..]
    }

    /// Where the field of this index begins, or what follows the last.
    fn place(&self, index: usize) -> usize {
        match self.fields.get(index) {
            // The parser's names are slices of the bytes that it was given.
            Some(field) => field.name.as_ptr().addr() - self.bytes.as_ptr().addr(),
            None => self.bytes.len() - if self.bytes.ends_with(b"\r\n") { 2 } else { 1 },
        }
    }
}
