//! What of a part of a trial does not add up, and what the whole is put together by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of a trial, played by a process of its own against a server of its own.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardV2 {
    /// Which part, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// When the first trial of all shards was to begin, RFC 3339; absent where whoever conducted let
    /// them begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin_at: Option<String>,
    /// Why it did not play with the others, if it did not: it was not ready when a phase began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<String>,
    /// How its clients addressed the server: name and port, those of TLS where they used it.
    pub host: String,
    /// Whether they connected by IPv6.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ipv6: bool,
    /// Length of the server's certificate in DER; absent in clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_bytes: Option<u64>,
    /// Times that the server was asked for its books in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreported: Option<u64>,
    /// Why, the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreported_reason: Option<String>,
    /// Whether the kernel told of the server's ends of connections; absent if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ends_told: Option<bool>,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ends_refusal: Option<String>,
    /// Why the kernel gives no `TCP_INFO`, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_refusal: Option<String>,
    /// How the server ended before its time, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_death: Option<String>,
    /// What went wrong when the server was told to end, if something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_end: Option<String>,
}
