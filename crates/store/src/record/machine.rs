//! What is of a machine and not of a trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Readings of one whole machine, with whatever else ran on it. They are of no trial, so they never
/// add up: a trial on several machines has a list of them, and this type has no sum.
#[derive(
    Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
pub struct MachineV2 {
    /// Which machine it is among those of a trial that was played in shards: two readings of one name
    /// are of one machine. Absent where one process played all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Slab before the first client connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_before_bytes: Option<u64>,
    /// Slab with all connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_connected_bytes: Option<u64>,
    /// TCP buffers with all connected, from `sockstat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_buffers_connected_bytes: Option<u64>,
    /// Size of the structures of one connected TCP socket that a process holds: socket, inode, file
    /// and directory entry, from `slabinfo`; absent where that may not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket_structures_bytes: Option<u64>,
    /// Its time over the measure phase; absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<MachineTimeV2>,
}

/// Time of a machine, over all its cores, in clock ticks.
#[derive(
    Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
pub struct MachineTimeV2 {
    /// Ticks that the host took from it.
    pub stolen_ticks: u64,
    /// All ticks.
    pub all_ticks: u64,
}

impl MachineTimeV2 {
    /// The share that the host took; `None` where no time passed.
    pub fn stolen_share(self) -> Option<f64> {
        (self.all_ticks > 0).then(|| self.stolen_ticks as f64 / self.all_ticks as f64)
    }
}
