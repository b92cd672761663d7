//! A start line and fields.

use super::block::FieldBlock;
use super::field::Field;

/// The headers of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Message {
    /// Bytes of the start line with its end.
    pub(super) start_len: usize,
    pub(super) fields: Vec<Field>,
}

impl Message {
    /// Value of the first field of this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.is(name)).map(|field| field.value.as_str())
    }

    /// Sets the value of the first field of this name, or adds one at the end.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        match self.fields.iter_mut().find(|field| field.is(name)) {
            Some(field) => field.value = value.into(),
            None => self.fields.push(Field::new(name, value)),
        }
    }

    /// Adds a field behind those of its name that are there, or at the end.
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        let last = self.fields.iter().rposition(|field| field.is(name));
        let at = last.map_or(self.fields.len(), |last| last + 1);
        self.fields.insert(at, Field::new(name, value));
    }

    /// Bytes on HTTP/1.1, the empty line included (RFC 9112, section 2.1).
    pub(super) fn len(&self) -> usize {
        self.start_len + self.fields.iter().map(Field::len).sum::<usize>() + "\r\n".len()
    }

    /// What HTTP/2 carries behind these pseudo-fields, `host` among them if it is a request's.
    pub(super) fn block<const N: usize>(
        &self,
        pseudo: [(&str, &str); N],
        host: Option<&str>,
    ) -> FieldBlock {
        let fields = self.fields.iter().filter(|field| field.is_in_blocks());
        let fields: Vec<_> =
            fields.map(|field| (field.name.to_ascii_lowercase(), field.value.clone())).collect();
        // As text of HTTP/1.1, with one blank in front of each value.
        let line = |name: &str, value: &str| name.len() + value.len() + ": \r\n".len();
        let text: usize = fields.iter().map(|(name, value)| line(name, value)).sum();
        let host = host.map_or(0, |host| line("host", host));
        let pseudo = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned()));
        FieldBlock::new(
            pseudo.into_iter().chain(fields).collect(),
            self.start_len + host + text + "\r\n".len(),
        )
    }
}
