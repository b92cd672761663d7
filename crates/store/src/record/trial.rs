//! One transport answering once.
//!
//! `counts`, `books`, `waiting` and `work` hold sums: integers that add up exactly over workers, shards
//! and machines (see [`Sums`](crate::Sums)). `machines` holds what never adds up, and `checks`,
//! `figures` and `model` what is made of the others.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::books::BooksV1;
use crate::record::checks::CheckV1;
use crate::record::counts::CountsV1;
use crate::record::link::LinkV2;
use crate::record::machine::MachineV2;
use crate::record::proxy::ProxyV2;
use crate::record::scenario::CellV1;
use crate::record::shard::ShardV2;
use crate::record::waiting::WaitingV2;
use crate::record::work::WorkV2;

/// One transport answering once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialV2 {
    /// Label of the transport.
    pub transport: String,
    /// Round, from 1.
    pub round: u32,
    /// The cell it belongs to; empty without a sweep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cell: CellV1,
    /// When it started, RFC 3339, UTC.
    pub started_at: String,
    /// Clients that were played.
    pub clients: u64,
    /// Connections that they had, where clients share them otherwise as many as clients; absent in
    /// records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Whether it was played to its end; absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_complete: Option<bool>,
    /// Length of each phase that ran.
    pub phase_seconds: BTreeMap<Phase, f64>,
    /// What was counted.
    pub counts: CountsV1,
    /// Every byte.
    pub books: BooksV1,
    /// How long updates took.
    pub waiting: WaitingV2,
    /// What it cost to run.
    pub work: WorkV2,
    /// The machines it ran on, each by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<MachineV2>,
    /// The server that was started for it, as it announced itself; absent with `--target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerV1>,
    /// The places of the servers that it was played against, from 0, where it was split into shards
    /// that have one each; absent where there is one server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<u32>,
    /// The link that it was played over; absent where its connections were the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkV2>,
    /// The proxy that its clients connected to; absent where they connected to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyV2>,
    /// Which part of a trial it is; absent of a whole trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardV2>,
    /// How many shards it was put together from; absent where one process played all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<u32>,
    /// The heads of one exchange, where polls were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleV1>,
    /// What its connections were made with; absent in clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsV1>,
    /// The first response that was not what was expected, for each kind of failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexpected: Vec<UnexpectedV1>,
    /// Whether the result may be believed, checked in every trial.
    pub checks: Vec<CheckV1>,
    /// Derived figures by name (`latency.p99`), measured. Times in seconds.
    pub figures: BTreeMap<String, f64>,
    /// The same figures, modelled.
    pub model: ModelV1,
}

/// A server, as it announced itself when it was ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerV1 {
    /// Its version.
    pub version: String,
    /// Everything that it was configured with, by the keys of `serve --config`, defaults included.
    pub config: BTreeMap<String, serde_json::Value>,
}

/// A response or a close frame that was not what was expected.
#[derive(
    Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
pub struct UnexpectedV1 {
    /// The kind of failure, as in `counts.errors`.
    pub error: String,
    /// Its status code; absent if what came was no HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its first line; absent if what came was no HTTP, or HTTP/2, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_line: Option<String>,
    /// The code of a WebSocket's close frame, 1005 if it has none (RFC 6455, section 7.1.5); absent if
    /// what came was no close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_code: Option<u16>,
    /// The first 200 bytes of its body, of what is no HTTP, or of a close frame's reason; what cannot
    /// be printed is escaped.
    pub first_bytes: String,
    /// What went wrong, in words: with a third-party server in which step, what came, and what its
    /// adapter expects; in a TLS handshake what came, and what to do. Absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<String>,
}

/// TLS of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TlsV1 {
    /// Its version.
    pub version: String,
    /// The clients' library, and the server's if it is ours.
    pub library: String,
    /// What was agreed on; absent if no handshake came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<String>,
    /// Most bytes of the stream in one record, as the clients send.
    pub record_bytes: u64,
    /// Tickets that the server sends behind each handshake; absent where it is another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets: Option<u64>,
    /// Whose certificate was accepted, with a third-party server: one that the `system`'s roots vouch
    /// for, a given `certificate` or one that it vouches for, or any (`insecure`); absent where it is
    /// the server's one certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
    /// Handshakes with a certificate, of connections in the books.
    pub full_handshakes: u64,
    /// Handshakes that resumed a session, of connections in the books.
    pub resumed_handshakes: u64,
    /// Handshakes of connections that were made to have a session to resume, and are in no phase's
    /// books.
    pub preliminary_handshakes: u64,
    /// Handshakes that the server counted, if it is ours; absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_handshakes: Option<HandshakesV2>,
    /// Bytes that these connections sent, as their sockets counted; absent in records from before
    /// they were booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preliminary_bytes_up: Option<u64>,
    /// Bytes that they received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preliminary_bytes_down: Option<u64>,
}

/// The heads of one exchange, for comparing with published samples.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
pub struct SampleV1 {
    /// The request's head as sent.
    pub request_head: String,
    /// The answer's head as received.
    pub response_head: String,
    /// Printable characters of the request's head: no line ends.
    pub request_characters: u64,
    /// Printable characters of the answer's head.
    pub response_characters: u64,
    /// Bytes of the request's head.
    pub request_bytes: u64,
    /// Bytes of the answer's head.
    pub response_bytes: u64,
    /// Bytes of the answer's body.
    pub body_bytes: u64,
}

/// What the model predicts for a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelV1 {
    /// By the figures' own names. A figure without a model is absent.
    pub figures: BTreeMap<String, f64>,
}

/// TLS handshakes as a server counted them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HandshakesV2 {
    /// With a certificate.
    pub full: u64,
    /// Resuming an earlier session.
    pub resumed: u64,
    /// That came to no end.
    pub failed: u64,
}
