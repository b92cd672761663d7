//! A client that subscribes by WebSocket, whose messages are not compressed.
//!
//! The upgrade is sent byte for byte as the header profile says. After it frames are read where they
//! stand, in the memory that all reads of a worker go through: a client at rest holds no buffer, and
//! nobody but the socket wakes it. A counter on each direction of [`Tapped`] sees every byte pass, so
//! the reader and the books are independent hands.

use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pushbench_protocol::number::MAX_BODY;
use pushbench_protocol::{Phase, Timestamp};
use pushbench_wire::frame::{MessageReader, Opcode, Received, apply_mask, encode_header};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::carrier::connection::{TURN, end_turn};
use crate::carrier::opening::UpgradeRequest;
use crate::transport::context::ClientContext;
use crate::transport::pushed::{Cause, begins, resumes_after};
use crate::transport::tapped::Tapped;
use crate::transport::websocket::{Begun, Listener, Subscriber, begin, closed_by};
use crate::{Fault, bounds};

/// Most bytes of pongs that wait for a server that does not read; what it pings beyond them is not
/// answered.
const MOST_REPLIES: usize = 4 * 1024;
/// That nothing went wrong (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1_000;

/// Connects, upgrades, takes every message, and closes the WebSocket when told to.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> Result<(), Fault> {
    // Boxed while it lasts: a client must not carry the room that it needs.
    let (mut client, early) = Box::pin(Client::open(context, client, subscriber_id)).await?;
    context.accounts.is_connected(subscriber_id);
    let ended = match client.take(context, &early, context.accounts.now()) {
        Err(fault) => Err(fault),
        Ok(()) => {
            drop(early);
            tokio::select! {
                biased;
                fault = poll_fn(|cx| client.poll_listen(cx, context)) => Err(fault),
                () = context.closed() => Ok(()),
            }
        }
    };
    match ended {
        Ok(()) => Box::pin(client.close(context)).await,
        Err(fault) => {
            if client.is_told && context.accounts.comebacks.is_some() {
                Box::pin(client.answer_close(context)).await;
            }
            client.subscriber.give_up(context, &client.tapped);
            Err(fault)
        }
    }
}

struct Client {
    tapped: Tapped,
    reader: MessageReader,
    subscriber: Subscriber,
    /// Frames that have not left yet.
    replies: Vec<u8>,
    /// Whether it has begun to end the connection.
    has_left: bool,
    /// Whether the server has said that it ends the connection.
    is_told: bool,
}

impl Client {
    /// Connects and upgrades; gives what came behind the response, too.
    async fn open(
        context: &ClientContext,
        client: u32,
        subscriber_id: usize,
    ) -> Result<(Self, Vec<u8>), Fault> {
        let plan = &context.plan;
        let path = plan.websocket_path(client, resumes_after(context, subscriber_id));
        let request = UpgradeRequest::of(plan, &path, None);
        let Begun { mut tapped, early, begins_at } = begin(context, client, &request).await?;
        begins(context, subscriber_id, begins_at);
        let early = tapped.observe_early(early);
        let subscriber = Subscriber::new(subscriber_id, &tapped);
        let reader = MessageReader::new(MAX_BODY);
        let replies = Vec::new();
        let client = Self { tapped, reader, subscriber, replies, has_left: false, is_told: false };
        Ok((client, early))
    }

    /// Takes what comes until the connection has failed, or the server ends it.
    fn poll_listen(&mut self, cx: &mut Context<'_>, context: &ClientContext) -> Poll<Fault> {
        let mut begun = None;
        loop {
            if let Poll::Ready(Err(_)) = self.poll_reply(cx, context) {
                return Poll::Ready(Fault::Io);
            }
            let mut scratch = context.carriers.scratch();
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.tapped).poll_read(cx, &mut buf)) {
                Ok(()) if buf.filled().is_empty() => return Poll::Ready(Fault::Closed),
                Ok(()) => {}
                // What the tap refuses comes as input.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    return Poll::Ready(Fault::Protocol);
                }
                Err(_) => return Poll::Ready(Fault::Io),
            }
            let received_at = context.accounts.now();
            if let Err(fault) = self.take(context, buf.filled(), received_at) {
                return Poll::Ready(fault);
            }
            drop(scratch);
            if received_at.since(*begun.get_or_insert(received_at)) >= TURN {
                return end_turn(cx);
            }
        }
    }

    /// Takes what has come.
    fn take(
        &mut self,
        context: &ClientContext,
        bytes: &[u8],
        received_at: Timestamp,
    ) -> Result<(), Fault> {
        let Self { tapped, reader, subscriber, replies, has_left, is_told } = self;
        let read = reader.read(bytes, |received| {
            match received {
                Received::Message(payload) => {
                    subscriber.take_data(context, payload, received_at, tapped);
                }
                Received::Ping(payload) => {
                    subscriber.take_ping(context, received_at, tapped);
                    if !*has_left && replies.len() < MOST_REPLIES {
                        push_frame(replies, Opcode::Pong, payload);
                    }
                }
                Received::Pong => {
                    subscriber.receive(context, Cause::Message, received_at, tapped);
                }
                Received::Close(close) => {
                    subscriber.receive(context, Cause::Message, received_at, tapped);
                    if !*has_left {
                        *is_told = true;
                        return ControlFlow::Break(closed_by(context, close));
                    }
                }
            }
            ControlFlow::Continue(())
        });
        match read {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(fault)) => Err(fault),
            Err(_) => Err(Fault::Protocol),
        }
    }

    /// Sends what has not left yet, and books it; ready when there is no more.
    fn poll_reply(
        &mut self,
        cx: &mut Context<'_>,
        context: &ClientContext,
    ) -> Poll<Result<(), Fault>> {
        while !self.replies.is_empty() {
            match ready!(Pin::new(&mut self.tapped).poll_write(cx, &self.replies)) {
                Ok(written @ 1..) => {
                    self.replies.drain(..written);
                    self.subscriber.book_sent(context, &self.tapped);
                }
                Ok(0) | Err(_) => return Poll::Ready(Err(Fault::Io)),
            }
            if self.replies.is_empty() {
                self.replies = Vec::new();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Answers the server's goodbye, and waits for it to end the connection (RFC 6455, section 5.5.1).
    async fn answer_close(&mut self, context: &ClientContext) {
        push_frame(&mut self.replies, Opcode::Close, &NORMAL.to_be_bytes());
        self.has_left = true;
        let ended = async {
            let sent = poll_fn(|cx| self.poll_reply(cx, context)).await;
            // However it ends, it is the end.
            let _ = poll_fn(|cx| self.poll_listen(cx, context)).await;
            sent
        };
        // Whoever does not end it is not waited for, and what did not leave is on no books.
        let _ = tokio::time::timeout(bounds::CLOSE_OF_POLL, ended).await;
        let _ = self.tapped.shutdown().await;
    }

    /// Says goodbye and waits for the server to end the connection (RFC 6455, section 7.1.1).
    async fn close(mut self, context: &ClientContext) -> Result<(), Fault> {
        push_frame(&mut self.replies, Opcode::Close, &NORMAL.to_be_bytes());
        self.has_left = true;
        let sent = poll_fn(|cx| self.poll_reply(cx, context)).await;
        // However it ends, it is the end.
        let _ = poll_fn(|cx| self.poll_listen(cx, context)).await;
        // Books what passed in any case; nothing of it belongs to the phases before.
        self.subscriber.book(context, &self.tapped, Phase::Close);
        let _ = self.tapped.shutdown().await;
        sent
    }
}

/// Appends a frame as a client sends it, masked.
fn push_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let key = rand::random();
    encode_header(out, true, opcode, payload.len() as u64, Some(key));
    let from = out.len();
    out.extend_from_slice(payload);
    apply_mask(&mut out[from..], key, 0);
}
