//! How a connection ends: at once where it is told to, and else in order, so that its last response
//! arrives.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::books::Connection;
use crate::deadline::Order;

/// Closes our side and waits for the client's: closing with its bytes unread would reset the
/// connection, and the last answer, a refusal perhaps, would be lost on the way.
pub(crate) async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut discarded = [0; 512];
    if stream.shutdown().await.is_ok() {
        while stream.read(&mut discarded).await.is_ok_and(|read| read > 0) {}
    }
}

/// Runs a connection until it is done or told to end at once.
pub(super) async fn unless_ended(connection: &Connection, serving: impl Future<Output = ()>) {
    let mut serving = pin!(serving);
    let mut known = false;
    poll_fn(|cx| {
        if !known {
            // A task keeps its waker for life.
            connection.wake_on_order(cx.waker());
            known = true;
        }
        if connection.order() == Order::End {
            return Poll::Ready(());
        }
        serving.as_mut().poll(cx)
    })
    .await;
}
