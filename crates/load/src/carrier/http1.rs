//! HTTP/1.1: responses read from bytes, however they come in.

pub(crate) mod answer;
pub(crate) mod opening;
pub(crate) mod refusal;
pub(crate) mod response_head;
pub(crate) mod stream_body;
pub(crate) mod upgraded;
