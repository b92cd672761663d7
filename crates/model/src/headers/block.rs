//! The headers of a message as HTTP/2 carries them.

use pushbench_protocol::Cursor;

/// Names in lower case and values in the order in which they are sent, pseudo-fields first (RFC 9113,
/// section 8.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldBlock {
    fields: Vec<(String, String)>,
    uncompressed: usize,
}

impl FieldBlock {
    pub(super) fn new(fields: Vec<(String, String)>, uncompressed: usize) -> Self {
        Self { fields, uncompressed }
    }

    /// Names and values as they are sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Bytes that HTTP/1.1 would write for the same fields: the start line, each field with its name,
    /// `: `, value and line end, and the empty line. `Host` counts where there is `:authority`.
    pub fn uncompressed_len(&self) -> u64 {
        self.uncompressed as u64
    }

    /// Says another place in the log where the request says one: in its path and in its tag. A cursor
    /// is as long as every other.
    pub(crate) fn set_cursor(&mut self, cursor: Cursor) {
        const AFTER: &str = "after=";
        for (name, value) in &mut self.fields {
            let at = match name.as_str() {
                ":path" => value.find(AFTER).map(|at| at + AFTER.len()),
                "if-none-match" => value.find('"').map(|at| at + 1),
                _ => None,
            };
            if let Some(at) = at {
                value.replace_range(at..at + Cursor::LEN, &cursor.to_string());
            }
        }
    }
}
