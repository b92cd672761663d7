//! Memory of a connection, which no model knows: from records.

use pushbench_protocol::TransportKind;
use pushbench_stats::Rounds;
use pushbench_store::{RunV1, TrialV1, Verdict};
use serde::Serialize;

/// A record, and where it lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// As the reader should type it.
    pub path: String,
    /// The run.
    pub run: RunV1,
}

/// Memory of one client's connections, as it was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// Resident memory of the server for each client, in bytes; median of the rounds.
    pub server_bytes_per_client: f64,
    /// Kernel memory for each client, both ends of loopback, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_bytes_per_client: Option<f64>,
    /// Clients of that run.
    pub clients: u64,
    /// The record it is from.
    pub from: String,
}

/// From the run with the most clients, since that is the shortest way to many more; of equal ones
/// the newest.
pub(crate) fn of_kind(records: &[Record], kind: TransportKind) -> Option<Memory> {
    let found = records.iter().filter_map(|record| {
        let transports = record.run.transports.iter().filter(|transport| transport.kind == kind);
        let labels: Vec<_> = transports.map(|transport| transport.label.as_str()).collect();
        let trials: Vec<_> = record
            .run
            .trials
            .iter()
            .filter(|trial| labels.contains(&trial.transport.as_str()))
            .filter(|trial| trial.worst_verdict() != Verdict::Invalid)
            .collect();
        let clients = trials.iter().map(|trial| trial.clients).max()?;
        let figure = |name: &str| {
            let of = |trial: &&TrialV1| trial.figures.get(name).copied();
            let trials = trials.iter().filter(|trial| trial.clients == clients);
            Rounds::of(&trials.filter_map(of).collect::<Vec<_>>()).map(|rounds| rounds.value)
        };
        let server = figure("server_memory_per_connection").filter(|bytes| *bytes > 0.0)?;
        let memory = Memory {
            server_bytes_per_client: server,
            kernel_bytes_per_client: figure("kernel_memory_per_connection"),
            clients,
            from: record.path.clone(),
        };
        Some((clients, &record.run.started_at, memory))
    });
    found.max_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1))).map(|(_, _, memory)| memory)
}
