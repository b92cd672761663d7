//! How messages reach a client: one file for each kind, and what several of them share.
//!
//! A kind is a function that plays a client to its end, over whatever carries it. What kinds are is
//! in the table of `protocol::kind`; which file plays one is said here and nowhere else. A new kind
//! is a file beside these and an arm of [`play`].

pub(crate) mod adapted;
pub(crate) mod coded_stream;
pub(crate) mod context;
pub(crate) mod deflated;
pub(crate) mod event_lines;
pub(crate) mod frames;
pub(crate) mod headers;
pub(crate) mod item;
pub(crate) mod lines;
pub(crate) mod long_poll;
pub(crate) mod nudge;
pub(crate) mod plain;
pub(crate) mod poll;
pub(crate) mod pushed;
pub(crate) mod short_poll;
pub(crate) mod sse;
pub(crate) mod stream;
pub(crate) mod streamed;
pub(crate) mod tapped;
pub(crate) mod websocket;

use pushbench_scenario::TransportSettings;

use crate::Fault;
use crate::transport::context::ClientContext;

/// Plays a client to its end, by the plan's transport: as the adapter of a third-party server says,
/// or else as our own server is spoken to.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> Result<(), Fault> {
    if let Some(adapted) = &context.plan.adapted {
        return adapted::play(context, client, subscriber_id, adapted).await;
    }
    match context.plan.transport {
        TransportSettings::ShortPoll(poll) => {
            short_poll::play(context, client, subscriber_id, poll).await
        }
        TransportSettings::LongPoll(poll) => {
            long_poll::play(context, client, subscriber_id, poll).await
        }
        TransportSettings::Sse(_) => {
            streamed::play::<sse::Events>(context, client, subscriber_id).await
        }
        TransportSettings::Stream(_) => {
            streamed::play::<stream::Lines>(context, client, subscriber_id).await
        }
        TransportSettings::WebSocket(socket) => match socket.deflate {
            None => plain::play(context, client, subscriber_id).await,
            Some(deflate) => deflated::play(context, client, subscriber_id, deflate.terms()).await,
        },
        TransportSettings::Nudge(_) => nudge::play(context, client, subscriber_id).await,
    }
}
