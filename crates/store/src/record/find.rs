//! A search for the largest amount of work under which something held.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::scenario::CellV1;
use crate::record::trial::TrialV2;

/// The search of one transport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindV2 {
    /// Label of the transport.
    pub transport: String,
    /// The setting that was varied, by its dotted name.
    pub setting: String,
    /// The figure and the condition that was to hold, as written: `latency.p99 < 100ms`.
    pub condition: String,
    /// The figure alone.
    pub figure: String,
    /// How near the two ends of the answer had to be, as a share of the largest value that held.
    pub precision: f64,
    /// The largest value that could be played.
    pub most: u64,
    /// What this machine has too little of for a larger one; absent where the scenario set the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The steps in the order they were played.
    pub steps: Vec<FindStepV2>,
    /// How it ended.
    pub ending: FindEnding,
    /// The largest value that held; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_held: Option<u64>,
    /// The smallest value that did not hold; absent if every one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_not_held: Option<u64>,
    /// Values that speak against one boundary: they held once and not another time, or above one that
    /// did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<u64>,
    /// What gave out first; absent where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindEnding {
    /// The run ended first, or has not ended.
    Unfinished,
    /// Between two values that are near each other.
    Found,
    /// The largest value that could be played held.
    AllHeld,
    /// The smallest value did not hold.
    NoneHeld,
    /// After as many steps as it may take: the same value held once and not the next time.
    OutOfSteps,
}

/// One value that was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindStepV2 {
    /// The value.
    pub value: u64,
    /// The cell of its trials.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: CellV1,
    /// The rounds of its trials.
    pub rounds: Vec<u32>,
    /// Whether the condition held, in trials that are valid.
    pub held: bool,
    /// The figure over its rounds, in its unit; absent if no trial has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<f64>,
    /// What gave out, of a step that did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Whether its trials are invalid because there was too much work. They are the search's boundary,
    /// and no fault of the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_beyond: bool,
}

impl FindV2 {
    /// Whether a trial of its transport had too much work to be valid.
    pub(crate) fn is_beyond(&self, trial: &TrialV2) -> bool {
        let is_its =
            |step: &FindStepV2| step.cell == trial.cell && step.rounds.contains(&trial.round);
        self.steps.iter().any(|step| step.is_beyond && is_its(step))
    }

    /// The figure at a value, over the last time that it was played.
    pub fn found_at(&self, value: u64) -> Option<f64> {
        self.steps.iter().rev().filter(|step| step.value == value).find_map(|step| step.found)
    }
}
