//! What the server's logs take: its bounds, and what a message takes in them.

/// Bytes that each topic keeps unless more are asked for.
pub const LOG_BYTES: u64 = 16 << 20;
/// Bytes that all topics together keep unless more are asked for.
pub const TOTAL_LOG_BYTES: u64 = 256 << 20;

/// Bytes that a message of so many takes in a log at most, where its subscribers have one transport:
/// its frame, one form more with what is around the payload there, and what it takes beside them.
///
/// A bound, used to say before the start what a scenario needs; the server counts what there is.
pub const fn message_bytes(payload: u64) -> u64 {
    // A compressor makes no more of a payload than this of what it cannot compress.
    let form = payload.saturating_add(payload / 8).saturating_add(128);
    form.saturating_mul(2).saturating_add(512)
}
