//! The engine on `hyper`, with `axum`'s responses and `h2` for HTTP/2: what a good team would write.
//!
//! `axum`'s router is not asked: [`crate::respond`] looks at every path, so that it would have one
//! route. A connection is a task. `obey.rs` is where a decision becomes bytes; a session takes over the
//! connection of a subscriber.

mod answer;
pub(crate) mod app;
pub(crate) mod connection;
mod content;
pub(crate) mod ending;
mod flushed;
pub(crate) mod headers;
mod http1;
mod http2;
mod obey;
mod pieces;
mod prefixed;
pub(crate) mod spelling;
pub(crate) mod taken_over;
mod turn;
