//! The question and the work, as they were written, and what was expected.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The scenario in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioV1 {
    /// File name without its ending.
    pub name: String,
    /// The question.
    pub question: String,
    /// The file as written, TOML.
    pub file: String,
    /// The files that it refers to, in the order they were read: header profiles, payloads, and the
    /// adapters, files and certificates of third-party servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileV1>,
    /// `--set` and `--only` as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// Every setting that moved the result, defaults included, by dotted name. Where settings are
    /// swept, those of the first cell.
    pub settings: BTreeMap<String, String>,
    /// The swept settings of each cell, in the order of the file; empty without a sweep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellV1>,
}

/// A file that a scenario refers to, as it was when it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileV1 {
    /// Its path, from the scenario's folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// What is in it; absent where that is more than 64 KiB, or not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The swept settings of one cell by dotted name, as written.
pub type CellV1 = BTreeMap<String, String>;

/// One expectation of the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationV1 {
    /// The left side as written, `websocket.latency.p99`.
    pub figure: String,
    /// The condition as written, `< 50ms`.
    pub condition: String,
    /// The cell it was held in; empty without a sweep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: CellV1,
    /// The figure over all rounds, by its own rule (a quantile is that of all samples, a maximum the
    /// maximum); absent when no trial has it. Up to version 0.1.0 always the median of the rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<f64>,
    /// The bound it was held to, in the figure's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// Whether it held; false when the figure is absent.
    pub held: bool,
}
