//! `workload.rounds = { until = ".." }`: rounds until a figure is known well enough.

/// Rounds that are played at least: an interval over fewer says nothing.
pub const LEAST_ROUNDS: u32 = 3;

/// When the rounds of a run end, if before the most of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    /// Label of the transport.
    pub transport: String,
    /// Name of the figure, as in `pushbench_protocol::figure`.
    pub figure: String,
    /// Half of its interval over rounds, as a share of the figure, that is near enough; 0.05 for `5%`.
    pub share: f64,
    /// As written: `websocket.latency.p99 within 5%`.
    pub written: String,
}
