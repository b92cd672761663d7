//! HTTP/1.1: one exchange at a time on a connection, and responses read from bytes, however they
//! come in.

mod headers;
pub(crate) mod line;
pub(crate) mod opening;
mod pending;
pub(crate) mod reader;
pub(crate) mod refusal;
pub(crate) mod stream;
pub(crate) mod tunnel;
pub(crate) mod upgraded;
