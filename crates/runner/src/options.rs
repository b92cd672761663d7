//! How a run is to be carried out.

use pushbench_scenario::Scenario;
use pushbench_store::{EnvironmentV1, FileV1, ToolV1};

use crate::Target;
use crate::part::Part;
use crate::placement::Placement;
use crate::server_process::ServerCommand;
use crate::shards::ShardCommand;

/// How a run is to be carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// How to start a server for each trial.
    pub server: ServerCommand,
    /// How to start a side of the floor.
    pub floor: ServerCommand,
    /// How to start the shards of a trial that is split; absent where none can be.
    pub shards: Option<ShardCommand>,
    /// The shard of a run that is played here, at a time that all its machines were told; absent where
    /// all of it is.
    pub part: Option<Part>,
    /// A server that someone else runs, in place of that.
    pub target: Option<Target>,
    /// Cores that the process may use.
    pub cores: u32,
    /// Where the processes run; `None` is anywhere, and nothing of it on record.
    pub placement: Option<Placement>,
    /// The scenario's file as written, for the record.
    pub file: String,
    /// The files that it refers to, for the record.
    pub files: Vec<FileV1>,
    /// `--set` and `--only` as given, for the record.
    pub overrides: Vec<String>,
    /// What the run is called by whoever runs it, for the record.
    pub tags: std::collections::BTreeMap<String, String>,
    /// The machine, for the record.
    pub environment: EnvironmentV1,
    /// The program, for the record.
    pub tool: ToolV1,
}

impl Options {
    /// CPUs of the servers that are started; `None` is anywhere.
    pub(crate) fn server_cpus(&self) -> Option<&[u32]> {
        self.placement.as_ref().and_then(Placement::server)
    }

    /// Load workers of a scenario: half of the cores unless it says otherwise, since the server
    /// needs the other half; at least one.
    pub(crate) fn workers(&self, scenario: &Scenario) -> u32 {
        let clients = scenario.workload.clients.get();
        let workers = scenario.load.workers.map_or(self.cores / 2, std::num::NonZero::get);
        workers.clamp(1, clients)
    }

    /// A core for the server and one for the client of a floor: among those of the trial's processes,
    /// so that both are placed alike; `None` is anywhere.
    pub(crate) fn floor_cores(&self) -> [Option<u32>; 2] {
        let placement = self.placement.as_ref();
        let cpus = [placement.and_then(Placement::server), placement.and_then(Placement::load)];
        cpus.map(|cpus| cpus.and_then(|cpus| cpus.first().copied()))
    }
}
