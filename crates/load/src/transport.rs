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
mod head_meter;
pub(crate) mod headers;
pub(crate) mod item;
mod library_websocket;
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

use std::pin::Pin;

use pushbench_protocol::ClientProgram;
use pushbench_scenario::TransportSettings;

use crate::Fault;
use crate::transport::context::ClientContext;

/// A client being played to its end.
pub(crate) type Playing<'c> = Pin<Box<dyn Future<Output = Result<(), Fault>> + 'c>>;

/// Plays a client to its end, by the plan's transport: as the adapter of a third-party server says,
/// or else as our own server is spoken to.
///
/// Boxed, so that a client takes the room that its own transport needs and not that of the largest.
pub(crate) fn play(context: &ClientContext, client: u32, subscriber_id: usize) -> Playing<'_> {
    if let Some(adapted) = &context.plan.adapted {
        return Box::pin(adapted::play(context, client, subscriber_id, adapted));
    }
    match context.plan.transport {
        TransportSettings::ShortPoll(poll) => {
            Box::pin(short_poll::play(context, client, subscriber_id, poll))
        }
        TransportSettings::LongPoll(poll) => {
            Box::pin(long_poll::play(context, client, subscriber_id, poll))
        }
        TransportSettings::Sse(_) => {
            Box::pin(streamed::play::<sse::Events>(context, client, subscriber_id))
        }
        TransportSettings::Stream(_) => {
            Box::pin(streamed::play::<stream::Lines>(context, client, subscriber_id))
        }
        TransportSettings::WebSocket(_)
            if context.plan.carriage.client == ClientProgram::Tungstenite =>
        {
            Box::pin(library_websocket::play(context, client, subscriber_id))
        }
        TransportSettings::WebSocket(socket) => match socket.deflate {
            None => Box::pin(plain::play(context, client, subscriber_id)),
            Some(deflate) => {
                Box::pin(deflated::play(context, client, subscriber_id, deflate.terms()))
            }
        },
        TransportSettings::Nudge(_) => Box::pin(nudge::play(context, client, subscriber_id)),
    }
}
