//! A request that is refused, and why.

use http::StatusCode;
use http::header::HeaderName;

/// The response to a request that is refused: a status, and a line of text that says why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    /// Fields that tell the client what would do.
    pub(crate) fields: Vec<(HeaderName, &'static str)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: impl ToString) -> Self {
        Self { status, reason: reason.to_string(), fields: Vec::new() }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.fields.push((name, value));
        self
    }
}
