//! The proxy that a trial's clients connected to in place of the server.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::books::TallyV2;
use crate::record::work::ProcessWorkV2;

/// A proxy between the clients of a trial and the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyV2 {
    /// Its name in the scenario.
    pub name: String,
    /// The program: `nginx`, `haproxy` or `caddy`.
    pub kind: String,
    /// What it calls itself; absent if it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What its processes cost.
    pub work: ProcessWorkV2,
    /// Its connections to the server when phases ended. What is between it and the clients is in the
    /// books of the trial.
    pub upstream: BTreeMap<Phase, UpstreamV2>,
}

/// The connections between a proxy and the server, from the first on. Up is to the server.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpstreamV2 {
    /// Connections that the server has accepted, by its own books.
    pub accepted: u64,
    /// Of those, the ones that were open.
    pub open: u64,
    /// Bytes that the server has received, by its own books.
    pub up: u64,
    /// Bytes that it has sent.
    pub down: u64,
    /// What the kernel has counted at the server's ends of those that were open; absent where it could
    /// not be asked, or bytes were in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<TallyV2>,
}

impl UpstreamV2 {
    /// The kernel's count of bytes up and down, if it has counted every connection that there was.
    pub fn by_kernel(&self) -> Option<[u64; 2]> {
        let TallyV2 { missing, counts } = self.kernel.as_ref()?;
        let of = |name: &str| counts.get(name).copied();
        let has_all = *missing == 0 && of("connections") == Some(self.accepted);
        Some([of("up")?, of("down")?]).filter(|_| has_all)
    }
}
