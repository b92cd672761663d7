//! Attackers beside clients that behave, at the engine `axum`. A process of its own, since its memory is
//! looked at.

use pushbench_protocol::ServerEngine;

/// What the server serves with.
const ENGINE: ServerEngine = ServerEngine::Axum;

mod attackers;
#[path = "../server/support.rs"]
#[allow(dead_code, reason = "shared with the other tests of the server")]
mod support;
