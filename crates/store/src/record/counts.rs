//! What was counted of messages, polls and failures.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reconnects::ReconnectsV2;

/// What was counted. Populations are named in each comment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CountsV1 {
    /// Messages due in the measure phase, over topics.
    pub published: u64,
    /// Of those, the ones that the publisher sent; absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// Whether the server published by itself, and no publisher of the trial: what was due is not known
    /// then, nor what of it was lost. Absent where it did not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub publishes_by_itself: bool,
    /// Messages of such a server that do not say which they are, any phase: whether they came again is
    /// not known. Absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_id: Option<u64>,
    /// Messages of such a server that do not say when they were sent, any phase. Absent where there was
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_time: Option<u64>,
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
    /// Clients that came back where their connection was lost; absent where a lost connection ended its
    /// client, and in records from before any came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnects: Option<ReconnectsV2>,
    /// Pings and comments of the measure phase; absent in records from before they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeats: Option<u64>,
    /// What a third-party server said to publishes that it took, in the measure phase; absent where
    /// there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgements: Option<u64>,
    /// Messages that came after a later one which was sent while their publish had no response yet:
    /// requests that are under way at once have no order, so these are not among `out_of_order`. Absent
    /// where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtaken: Option<u64>,
    /// Messages of a third-party server that came compressed, any phase: how much of them was around the
    /// payload is not known. Absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coded_messages: Option<u64>,
    /// TCP segments, both ways, that opened and closed connections in the measure phase; counted where
    /// each poll has its own. Absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connecting_segments: Option<u64>,
    /// Field blocks of HTTP/2; absent without it, and in records of version 1.
    #[serde(default, rename = "http2", skip_serializing_if = "Option::is_none")]
    pub field_blocks: Option<FieldBlocksV2>,
    /// The beginning of one of those messages that are counted as `foreign` or `altered`, by that name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<String, String>,
    /// Messages that the server reported as no longer held.
    pub gap_messages: u64,
    /// Failures by kind, over all phases but for the close of connections.
    pub errors: BTreeMap<String, u64>,
    /// Connections that did not end in order after the measured part, by kind; they are no failures
    /// of the trial. Absent where there were none, and in records from before they were told apart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub close_errors: BTreeMap<String, u64>,
}

/// What connections that compress headers saw of field blocks.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldBlocksV2 {
    /// Connections.
    pub connections: u64,
    /// Bytes of the field blocks of their first streams, any phase, up and down.
    pub first: [u64; 2],
    /// First streams that began in the measure phase.
    pub firsts_in_measure: u64,
    /// Bytes of the field blocks of those.
    pub first_in_measure: [u64; 2],
    /// What HTTP/1.1 would have written for the polls of the measure phase, up and down.
    pub uncompressed: [u64; 2],
}
