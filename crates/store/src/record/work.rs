//! What a trial cost to run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a trial cost to run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkV1 {
    /// The server process; absent with `--target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ProcessWorkV1>,
    /// The load generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<ProcessWorkV1>,
    /// The kernel, both ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelWorkV1>,
}

/// One process over a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessWorkV1 {
    /// CPU time of the measure phase, user and system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Of that, user time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_user_ns: Option<u64>,
    /// Of that, system time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_ns: Option<u64>,
    /// Resident memory before the first client connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_before_bytes: Option<u64>,
    /// Resident memory with all connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_connected_bytes: Option<u64>,
    /// Highest resident memory seen in the measure phase, looked at several times a second; absent
    /// in records from before it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_load_bytes: Option<u64>,
    /// Resident memory after the drain, with all clients connected and nothing under way; absent in
    /// records from before it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_rest_bytes: Option<u64>,
    /// Resident memory at the end of the measure phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_end_bytes: Option<u64>,
    /// Highest resident memory so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_peak_bytes: Option<u64>,
    /// CPU share of the busiest load worker in the measure phase, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busiest_worker_share: Option<f64>,
}

/// Kernel memory. Of the sockets it is exact; slab and TCP buffers are of the whole machine, with
/// whatever else ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KernelWorkV1 {
    /// Slab before the first client connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_before_bytes: Option<u64>,
    /// Slab with all connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_connected_bytes: Option<u64>,
    /// What the kernel has charged to the clients' ends of their connections at the end of the
    /// measure phase (`INET_DIAG_SKMEMINFO`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_sockets: Option<SocketMemoryV1>,
    /// The same of the server's ends; absent where they are not on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_sockets: Option<SocketMemoryV1>,
    /// Size of the structures of one connected TCP socket that a process holds: socket, inode, file
    /// and directory entry, from `slabinfo`; absent where that may not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket_structures_bytes: Option<u64>,
    /// TCP buffers with all connected, from `sockstat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_buffers_connected_bytes: Option<u64>,
}

/// Kernel memory of sockets, summed over those that were open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SocketMemoryV1 {
    /// Sockets.
    pub sockets: u64,
    /// Bytes charged to them: receive and send buffers, what is reserved for these, options and
    /// backlog.
    pub bytes: u64,
}
