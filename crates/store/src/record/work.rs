//! What a trial cost to run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a trial cost to run: of its own processes and sockets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkV2 {
    /// The server process; absent with `--target`, and where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ProcessWorkV2>,
    /// The server processes of a trial that has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ProcessWorkV2>,
    /// The processes of the load generator.
    #[serde(default)]
    pub load: Vec<ProcessWorkV2>,
    /// What the kernel has charged to the server's ends of the connections at the end of the measure
    /// phase (`INET_DIAG_SKMEMINFO`); absent where they are not on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_sockets: Option<SocketMemoryV1>,
}

impl WorkV2 {
    /// The server processes, however many there are.
    pub fn server_processes(&self) -> impl Iterator<Item = &ProcessWorkV2> {
        self.server.iter().chain(&self.servers)
    }

    /// With these server processes in place of its own.
    pub(crate) fn put_server_processes(&mut self, mut processes: Vec<ProcessWorkV2>) {
        processes.sort();
        (self.server, self.servers) = match processes.len() {
            1 => (processes.pop(), Vec::new()),
            _ => (None, processes),
        };
    }
}

/// One process over a trial.
#[derive(
    Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
pub struct ProcessWorkV2 {
    /// CPU time of the measure phase, user and system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Of that, user time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_user_ns: Option<u64>,
    /// Of that, system time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_ns: Option<u64>,
    /// CPU time of each of its workers over the measure phase; none where it has no workers, and in
    /// records of version 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worker_cpu_ns: Vec<u64>,
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
    /// What the kernel has charged to its ends of the clients' connections at the end of the measure
    /// phase (`INET_DIAG_SKMEMINFO`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sockets: Option<SocketMemoryV1>,
}

/// Kernel memory of sockets, summed over those that were open.
#[derive(
    Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
pub struct SocketMemoryV1 {
    /// Sockets.
    pub sockets: u64,
    /// Bytes charged to them: receive and send buffers, what is reserved for these, options and
    /// backlog.
    pub bytes: u64,
}
