//! One client from its first connection to its end, however often it comes back between.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;

use crate::fault::Fault;
use crate::transport::context::ClientContext;
use crate::{bounds, transport};

/// Plays a client to its end. One that panics is a fault; the others go on.
pub(super) async fn play_client(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> Result<(), Fault> {
    let Err(fault) = played(context, client, subscriber_id).await else { return Ok(()) };
    match context.accounts.comes_back(client, subscriber_id, fault) {
        None => Err(fault),
        // Boxed: only who has lost a connection carries the room that coming back needs.
        Some(wait) => Box::pin(come_back(context, client, subscriber_id, wait)).await,
    }
}

/// Plays a client for as long as its connection lasts.
fn played(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> impl Future<Output = Result<(), Fault>> + '_ {
    let play = transport::play(context, client, subscriber_id);
    AssertUnwindSafe(play).catch_unwind().map(|played| played.unwrap_or(Err(Fault::Panic)))
}

/// Plays a client that has lost its connection and waits before it comes back, to its end.
async fn come_back(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
    mut wait: Duration,
) -> Result<(), Fault> {
    loop {
        tokio::select! {
            biased;
            () = context.closed() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        let play = played(context, client, subscriber_id);
        let Err(fault) = opened_again(context, subscriber_id, play).await else { return Ok(()) };
        wait = context.accounts.comes_back(client, subscriber_id, fault).ok_or(fault)?;
    }
}

/// Plays a client that comes back, and gives it up if it is not connected in time, or if all are to end
/// before it is.
async fn opened_again(
    context: &ClientContext,
    subscriber_id: usize,
    play: impl Future<Output = Result<(), Fault>>,
) -> Result<(), Fault> {
    let is_away = || {
        let comebacks = context.accounts.comebacks.as_ref();
        comebacks.is_some_and(|comebacks| comebacks.is_away(subscriber_id))
    };
    let mut play = pin!(play);
    let opening = poll_fn(|cx| match play.as_mut().poll(cx) {
        Poll::Ready(played) => Poll::Ready(Some(played)),
        Poll::Pending if is_away() => Poll::Pending,
        Poll::Pending => Poll::Ready(None),
    });
    let opened = tokio::select! {
        biased;
        opened = tokio::time::timeout(bounds::OPEN, opening) => opened,
        () = context.closed() => return Ok(()),
    };
    match opened {
        Ok(Some(played)) => played,
        Ok(None) => play.await,
        Err(_) => Err(Fault::OpenTimeout),
    }
}

/// Plays a client, and gives it up if it does not come to be open while nobody else does, or if all
/// are to end before it is.
pub(super) async fn bounded(
    context: &ClientContext,
    subscriber_id: usize,
    play: impl Future<Output = Result<(), Fault>>,
) -> Result<(), Fault> {
    let mut play = pin!(play);
    let began = context.accounts.now();
    loop {
        let now = context.accounts.now();
        let left = began.max(context.accounts.presence.last_opened()).plus(bounds::OPEN).since(now);
        if left.is_zero() || context.accounts.is_closing() && now.since(began) >= bounds::OPEN {
            return Err(Fault::OpenTimeout);
        }
        if context.accounts.is_closing() {
            return Ok(());
        }
        let opening = poll_fn(|cx| match play.as_mut().poll(cx) {
            Poll::Ready(played) => Poll::Ready(Some(played)),
            Poll::Pending if context.accounts.presence.has_opened(subscriber_id) => {
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        });
        tokio::select! {
            biased;
            opened = opening => match opened {
                Some(played) => return played,
                None => return play.await,
            },
            () = context.closed() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}
