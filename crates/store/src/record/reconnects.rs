//! What was counted of connections that were lost, and of clients that came back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was counted where clients come back. How long each was away is the distribution
/// `reconnect_time`.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReconnectsV2 {
    /// Connections that were lost, any phase but for the end.
    pub lost_connections: u64,
    /// Of those, the ones in whose place the client got another.
    pub restored_connections: u64,
    /// Attempts to get another that failed.
    pub failed_attempts: u64,
    /// Clients that came back in each second since the measure phase began.
    pub by_second: BTreeMap<u32, u64>,
}
