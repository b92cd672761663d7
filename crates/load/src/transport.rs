//! How messages reach a client: one file for each kind, and what several of them share.

pub(crate) mod deflated;
pub(crate) mod event_lines;
pub(crate) mod lines;
pub(crate) mod long_poll;
pub(crate) mod nudge;
pub(crate) mod poll;
pub(crate) mod pushed;
pub(crate) mod short_poll;
pub(crate) mod sse;
pub(crate) mod stream;
pub(crate) mod streamed;
pub(crate) mod websocket;
