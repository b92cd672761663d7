//! The engine on `axum` and `hyper`, with `h2` for HTTP/2: what a good team would write.
//!
//! A connection is a task. `obey.rs` is where a decision becomes bytes; a session takes over the
//! connection of a subscriber.

mod answer;
pub(crate) mod app;
pub(crate) mod connection;
mod content;
mod ending;
pub(crate) mod headers;
mod http2;
pub(crate) mod obey;
mod pieces;
mod prefixed;
mod spelling;
mod taken_over;
