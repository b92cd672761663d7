//! The same attackers as at the engine `axum`, at the engine `lean`: they harm no more and cost no more.

use pushbench_protocol::ServerEngine;

/// What the server serves with.
const ENGINE: ServerEngine = ServerEngine::Lean;

#[path = "../attack/attackers.rs"]
mod attackers;
#[path = "../server/support.rs"]
#[allow(dead_code, reason = "shared with the other tests of the server")]
mod support;
