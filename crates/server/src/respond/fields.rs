//! The fields of a request, whatever an engine keeps them in.

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use pushbench_protocol::accepts_coding;

/// The fields of a request, in the order in which they came.
pub(crate) trait Fields {
    /// The value of each field of this name, in whatever case.
    fn all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]>;

    /// Whether there is a field of this name.
    fn has(&self, name: &HeaderName) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of the first field of this name.
    fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The value of a field that may stand only once.
    fn only(&self, name: &HeaderName) -> Option<&str> {
        let mut values = self.all(name);
        let value = text(values.next()?)?;
        values.next().is_none().then_some(value)
    }

    /// Whether a field is a list that names `token`.
    fn names(&self, name: &HeaderName, token: &str) -> bool {
        self.all(name)
            .filter(|value| is_text(value))
            .flat_map(|value| value.split(|&byte| byte == b','))
            .any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }

    /// Whether a body may be sent in this coding.
    fn accept_coding(&self, coding: &str) -> bool {
        accepts_coding(self.all(&ACCEPT_ENCODING).filter_map(text), coding)
    }
}

impl Fields for HeaderMap {
    fn all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }
}

/// A value as text; `None` where it is more than the visible characters of ASCII, blanks and tabs.
pub(crate) fn text(value: &[u8]) -> Option<&str> {
    if is_text(value) { std::str::from_utf8(value).ok() } else { None }
}

fn is_text(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

#[cfg(test)]
impl Fields for [(&str, &str)] {
    fn all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name.as_str()))
            .map(|(_, value)| value.as_bytes())
    }
}
