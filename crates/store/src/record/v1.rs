//! Version 1 of the record, and how it becomes the current one: the one place where old records are
//! converted.
//!
//! Only what has changed its shape is here; everything else is read as it is, where what was added
//! since is absent. What version 1 had only as a quotient (means of ages, the share of the busiest
//! worker) is in the figures, which are taken over as they are.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use serde::Deserialize;

use crate::record::{
    BooksV1, CellV1, CheckV1, CountsV1, DisturbedV1, EnvironmentV1, ExpectationV1, HistogramV1,
    MachineV2, ModelV1, ProcessWorkV2, RunStatus, RunV2, SampleV1, ScenarioV1, ServerV1,
    SocketMemoryV1, TlsV1, ToolV1, TransportV1, TrialV2, UnexpectedV1, WaitingV2, WorkV2,
};

/// A run of version 1.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RunV1 {
    format: String,
    id: String,
    tool: ToolV1,
    started_at: String,
    ended_at: String,
    #[serde(default)]
    elapsed_seconds: Option<f64>,
    #[serde(default)]
    notes: Vec<String>,
    status: RunStatus,
    #[serde(default)]
    failure: Option<String>,
    scenario: ScenarioV1,
    environment: EnvironmentV1,
    transports: Vec<TransportV1>,
    trials: Vec<TrialV1>,
    #[serde(default)]
    disturbed: Vec<DisturbedV1>,
    expectations: Vec<ExpectationV1>,
}

/// A trial of version 1.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TrialV1 {
    transport: String,
    round: u32,
    #[serde(default)]
    cell: CellV1,
    started_at: String,
    clients: u64,
    phase_seconds: BTreeMap<Phase, f64>,
    counts: CountsV1,
    books: BooksV1,
    waiting: WaitingV1,
    work: WorkV1,
    #[serde(default)]
    server: Option<ServerV1>,
    #[serde(default)]
    sample: Option<SampleV1>,
    #[serde(default)]
    tls: Option<TlsV1>,
    #[serde(default)]
    unexpected: Vec<UnexpectedV1>,
    checks: Vec<CheckV1>,
    figures: BTreeMap<String, f64>,
    model: ModelV1,
}

/// Its means of ages are the figures `age_mean` and `version_age_mean`.
#[derive(Clone, Debug, Deserialize)]
struct WaitingV1 {
    histograms: BTreeMap<String, HistogramV1>,
}

#[derive(Clone, Debug, Deserialize)]
struct WorkV1 {
    #[serde(default)]
    server: Option<ProcessWorkV2>,
    /// Its share of the busiest worker is the figure `load_busy`.
    #[serde(default)]
    load: Option<ProcessWorkV2>,
    #[serde(default)]
    kernel: Option<KernelWorkV1>,
}

/// Kernel memory, of sockets and of the whole machine in one.
#[derive(Clone, Debug, Default, Deserialize)]
struct KernelWorkV1 {
    #[serde(default)]
    client_sockets: Option<SocketMemoryV1>,
    #[serde(default)]
    server_sockets: Option<SocketMemoryV1>,
    #[serde(flatten)]
    machine: MachineV2,
}

impl From<RunV1> for RunV2 {
    fn from(run: RunV1) -> Self {
        Self {
            format: run.format,
            version: Self::VERSION,
            id: run.id,
            tool: run.tool,
            started_at: run.started_at,
            ended_at: run.ended_at,
            elapsed_seconds: run.elapsed_seconds,
            notes: run.notes,
            tags: BTreeMap::new(),
            status: run.status,
            failure: run.failure,
            scenario: run.scenario,
            environment: run.environment,
            transports: run.transports,
            trials: run.trials.into_iter().map(TrialV2::from).collect(),
            disturbed: run.disturbed,
            floor: Vec::new(),
            no_floor: BTreeMap::new(),
            finds: Vec::new(),
            until: None,
            expectations: run.expectations,
        }
    }
}

impl From<TrialV1> for TrialV2 {
    fn from(trial: TrialV1) -> Self {
        let WorkV1 { server, load, kernel } = trial.work;
        let machines = kernel.iter().map(|kernel| kernel.machine.clone()).collect();
        let KernelWorkV1 { client_sockets, server_sockets, .. } = kernel.unwrap_or_default();
        let load = load.map(|load| ProcessWorkV2 { sockets: client_sockets, ..load });
        Self {
            transport: trial.transport,
            round: trial.round,
            cell: trial.cell,
            started_at: trial.started_at,
            clients: trial.clients,
            connections: None,
            is_complete: None,
            phase_seconds: trial.phase_seconds,
            counts: trial.counts,
            books: trial.books,
            waiting: WaitingV2 { histograms: trial.waiting.histograms, ..WaitingV2::default() },
            work: WorkV2 {
                server,
                servers: Vec::new(),
                load: load.into_iter().collect(),
                server_sockets,
            },
            machines,
            server: trial.server,
            servers: Vec::new(),
            link: None,
            proxy: None,
            shard: None,
            shards: None,
            sample: trial.sample,
            tls: trial.tls,
            unexpected: trial.unexpected,
            checks: trial.checks,
            figures: trial.figures,
            model: trial.model,
        }
    }
}
