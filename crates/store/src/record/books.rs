//! Every byte, and how the witnesses compare.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every byte, by phase, direction and kind, and how the three sets of books compare.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BooksV1 {
    /// By phase, from the load generator's codec and the kernel.
    pub phases: BTreeMap<Phase, PhaseBooksV1>,
    /// The comparisons.
    pub reconciliations: Vec<ReconciliationV1>,
    /// TCP and IP header bytes of one segment.
    pub header_bytes_per_segment: u64,
}

/// Bytes of one phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseBooksV1 {
    /// Client to server.
    pub up: KindsV1,
    /// Server to client.
    pub down: KindsV1,
    /// TCP segments client to server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments_up: Option<u64>,
    /// TCP segments server to client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments_down: Option<u64>,
    /// Bytes that the server's kernel sent again; absent where its ends cannot be asked: on another
    /// host, or closed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmitted_down: Option<u64>,
    /// Bytes the client's kernel sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmitted_up: Option<u64>,
}

/// Bytes by kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KindsV1 {
    /// Payload of new messages.
    pub payload: u64,
    /// Payload that the client had already.
    pub repeat: u64,
    /// HTTP heads.
    pub header: u64,
    /// What marks messages off.
    pub framing: u64,
    /// Ping, pong, close, notices.
    pub control: u64,
    /// The WebSocket upgrade.
    pub handshake: u64,
    /// TLS; absent where it was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<u64>,
    /// TCP and IP headers; absent where the kernel could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_ip: Option<u64>,
}

/// One comparison of two sets of books.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReconciliationV1 {
    /// What is compared, as `codec = client sockets`.
    pub pair: String,
    /// Phase or phases, as `measure` or `measure + drain`.
    pub phases: String,
    /// `up` or `down`.
    pub direction: String,
    /// Bytes of the first.
    pub left: u64,
    /// Bytes of the second.
    pub right: u64,
}
