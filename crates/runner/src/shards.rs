//! A trial that is split into shards: each a load process of its own with a server process of its own.
//!
//! One process may open only so many files, so one cannot play more clients than that, nor serve them.
//! A shard plays every N-th client of the trial, by its number in the whole, against a server that it
//! starts; each server is published the same messages at the same due times. Whoever conducts starts
//! all, lets each phase begin at one moment once all are ready for it, and adds up what they saw
//! ([`crate::merge`]). A shard that is lost makes the trial invalid, and is named.
//!
//! Start with [`message`] (what is said over the pipes), then `muster` (what follows from it, pure).

mod message;
mod muster;
mod part;
mod play;
mod process;

pub use message::ShardJob;
pub use part::play_shard;
pub(crate) use play::play;

use crate::server_process::ServerCommand;

/// How a run that is split starts its shards.
#[derive(Clone, Debug)]
pub struct ShardCommand {
    /// The program, and what makes it a shard that reads its job from stdin.
    pub command: ServerCommand,
    /// What all shards are told of the scenario.
    pub job: ShardJob,
}
