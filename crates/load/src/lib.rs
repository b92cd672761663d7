//! The load generator: plays the publisher and the subscribers of one trial and writes down what
//! they saw.
//!
//! A [`Plan`] says what to do; [`Load`] does it, phase by phase, on threads of its own, and hands
//! back an [`Outcome`]. Subscribers run on one single-threaded runtime for each worker: a task for
//! each client, one timer for all of them (`grid`), one recorder and one ledger for all of them,
//! so nothing that is measured takes a lock or allocates for each message. Each transport is one
//! file (`short_poll`, `long_poll`, `sse`, `stream`, `websocket`, `deflated`, `nudge`) and shares the rest:
//! `poll` (what polls do), `streamed` (answers that do not end), `pushed` (what is told unasked).
//!
//! What is deliberately absent: the server, the verdict on what was seen, and files.
//!
//! Start with `load` (the phases), then `worker`, then a transport.

mod agreed;
mod answer;
mod boundary;
mod bounds;
mod coded;
mod connection;
mod content_coding;
mod deflated;
mod event_lines;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod grid;
mod hiccup;
mod http2;
mod kept;
mod line;
mod lines;
mod load;
mod long_poll;
mod nudge;
mod opening;
mod outcome;
mod payload;
mod plan;
mod poll;
mod published;
mod publisher;
mod publisher_line;
mod pushed;
mod recorder;
mod refusal;
mod response_head;
#[cfg(test)]
mod rfc;
mod short_poll;
mod sse;
mod stream;
mod stream_body;
mod streamed;
mod timeline;
mod tls;
mod turns;
mod unexpected;
mod upgraded;
mod websocket;
mod worker;

pub use boundary::ServerBooks;
pub use fault::Fault;
pub use load::{Load, LoadError, Progress, Watch};
pub use outcome::{
    Boundary, Counts, Handshakes, Http2Counts, Outcome, PublisherOutcome, SampleHeads, ServerSums,
    SocketSums, Stall, Unrest,
};
pub use payload::PayloadWriter;
pub use plan::{Plan, TlsTarget};
pub use unexpected::Unexpected;
