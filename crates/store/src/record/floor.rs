//! The floor: what the least work for the same bytes costs on this machine, played in the same run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::scenario::CellV1;

/// The floor of a trial, played right after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FloorV2 {
    /// Label of the trial's transport.
    pub transport: String,
    /// The trial's round, from 1.
    pub round: u32,
    /// The trial's cell; empty without a sweep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: CellV1,
    /// When it started, RFC 3339, UTC.
    pub started_at: String,
    /// What was played and what it cost.
    pub played: FloorPlayV2,
}

/// A floor that was played once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FloorPlayV2 {
    /// What an operation is.
    pub work: FloorWorkV2,
    /// Connections.
    pub connections: u64,
    /// Topics that they were spread over; 1 for polls.
    pub topics: u64,
    /// Bytes of an operation that the client sent.
    pub bytes_up: u64,
    /// Bytes of an operation that the server sent.
    pub bytes_down: u64,
    /// Time between two polls of a connection or two messages of a topic; absent in a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_ns: Option<u64>,
    /// Messages that were due, or under way, at once; 1 for polls.
    pub at_once: u64,
    /// How long was measured.
    pub measured_seconds: f64,
    /// What the server did.
    pub server: FloorSideV2,
    /// What the client did.
    pub client: FloorSideV2,
}

/// What an operation of a floor is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FloorWorkV2 {
    /// A request and its response.
    Polls,
    /// A message that reaches one subscriber.
    Deliveries,
}

/// One side of a floor, between the two moments of its measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FloorSideV2 {
    /// Operations.
    pub operations: u64,
    /// CPU time of its process, user and system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Of that, user time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_user_ns: Option<u64>,
    /// Of that, system time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_ns: Option<u64>,
    /// The core that it stayed on; absent where the system chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<u32>,
}

impl FloorSideV2 {
    /// CPU seconds of an operation; `None` where there was none, or CPU time is not known.
    pub fn cpu_per_operation(&self) -> Option<f64> {
        let cpu = self.cpu_ns?;
        (self.operations > 0).then(|| cpu as f64 / 1e9 / self.operations as f64)
    }
}
