//! Version 1 of the record.

use std::collections::BTreeMap;

use pushbench_protocol::{Phase, TransportKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One command's trials and what they say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunV1 {
    /// Always `pushbench-run`.
    pub format: String,
    /// Always 1.
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
    pub trials: Vec<TrialV1>,
    /// Trials that were played again since the machine had disturbed them, in the order they ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturbed: Vec<DisturbedV1>,
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

/// The scenario in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioV1 {
    /// File name without its ending.
    pub name: String,
    /// The question.
    pub question: String,
    /// The file as written, TOML.
    pub file: String,
    /// The files that it refers to, in the order they were read: header profiles and payloads.
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

/// The machine a run ran on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentV1 {
    /// Name of the CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Cores the process may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Memory of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Open files a process may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files_limit: Option<u64>,
    /// First and last ephemeral port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_range: Option<[u16; 2]>,
    /// TCP congestion control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
    /// Whether TCP timestamps are on (12 bytes a segment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_timestamps: Option<bool>,
    /// `loopback`, or the target of `--target`.
    pub link: String,
    /// Build profile, `release` or `debug`.
    pub build: String,
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
}

/// One transport answering once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialV1 {
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
    /// Length of each phase that ran.
    pub phase_seconds: BTreeMap<Phase, f64>,
    /// What was counted.
    pub counts: CountsV1,
    /// Every byte.
    pub books: BooksV1,
    /// How long news took.
    pub waiting: WaitingV1,
    /// What it cost to run.
    pub work: WorkV1,
    /// The server that was started for it, as it announced itself; absent with `--target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerV1>,
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

/// A response that was not what was expected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnexpectedV1 {
    /// The kind of failure, as in `counts.errors`.
    pub error: String,
    /// Its status code; absent if what came was no HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its first line; absent if what came was no HTTP, or HTTP/2, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_line: Option<String>,
    /// The first 200 bytes of its body, or of what is no HTTP; what cannot be printed is escaped.
    pub first_bytes: String,
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

/// What was counted. Populations are named in each comment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CountsV1 {
    /// Messages due in the measure phase, over topics.
    pub published: u64,
    /// Those, over the subscribers of their topics.
    pub expected: u64,
    /// Of the expected, those that reached their subscriber, for the first time.
    pub delivered: u64,
    /// Of the expected, replaced by a later one before the client asked (`latest` only).
    pub superseded: u64,
    /// Of the expected, those that had to arrive and did not.
    pub lost: u64,
    /// Messages of any phase that a subscriber got again without having asked (pushes only).
    pub duplicates: u64,
    /// Messages of any phase that arrived after a later one.
    pub out_of_order: u64,
    /// Messages that no publisher of this trial sent.
    pub foreign: u64,
    /// Messages that came otherwise than they were sent; absent in records from before that was
    /// looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered: Option<u64>,
    /// Deliveries that happened in the exchanges of the measure phase: the denominator of bytes.
    pub deliveries_in_measure: u64,
    /// Payload bytes of those, as published; on the wire they may be fewer. Absent in records of
    /// before there was compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncompressed_payload_bytes_in_measure: Option<u64>,
    /// Polls due in the measure phase.
    pub polls: u64,
    /// Of those, the ones that brought nothing new.
    pub empty_polls: u64,
    /// Answers to those, by status code.
    pub answers: BTreeMap<u16, u64>,
    /// TCP connections opened in the measure phase; absent in records from before they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connects: Option<u64>,
    /// Polls of the measure phase that were sent again, since the server had closed the connection
    /// under them; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
    /// Pings and comments of the measure phase; absent in records from before they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeats: Option<u64>,
    /// Messages that the server reported as no longer held.
    pub gap_messages: u64,
    /// Failures by kind, over all phases but for the close of connections.
    pub errors: BTreeMap<String, u64>,
    /// Connections that did not end in order after the measured part, by kind; they are no failures
    /// of the trial. Absent where there were none, and in records from before they were told apart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub close_errors: BTreeMap<String, u64>,
}

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

/// What a trial cost to run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkV1 {
    /// The server process; absent with `--target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ProcessWorkV1>,
    /// The load generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<ProcessWorkV1>,
    /// The kernel, both ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelWorkV1>,
}

/// One process over a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessWorkV1 {
    /// CPU time of the measure phase, user and system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Of that, user time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_user_ns: Option<u64>,
    /// Of that, system time, at the kernel's clock tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_ns: Option<u64>,
    /// Resident memory before the first client connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_before_bytes: Option<u64>,
    /// Resident memory with all connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_connected_bytes: Option<u64>,
    /// Highest resident memory seen in the measure phase, looked at several times a second; absent
    /// in records from before it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_load_bytes: Option<u64>,
    /// Resident memory after the drain, with all clients connected and nothing under way; absent in
    /// records from before it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_rest_bytes: Option<u64>,
    /// Resident memory at the end of the measure phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_end_bytes: Option<u64>,
    /// Highest resident memory so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_peak_bytes: Option<u64>,
    /// CPU share of the busiest load worker in the measure phase, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busiest_worker_share: Option<f64>,
}

/// Kernel memory. Of the sockets it is exact; slab and TCP buffers are of the whole machine, with
/// whatever else ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KernelWorkV1 {
    /// Slab before the first client connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_before_bytes: Option<u64>,
    /// Slab with all connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_connected_bytes: Option<u64>,
    /// What the kernel has charged to the clients' ends of their connections at the end of the
    /// measure phase (`INET_DIAG_SKMEMINFO`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_sockets: Option<SocketMemoryV1>,
    /// The same of the server's ends; absent where they are not on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_sockets: Option<SocketMemoryV1>,
    /// Size of the structures of one connected TCP socket that a process holds: socket, inode, file
    /// and directory entry, from `slabinfo`; absent where that may not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket_structures_bytes: Option<u64>,
    /// TCP buffers with all connected, from `sockstat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_buffers_connected_bytes: Option<u64>,
}

/// Kernel memory of sockets, summed over those that were open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SocketMemoryV1 {
    /// Sockets.
    pub sockets: u64,
    /// Bytes charged to them: receive and send buffers, what is reserved for these, options and
    /// backlog.
    pub bytes: u64,
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
    /// Handshakes with a certificate, of connections in the books.
    pub full_handshakes: u64,
    /// Handshakes that resumed a session, of connections in the books.
    pub resumed_handshakes: u64,
    /// Handshakes of connections that were made to have a session to resume, and are in no phase's
    /// books.
    pub preliminary_handshakes: u64,
    /// Bytes that these connections sent, as their sockets counted; absent in records from before
    /// they were booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preliminary_bytes_up: Option<u64>,
    /// Bytes that they received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preliminary_bytes_down: Option<u64>,
}

/// The heads of one exchange, for comparing with published samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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

/// What a check says of a trial.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There was nothing to look at, so nothing was found and nothing is confirmed: no worse than
    /// [`Ok`](Self::Ok), and no better than silence.
    NotChecked,
    /// Looked, and nothing found.
    Ok,
    /// The numbers stand, with this said above them.
    Warning,
    /// The numbers are kept and must not be believed.
    Invalid,
}

/// One check of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckV1 {
    /// Its name, as `books-balance`.
    pub check: String,
    /// What it says.
    pub verdict: Verdict,
    /// The value it looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<f64>,
    /// The bound it was held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// One line for people: what was found, and what to do if it is bad.
    pub text: String,
}

/// What the model predicts for a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelV1 {
    /// By the figures' own names. A figure without a model is absent.
    pub figures: BTreeMap<String, f64>,
}

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
