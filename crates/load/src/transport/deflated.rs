//! A client that subscribes by WebSocket and has agreed on permessage-deflate (RFC 7692).
//!
//! The upgrade is our own, byte for byte as the profile says; after it `yawc` decodes and inflates.
//! As with `tungstenite`, which has no compression, a tap on the connection sees every byte pass: it
//! keeps the length that each message had on the wire, and the library says only what it held.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_util::SinkExt;
use pushbench_protocol::{DeflateTerms, Phase};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use yawc::close::CloseCode;
use yawc::{
    CompressionLevel, DeflatePool, Frame, OpCode, Options, Role, WebSocket, WebSocketError,
};

use crate::Fault;
use crate::carrier::opening::UpgradeRequest;
use crate::transport::context::ClientContext;
use crate::transport::pushed::{Cause, begins, resumes_after};
use crate::transport::tapped::Tapped;
use crate::transport::websocket::{Begun, Listener, Subscriber, begin, closed_by, read_buffer};

/// What a client writes: a pong, and a close frame.
const WRITE_BUFFER: usize = 256;
/// Idle decompressors of one worker, for connections whose messages refer to none before them.
const POOL: usize = 16;

thread_local! {
    static DECOMPRESSORS: DeflatePool = DeflatePool::new(POOL);
}

/// Connects, upgrades, takes every message, and closes the WebSocket when told to.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
    terms: DeflateTerms,
) -> Result<(), Fault> {
    let after = resumes_after(context, subscriber_id);
    let path = context.plan.websocket_path(client, after);
    let request = UpgradeRequest::of(&context.plan, &path, Some(terms));
    let Begun { mut tapped, early, begins_at } = begin(context, client, &request).await?;
    begins(context, subscriber_id, begins_at);
    tapped.keep_message_lens();
    let early = tapped.observe_early(early);
    let wire = Wire(Rc::new(RefCell::new(Early { tapped, early: early.into() })));
    let socket = open(context, wire.clone(), terms)?;
    context.accounts.is_connected(subscriber_id);
    let subscriber = Subscriber::new(subscriber_id, &wire.0.borrow().tapped);
    let mut client = Client { wire, socket, subscriber };
    let ended = loop {
        let frame = tokio::select! {
            biased;
            frame = client.next(context) => frame,
            () = context.closed() => break Ok(()),
        };
        let close = frame.as_ref().ok().filter(|frame| frame.opcode() == OpCode::Close);
        let close = close.map(|frame| frame.payload().clone());
        match (client.take(context, frame), close) {
            (Ok(_), Some(payload)) => break Err(closed_by(context, code_and_reason(&payload))),
            (Ok(_), None) => {}
            (Err(fault), _) => break Err(fault),
        }
    };
    match ended {
        Ok(()) => client.close(context).await,
        Err(fault) => {
            client.give_up(context);
            Err(fault)
        }
    }
}

fn open(
    context: &ClientContext,
    wire: Wire,
    terms: DeflateTerms,
) -> Result<WebSocket<Wire>, Fault> {
    let payload = context.plan.scenario.workload.payload.bytes as usize;
    // Noise grows a little by being deflated.
    let most = payload + payload / 8 + 1_024;
    let options = Options::default()
        // Of the level nothing is seen: the client sends no messages.
        .with_compression_level(CompressionLevel::default())
        .with_deflate_pool(DECOMPRESSORS.with(DeflatePool::clone))
        .with_limits(most, 2 * most)
        .with_read_buffer_capacity(read_buffer(payload))
        .with_write_buffer_capacity(WRITE_BUFFER);
    let agreed = terms.answer(true);
    WebSocket::from_stream_with_extensions(wire, Role::Client, Some(&agreed), options)
        .map_err(|error| fault_of(&error))
}

struct Client {
    wire: Wire,
    socket: WebSocket<Wire>,
    subscriber: Subscriber,
}

impl Client {
    /// The next frame. What the library writes meanwhile, pongs, is booked as it passes.
    async fn next(&mut self, context: &ClientContext) -> Result<Frame, WebSocketError> {
        poll_fn(|cx| {
            let polled = self.socket.poll_next_frame(cx);
            if polled.is_pending() {
                self.subscriber.book_sent(context, &self.wire.0.borrow().tapped);
            }
            polled
        })
        .await
    }

    /// Books a frame.
    fn take(
        &mut self,
        context: &ClientContext,
        frame: Result<Frame, WebSocketError>,
    ) -> Result<OpCode, Fault> {
        let received_at = context.accounts.now();
        let frame = frame.map_err(|error| fault_of(&error))?;
        let tapped = &mut self.wire.0.borrow_mut().tapped;
        match frame.opcode() {
            OpCode::Text | OpCode::Binary => {
                let wire_len = tapped.take_message_len().ok_or(Fault::Protocol)?;
                self.subscriber.take_payload(
                    context,
                    frame.payload(),
                    wire_len,
                    received_at,
                    tapped,
                );
            }
            OpCode::Ping => self.subscriber.take_ping(context, received_at, tapped),
            OpCode::Pong | OpCode::Close | OpCode::Continuation => {
                self.subscriber.receive(context, Cause::Message, received_at, tapped);
            }
        }
        Ok(frame.opcode())
    }

    fn give_up(&mut self, context: &ClientContext) {
        self.subscriber.give_up(context, &self.wire.0.borrow().tapped);
    }

    /// Says goodbye and waits for the server to end the connection (RFC 6455, section 7.1.1).
    async fn close(mut self, context: &ClientContext) -> Result<(), Fault> {
        let goodbye = Frame::close(CloseCode::Normal, []);
        let sent = self.socket.send(goodbye).await;
        loop {
            let frame = self.socket.next_frame().await;
            // Not to be asked again after the answer: the library would answer that.
            match self.take(context, frame) {
                Ok(OpCode::Close) | Err(_) => break,
                Ok(_) => {}
            }
        }
        let Self { mut wire, socket, mut subscriber } = self;
        drop(socket);
        // The server's FIN; it says nothing more.
        let end = wire.read(&mut [0; 1]).await;
        subscriber.book(context, &wire.0.borrow().tapped, Phase::Close);
        let _ = wire.shutdown().await;
        sent.map_err(|error| fault_of(&error))?;
        match end {
            Ok(0) => Ok(()),
            Ok(_) => Err(Fault::Protocol),
            Err(_) => Err(Fault::Io),
        }
    }
}

/// What a close frame of this payload says (RFC 6455, section 5.5.1).
fn code_and_reason(payload: &[u8]) -> Option<(u16, &[u8])> {
    let (code, reason) = payload.split_first_chunk()?;
    Some((u16::from_be_bytes(*code), reason))
}

fn fault_of(error: &WebSocketError) -> Fault {
    match error {
        WebSocketError::ConnectionClosed => Fault::Closed,
        // What cannot be inflated comes as one, too, and what the tap refuses.
        WebSocketError::IoError(error) if error.kind() != io::ErrorKind::InvalidInput => Fault::Io,
        _ => Fault::Protocol,
    }
}

/// The tapped connection, shared with the library, which does not lend it out.
#[derive(Clone)]
struct Wire(Rc<RefCell<Early>>);

struct Early {
    tapped: Tapped,
    /// What came right behind the 101, to be read first.
    early: VecDeque<u8>,
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Early { tapped, early } = &mut *self.0.borrow_mut();
        if !early.is_empty() {
            let len = early.len().min(buf.remaining());
            early.drain(..len).for_each(|byte| buf.put_slice(&[byte]));
            return Poll::Ready(Ok(()));
        }
        Pin::new(tapped).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.borrow_mut().tapped).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().tapped).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().tapped).poll_shutdown(cx)
    }
}
