//! Clients of a third-party server, spoken to as its adapter says.
//!
//! A client has a [`Dialogue`](pushbench_adapter::Dialogue), which knows what bytes are and what to
//! send. Here is what moves them: one file for each way in which messages reach a client, and in
//! `booked` what all of them share. What carries them is in `carrier`, as of our own server.

#[expect(dead_code, reason = "the transports that use it are the next commits")]
pub(crate) mod booked;

use crate::plan::Adapted;
use crate::transport::context::ClientContext;
use crate::{Fault, Unexpected};

/// Plays a client to its end.
pub(crate) async fn play(
    context: &ClientContext,
    _client: u32,
    _subscriber_id: usize,
    adapted: &Adapted,
) -> Result<(), Fault> {
    let kind = adapted.transport.kind;
    let told = format!("{kind} of a third-party server cannot be played yet");
    context.accounts.keep_unexpected(Fault::Adapter, || Unexpected::of_dialogue(&told));
    Err(Fault::Adapter)
}
