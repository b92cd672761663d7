//! For tests: servers that cannot be installed, played from transcripts of what their documents say.
//!
//! A transcript is one of `crates/adapter/tests/exchanges/`, which an adapter's own test plays without
//! a socket. Here the server's side of it is a [`Script`], and a [`Replay`] plays that on real sockets,
//! to any number of clients: what it is published goes to every subscriber of the channel, and
//! heartbeats are sent for as long as they are replied to. Whatever a client says that the transcript
//! does not have is kept, so that a test can hold that there was nothing.
//!
//! What varies in a transcript is written as `${name=VALUE}`, see [`text`].

mod hub;
mod script;
mod server;
mod socket;
mod stage;
pub mod text;
pub mod transcript;

pub use hub::Seen;
pub use script::{Script, ScriptError};
pub use server::Replay;

/// The transcripts of servers that cannot be installed, each named as an adapter and a kind of
/// transport.
pub const TRANSCRIPTS: [&str; 7] = [
    "centrifugo.websocket",
    "centrifugo.sse",
    "centrifugo.stream",
    "mercure.sse",
    "phoenix.websocket",
    "pusher.websocket",
    "signalr.websocket",
];
