//! The push server: the same messages by every transport, with every byte counted.
//!
//! A publish becomes one [`log::Message`], encoded once. The [`hub`] decides who gets what, and
//! `respond` what becomes of a request: neither knows a socket. An engine reads requests, asks them and
//! obeys; sessions speak WebSocket or a chunked response that does not end, and a pass over a topic's
//! subscribers writes them the messages that are the same bytes for all. Every socket is wrapped in a
//! counting stream, and the books say at `/stats` what each class of connection has carried. A second
//! listener offers the same over TLS 1.3, if asked to.
//!
//! It takes its clock and its connections as arguments ([`Server::over`]), so that whole trials run over
//! pipes in memory; [`Server::bind`] gives it the host's.
//!
//! Deliberately absent: a runtime (it runs on the caller's, one thread is enough), signals,
//! printing, and any code for the teaching page. What is measured is only what is compared.
//!
//! Start with [`hub`], then `respond.rs`, then `engine.rs`; to have it in a program of your own,
//! with `cargo run -p pushbench-server --example embedded`.

mod books;
mod config;
mod conversation;
mod deadline;
mod deliveries;
mod engine;
mod exchange;
mod feed;
mod first_words;
#[doc(hidden)]
pub mod fuzz;
mod heartbeat;
mod holding;
pub mod hub;
mod incoming;
mod listener;
pub mod log;
mod member;
mod pass;
mod pieces;
mod respond;
mod server;
mod shared_stream;
mod stream;
mod streaming;
mod wake_ups;
mod websocket;

pub use config::{BodyCompression, DeflateLimits, Limits, ServerConfig, TlsConfig};
pub use incoming::{Arrival, Incoming};
pub use listener::{Listeners, listen};
pub use server::{Ended, OpenBooks, SHUTDOWN_TIME, Server, ServerError};
