//! How long updates took.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long news took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingV1 {
    /// Distributions by name (`latency`, `service_time`, `connect_tcp`, ...), nanoseconds.
    pub histograms: BTreeMap<String, HistogramV1>,
    /// Age of the newest message held, averaged over clients and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ns_mean: Option<f64>,
    /// Versions behind, averaged over clients and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_age_mean: Option<f64>,
}

/// A distribution, lossless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistogramV1 {
    /// Samples.
    pub count: u64,
    /// HDR histogram, V2 with deflate, base64; values in nanoseconds.
    pub hdr_v2_deflate: String,
}
