//! For tests: servers that cannot be installed, played from transcripts of what their documents say.
//!
//! A transcript is one of `crates/adapter/tests/exchanges/`, which an adapter's own test plays without
//! a socket. Its lines are those of [`transcript`]; what varies in one is written as `${name=VALUE}`,
//! see [`text`].

pub mod text;
pub mod transcript;
