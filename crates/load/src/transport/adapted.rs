//! Clients of a third-party server, spoken to as its adapter says.
//!
//! A client has a [`Dialogue`](pushbench_adapter::Dialogue), which knows what bytes are and what to
//! send. Here is what moves them: one file for each way in which messages reach a client, and what all
//! of them share: `client` (a dialogue and how far it has come), `opening` (what comes before a
//! connection), `head` (the heads of requests), `exchange` (a request and its response), `booked` (the books and the recorder), `hidden` (what
//! is kept of what was said, without secrets). What carries all of it is in `carrier`, as of our own
//! server.

pub(crate) mod booked;
pub(crate) mod client;
pub(crate) mod coded;
pub(crate) mod ear;
pub(crate) mod exchange;
pub(crate) mod head;
pub(crate) mod hidden;
pub(crate) mod opening;
pub(crate) mod polled;
pub(crate) mod streamed;
pub(crate) mod websocket;

use pushbench_protocol::{Arrival, Brings};

use crate::plan::Adapted;
use crate::transport::context::ClientContext;
use crate::{Fault, Unexpected};

/// Plays a client to its end.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
    adapted: &Adapted,
) -> Result<(), Fault> {
    let row = adapted.transport.kind.properties();
    match (row.arrival, row.openings[0].brings) {
        (Arrival::Pushed, Brings::Frames) => {
            websocket::play(context, client, subscriber_id, adapted).await
        }
        (Arrival::Pushed, Brings::Events | Brings::Lines | Brings::Responses) => {
            streamed::play(context, client, subscriber_id, adapted).await
        }
        (Arrival::Timer | Arrival::Held, _) => {
            polled::play(context, client, subscriber_id, adapted).await
        }
        (Arrival::Notified, _) => {
            let told = "no adapter describes nudges, expected one of the other kinds";
            context.accounts.keep_unexpected(Fault::Adapter, || Unexpected::of_dialogue(&told));
            Err(Fault::Adapter)
        }
    }
}
