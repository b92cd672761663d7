//! What takes time between a request and the next: a poll that is held, a body that comes in parts, a
//! response that is read from the log. All of it is in a box of its own, so that a connection that
//! waits for nothing but its next request has no room for it.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite};

use super::asked::{Out, Task, Waiting};
use super::body::Body;
use super::http::Http;
use crate::holding::hold;
use crate::pieces::PieceSource;
use crate::respond::{Publish, Refusal, Response};

/// Why a body breaks off, in the words of the other engine's library.
const BROKEN_OFF: &str = "error reading a body from connection";
/// Room for a body before any of it has come.
const FIRST_ROOM: usize = 64 * 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> Http<S> {
    /// Does what takes time, and responds.
    ///
    /// # Errors
    ///
    /// If the client has gone, or the response has broken off.
    pub(super) async fn wait(&mut self, waiting: Waiting) -> io::Result<()> {
        let Waiting { mut form, task } = waiting;
        let mut out = Out::default();
        match task {
            Task::Send(source) => {
                self.send_pieces(source).await?;
                self.send_later(out, form.is_last);
                return Ok(());
            }
            Task::Hold { reader, then } => {
                let shared = Arc::clone(&self.asker.shared);
                let connection = Arc::clone(&self.asker.connection);
                let app = &shared.app;
                let held = hold(&app.rules, app.clock, &connection, (reader, then));
                let mut held = pin!(held);
                let response = poll_fn(|cx| -> Poll<io::Result<Response>> {
                    // What is unsent must not wait for the hold.
                    let _ = self.poll_unsent(cx)?;
                    if self.poll_gone(cx).is_ready() {
                        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                    }
                    held.as_mut().poll(cx).map(Ok)
                })
                .await?;
                form.is_last |= self.asker.is_going();
                // Before anything else is waited for: the hub counts a reader of its pieces.
                let source = self.asker.respond(response, form, &mut out);
                self.all_sent().await?;
                if let Some(source) = source {
                    self.send_later(out, false);
                    self.send_pieces(source).await?;
                    out = Out::default();
                }
            }
            Task::Receive { publish, body } => {
                let received = self.receive(&publish, body).await;
                self.all_sent().await?;
                form.is_last |= self.asker.is_going();
                let is_whole = received.is_ok();
                let payload = received.as_deref().map_err(Clone::clone);
                self.asker.publish(&publish, payload, form, &mut out);
                // Where the rest of it would end is not known any more.
                self.send_later(out, form.is_last || !is_whole);
                return Ok(());
            }
        }
        self.send_later(out, form.is_last);
        Ok(())
    }

    /// Waits until all is sent, or the client has gone.
    pub(super) async fn all_sent(&mut self) -> io::Result<()> {
        poll_fn(|cx| match self.poll_unsent(cx) {
            Ok(Poll::Pending) => {
                self.poll_gone(cx).map(|()| Err(io::ErrorKind::UnexpectedEof.into()))
            }
            sent => Poll::Ready(sent.map(|_| ())),
        })
        .await
    }

    async fn send_pieces(&mut self, mut source: PieceSource) -> io::Result<()> {
        self.all_sent().await?;
        while let Some(piece) = source.next().map_err(io::Error::other)? {
            self.send_later(Out { bytes: Vec::new(), tail: piece }, false);
            self.all_sent().await?;
            // It is the turn of all others.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Reads a body within its time.
    async fn receive(&mut self, publish: &Publish, body: Body) -> Result<Vec<u8>, Refusal> {
        let received = tokio::time::timeout(publish.within, self.whole(publish, body)).await;
        received.unwrap_or_else(|_| Err(Publish::too_slow()))
    }

    /// Reads a body up to its limit.
    async fn whole(&mut self, publish: &Publish, mut body: Body) -> Result<Vec<u8>, Refusal> {
        let announced = usize::try_from(body.announced()).unwrap_or(usize::MAX);
        // What is announced and does not come takes no memory.
        let mut payload = Vec::with_capacity(announced.min(FIRST_ROOM));
        loop {
            let input = std::mem::take(&mut self.input);
            let mut left = &input[..];
            loop {
                let data = body.next(&mut left).map_err(|_| Publish::broken_off(BROKEN_OFF))?;
                let Some(data) = data else { break };
                if payload.len() + data.len() > publish.most_bytes {
                    return Err(publish.too_large());
                }
                payload.extend_from_slice(data);
            }
            self.keep(left.len(), input);
            // What has come is no head that dawdles.
            self.asker.connection.understood();
            if body.is_over() {
                return Ok(payload);
            }
            let more = poll_fn(|cx| {
                // A client may wait for what is unsent, to go on.
                let _ = self.poll_unsent(cx)?;
                self.poll_more(cx)
            });
            if !more.await.map_err(|_| Publish::broken_off(BROKEN_OFF))? {
                return Err(Publish::broken_off(BROKEN_OFF));
            }
        }
    }
}
