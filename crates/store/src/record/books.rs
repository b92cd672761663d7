//! Every byte, who counted it, and how those who counted compare.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every byte, by phase, direction and kind, who counted, and how they compare.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BooksV1 {
    /// By phase, from the load generator's codec and the kernel.
    pub phases: BTreeMap<Phase, PhaseBooksV1>,
    /// What each witness had counted when each phase ended, by the witness's name; absent in records
    /// of version 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub witnesses: BTreeMap<String, WitnessV2>,
    /// The same of connections that were made for a session to resume, in no phase's books.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tickets: BTreeMap<String, TallyV2>,
    /// Phases at whose end something was on its way, and to whom, so that they are compared together
    /// with the next; absent in records of version 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub in_flight: BTreeMap<Phase, InFlightV2>,
    /// The comparisons of the whole.
    pub reconciliations: Vec<ReconciliationV1>,
    /// Comparisons of one worker or machine alone that do not balance: in the whole, two of them could
    /// make up for each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbalanced: Vec<ReconciliationV1>,
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
    /// What a third-party server's own protocol puts around the payload; absent where there is none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub wrapping: u64,
    /// Ping, pong, close, notices.
    pub control: u64,
    /// The WebSocket upgrade, and what a third-party server's own protocol begins with.
    pub handshake: u64,
    /// What no rule of a third-party server's adapter explains; absent where there is nothing.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unexplained: u64,
    /// TLS; absent where it was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<u64>,
    /// TCP and IP headers; absent where the kernel could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_ip: Option<u64>,
}

/// One who counted what connections carried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WitnessV2 {
    /// Whose it is: the clients' add up; of the server's there is one, unless it counts
    /// `connections`, of which each part has its own.
    pub side: SideV2,
    /// The layer down to which its bytes are counted.
    pub layer: String,
    /// What it had counted when each of these phases ended, since the first connection.
    pub until: BTreeMap<Phase, TallyV2>,
}

/// Whose a witness is.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SideV2 {
    /// The clients'.
    Client,
    /// The server's.
    Server,
}

/// What one witness has counted.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TallyV2 {
    /// Connections that it could not be asked about; its counts are without theirs.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: u64,
    /// Its counters by name, as `up` and `segments_down`.
    pub counts: BTreeMap<String, u64>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// To whom something was on its way.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum InFlightV2 {
    /// Between clients and server: the clients' witnesses agreed among themselves.
    Server,
    /// Among the clients' witnesses.
    Clients,
}

/// One comparison of two sets of books.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
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
