//! How long updates took.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_stats::{DecodeError, Histogram};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::area::AreaV2;

/// How long updates took, and how old was what clients held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingV2 {
    /// Distributions by name (`latency`, `service_time`, `connect_tcp`, ...), nanoseconds.
    pub histograms: BTreeMap<String, HistogramV1>,
    /// Age of the newest message held, over clients and the measure phase: nanoseconds times
    /// nanoseconds. Absent where no client held one, and in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<AreaV2>,
    /// Versions behind, over clients and the measure phase: versions times nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_age: Option<AreaV2>,
    /// The longest time for which a thread of the load generator stood still, by which thread.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub longest_stall_ns: BTreeMap<String, u64>,
    /// The shortest round trip of any connection, as the kernel saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortest_round_trip_ns: Option<u64>,
}

/// A distribution, lossless.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistogramV1 {
    /// Samples.
    pub count: u64,
    /// HDR histogram, V2 with deflate, base64; values in nanoseconds.
    pub hdr_v2_deflate: String,
    /// The longest sample, exactly; absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_ns: Option<u64>,
    /// Samples of more than an hour, which count as an hour; absent where there were none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clamped: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl HistogramV1 {
    /// These samples, for the record.
    pub fn of(samples: &Histogram) -> Self {
        let longest = samples.longest();
        Self {
            count: samples.count(),
            hdr_v2_deflate: samples.encode(),
            longest_ns: longest.and_then(|longest| u64::try_from(longest.as_nanos()).ok()),
            clamped: samples.clamped(),
        }
    }

    /// The samples.
    ///
    /// # Errors
    ///
    /// If they are no histogram of ours.
    pub fn samples(&self) -> Result<Histogram, DecodeError> {
        let samples = Histogram::decode(&self.hdr_v2_deflate)?;
        Ok(samples.with_extremes(self.longest_ns.map(Duration::from_nanos), self.clamped))
    }
}
