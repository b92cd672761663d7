//! Rounds that were played until a figure was known well enough.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::scenario::CellV1;

/// What the rounds of a run waited for, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UntilV2 {
    /// The condition as written: `websocket.latency.p99 within 5%`.
    pub condition: String,
    /// Label of the transport.
    pub transport: String,
    /// The figure.
    pub figure: String,
    /// Half of the 95 % interval over rounds, as a share of the figure, that was near enough.
    pub share: f64,
    /// Where the rounds were to end all the same.
    pub at_most: u32,
    /// How many rounds were played in full.
    pub rounds: u32,
    /// How well the figure was known after them: one for each cell of a sweep, else one; none before the
    /// third round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownV2>,
    /// Why the rounds ended.
    pub ending: UntilEnding,
}

/// How well a figure is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KnownV2 {
    /// The swept settings; empty without a sweep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: CellV1,
    /// Half of the 95 % interval over rounds, as a share of the figure; absent where there is none, as of a
    /// figure that is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
}

/// Why the rounds ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UntilEnding {
    /// The run ended first, or has not ended.
    Unfinished,
    /// The figure was known well enough.
    Known,
    /// After as many rounds as there may be.
    AtMost,
}
