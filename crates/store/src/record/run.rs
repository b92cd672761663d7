//! A run: who wrote it, when, how it ended, and all that was played.

use std::collections::BTreeMap;

use pushbench_protocol::TransportKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::checks::CheckV1;
use crate::record::environment::EnvironmentV1;
use crate::record::find::FindV2;
use crate::record::floor::FloorV2;
use crate::record::scenario::{CellV1, ExpectationV1, ScenarioV1};
use crate::record::trial::TrialV2;
use crate::record::until::UntilV2;

/// One command's trials and what they say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunV2 {
    /// Always `pushbench-run`.
    pub format: String,
    /// Always 2.
    pub version: u32,
    /// Short name of the run, unique in its folder.
    pub id: String,
    /// The program that wrote it.
    pub tool: ToolV1,
    /// When the run started, RFC 3339, UTC.
    pub started_at: String,
    /// When it ended, RFC 3339, UTC.
    pub ended_at: String,
    /// How long it took by the host's monotonic clock, which no setting of the time of day moves;
    /// absent in records from before it was kept, and of runs that did not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_seconds: Option<f64>,
    /// What a reader of this record has to know beside its figures, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What whoever ran it calls it, by name: a commit, a branch, a machine. They change nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How it ended.
    pub status: RunStatus,
    /// Why it did not complete, when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The question and the work.
    pub scenario: ScenarioV1,
    /// The machine.
    pub environment: EnvironmentV1,
    /// The transports, in the order reports show them.
    pub transports: Vec<TransportV1>,
    /// The trials, in the order they ran.
    pub trials: Vec<TrialV2>,
    /// Trials that were played again since the machine had disturbed them, in the order they ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturbed: Vec<DisturbedV1>,
    /// The floors that were played, in the order they ran; none unless the scenario asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floor: Vec<FloorV2>,
    /// Transports that have no floor though the scenario asks for it, and what the floor's programs do
    /// not do of theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub no_floor: BTreeMap<String, String>,
    /// What was searched for and found, for each transport; absent without a search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finds: Vec<FindV2>,
    /// What the rounds waited for; absent where their number was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UntilV2>,
    /// What the scenario expected, and what was found.
    pub expectations: Vec<ExpectationV1>,
}

/// The program that wrote a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolV1 {
    /// `pushbench`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The commit it was built from, with `-dirty` where files had changed since; absent where it was
    /// not built from a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Every trial ran to its end.
    Completed,
    /// Stopped by a signal; the trials so far are kept.
    Aborted,
    /// Something broke; the trials so far are kept.
    Failed,
}

/// One transport of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransportV1 {
    /// Its name in reports.
    pub label: String,
    /// Its kind.
    pub kind: TransportKind,
    /// Its options by name, defaults included.
    pub options: BTreeMap<String, String>,
    /// The third-party server that is asked; absent of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ThirdPartyV1>,
}

/// A server that others wrote, as far as it is known. It does not say which version it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThirdPartyV1 {
    /// Its name in the scenario.
    pub name: String,
    /// The adapter that says how it is spoken to: one that ships, a path, or `inline`.
    pub adapter: String,
    /// What the adapter says that the server is; absent if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The server and version that the adapter was run against; absent if it was run against none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested: Option<String>,
    /// Whether it was started for each trial; it ran already otherwise.
    pub started: bool,
}

/// A trial whose load generator could not keep its times, and which was played again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisturbedV1 {
    /// Label of the transport.
    pub transport: String,
    /// Round, from 1.
    pub round: u32,
    /// The cell it belongs to; empty without a sweep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: CellV1,
    /// When it started, RFC 3339, UTC.
    pub started_at: String,
    /// The checks that said no.
    pub checks: Vec<CheckV1>,
}
