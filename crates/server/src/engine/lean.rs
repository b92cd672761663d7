//! The engine on `tokio` alone: what a connection costs when nothing is made that is not needed.
//!
//! A request is read where it lies, and no map is made of its fields; a response's headers are bytes
//! but for the date, the length and the place in the log. A connection at rest holds no buffer.
//! TLS and HTTP/2 are the other engine's.

mod asked;
mod body;
pub(crate) mod connection;
pub(crate) mod fuzz;
mod http;
mod request;
mod responses;
mod target;
mod template;
mod unsent;
mod waiting;
