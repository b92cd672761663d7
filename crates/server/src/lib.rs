//! The push server: the same messages by every transport, with every byte counted.
//!
//! A publish becomes one [`log::Message`], encoded once. The [`hub`] decides who gets what: it is
//! pure and knows no sockets. The routes speak HTTP, the sessions WebSocket or a chunked answer that
//! does not end; all ask the hub and obey. Every socket is wrapped in a counting stream, and the books say at `/stats` what each
//! class of connection has carried. A second listener offers the same over TLS 1.3, if asked to.
//!
//! Deliberately absent: a runtime (it runs on the caller's, one thread is enough), signals,
//! printing, and any code for the teaching page. What is measured is only what is compared.
//!
//! Start with [`hub`], then `websocket/session.rs`.

mod alarms;
mod books;
mod config;
mod connection;
mod conversation;
mod exchange;
mod fields;
#[doc(hidden)]
pub mod fuzz;
mod heartbeat;
mod http2;
pub mod hub;
mod listener;
pub mod log;
mod patience;
mod rewind;
mod routes;
mod server;
mod spelling;
mod stream;
mod streaming;
mod websocket;

pub use config::{BodyCompression, DeflateLimits, Limits, ServerConfig, TlsConfig};
pub use listener::listen;
pub use server::{Ended, SHUTDOWN_TIME, Server, ServerError};
