//! The server over real sockets: what it writes, byte for byte, and what it does to those who
//! misbehave, and to those who do not.

use pushbench_protocol::ServerEngine;

/// What the servers of these tests serve with.
const ENGINE: ServerEngine = ServerEngine::Axum;

include!("modules.rs");
mod pure;
