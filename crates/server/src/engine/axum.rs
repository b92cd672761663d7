//! The engine on `axum` and `hyper`, with `h2` for HTTP/2: what a good team would write.

pub(crate) mod answer;
pub(crate) mod connection;
mod ending;
mod http2;
pub(crate) mod pieces;
mod rewind;
pub(crate) mod spelling;
mod taken_over;
