//! The same tests as of the engine `axum`, of the engine `lean`: they are given other servers, and
//! expect the same bytes.

use pushbench_protocol::ServerEngine;

/// What the servers of these tests serve with.
const ENGINE: ServerEngine = ServerEngine::Lean;

include!("../server/modules.rs");
mod same;
