//! Kinds of values that only a scenario has.

use pushbench_toml::Value;
use pushbench_toml::kind::{Mismatch, count};

use crate::quantity::parse_rate;
use crate::{MOST_SHARDS, Rate, Shards};

/// A rate.
pub(crate) fn rate(value: &Value) -> Result<Rate, Mismatch> {
    let found = match value {
        Value::Text(text) => parse_rate(text),
        _ => None,
    };
    found.ok_or_else(|| Mismatch::new("a whole number and a time, as in \"5/s\" or \"1/30s\""))
}

/// How many processes play the clients.
pub(crate) fn shards(value: &Value) -> Result<Shards, Mismatch> {
    match value {
        Value::Text(text) if text == "auto" => Ok(Shards::Auto),
        _ => count(MOST_SHARDS)(value).map(Shards::Exactly).map_err(|mismatch| {
            let expected = format!("{}, or \"auto\"", mismatch.expected);
            Mismatch { expected, ..mismatch }
        }),
    }
}

/// A name of a transport: lower-case letters, digits and hyphens, a letter first, so that in a
/// condition it is never taken for a number.
pub(crate) fn label(value: &Value) -> Result<String, Mismatch> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match value {
        Value::Text(text)
            if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed) =>
        {
            Ok(text.clone())
        }
        _ => Err(Mismatch::new("a letter, then lower-case letters, digits and hyphens")),
    }
}
