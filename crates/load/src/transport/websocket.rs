//! A WebSocket by a library, and what is booked of any.
//!
//! The upgrade is sent byte for byte as the header profile says; after it `tungstenite` decodes
//! and masks, and a counter on each direction of [`Tapped`] sees every byte pass, so the library and
//! the books are independent hands.

use std::future::poll_fn;
use std::io;

use futures_util::StreamExt;
use pushbench_protocol::number::MAX_BODY;
use pushbench_protocol::{ByteKind, Cursor, Direction, Phase, Timestamp};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::Fault;
use crate::carrier::http1::opening::Opened;
use crate::carrier::opening::UpgradeRequest;
use crate::transport::context::ClientContext;
use crate::transport::frames::{Data, Frames};
use crate::transport::pushed::{self, Cause};
use crate::transport::tapped::Tapped;
use crate::unexpected::Unexpected;

/// Read buffer of each connection: a frame of an ordinary message fits, ten thousand cost 10 MB.
/// The library's default of 128 KiB would be the experiment's result.
const READ_BUFFER: usize = 1024;
/// Largest read buffer, for scenarios with large messages.
const MAX_READ_BUFFER: usize = 16 * 1024;

/// The next message. What the library writes meanwhile, pongs, is booked as it passes.
pub(crate) async fn next(
    context: &ClientContext,
    socket: &mut WebSocketStream<Tapped>,
    listener: &mut impl Listener,
) -> Option<Result<Message, tungstenite::Error>> {
    poll_fn(|cx| {
        let polled = socket.poll_next_unpin(cx);
        if polled.is_pending() {
            listener.book_sent(context, socket.get_ref());
        }
        polled
    })
    .await
}

/// Connects and upgrades.
pub(crate) async fn open(
    context: &ClientContext,
    client: u32,
    path: &str,
) -> Result<WebSocketStream<Tapped>, Fault> {
    let request = UpgradeRequest::of(&context.plan, path, None);
    open_by(context, client, &request).await
}

/// Connects and upgrades by this request.
pub(crate) async fn open_by(
    context: &ClientContext,
    client: u32,
    request: &UpgradeRequest,
) -> Result<WebSocketStream<Tapped>, Fault> {
    let Begun { mut tapped, early, .. } = begin(context, client, request).await?;
    let early = tapped.observe_early(early);
    let payload = context.plan.scenario.workload.payload.bytes as usize;
    let config = WebSocketConfig::default()
        .read_buffer_size(read_buffer(payload))
        .write_buffer_size(0)
        .max_frame_size(Some(MAX_BODY as usize))
        .max_message_size(Some(MAX_BODY as usize));
    Ok(WebSocketStream::from_partially_read(tapped, early, Role::Client, Some(config)).await)
}

/// A WebSocket that has just been opened.
pub(crate) struct Begun {
    pub(crate) tapped: Tapped,
    /// What came behind the 101, not yet observed.
    pub(crate) early: Vec<u8>,
    /// Where the server has the client begin, if it says so.
    pub(crate) begins_at: Option<Cursor>,
}

/// Connects and upgrades.
pub(crate) async fn begin(
    context: &ClientContext,
    client: u32,
    request: &UpgradeRequest,
) -> Result<Begun, Fault> {
    let opened = context.carriers.tunnel(client, request).await?;
    let Opened { value: tunnel, early, begins_at } = opened;
    Ok(Begun { tapped: Tapped::new(tunnel, request.terms.is_some()), early, begins_at })
}

/// Bytes of a connection's read buffer, for payloads of this length.
pub(crate) fn read_buffer(payload: usize) -> usize {
    (payload + 14).next_power_of_two().clamp(READ_BUFFER, MAX_READ_BUFFER)
}

/// Says goodbye and waits for the server to end the connection (RFC 6455, section 7.1.1).
pub(crate) async fn close(
    context: &ClientContext,
    socket: &mut WebSocketStream<Tapped>,
    listener: &mut impl Listener,
) -> Result<(), Fault> {
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    let sent = socket.close(Some(goodbye)).await;
    while let Some(message) = socket.next().await {
        match message {
            Ok(message) => {
                listener.take(context, &message, context.accounts.now(), socket.get_ref());
            }
            Err(_) => break,
        }
    }
    // Books what passed in any case; nothing of it belongs to the phases before.
    listener.book(context, socket.get_ref(), Phase::Close);
    let _ = socket.get_mut().shutdown().await;
    sent.map_err(|error| fault_of(&error))
}

/// The fault of a server that ends a WebSocket by a close frame.
pub(crate) fn closed(context: &ClientContext, close: Option<&CloseFrame>) -> Fault {
    closed_by(context, close.map(|close| (close.code.into(), close.reason.as_bytes())))
}

/// The same, by the frame's code and its reason.
pub(crate) fn closed_by(context: &ClientContext, close: Option<(u16, &[u8])>) -> Fault {
    // When connections are being ended it is of the end, and not among what failed; and neither is it
    // where the client comes back.
    if !context.accounts.is_closing() && context.accounts.comebacks.is_none() {
        context.accounts.keep_unexpected(Fault::Closed, || Unexpected::of_close(close));
    }
    Fault::Closed
}

pub(crate) fn fault_of(error: &tungstenite::Error) -> Fault {
    use tungstenite::Error;
    use tungstenite::error::ProtocolError;
    match error {
        Error::ConnectionClosed
        | Error::AlreadyClosed
        // The server, or a proxy, is gone without a word: it has broken off, and no rule of frames.
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Fault::Closed,
        Error::Io(error) if error.kind() != io::ErrorKind::InvalidInput => Fault::Io,
        // What the tap refuses comes as input, too.
        _ => Fault::Protocol,
    }
}

/// What takes the messages of a WebSocket, and books them.
pub(crate) trait Listener {
    /// Takes the data of a message.
    fn take_data(
        &mut self,
        context: &ClientContext,
        data: &[u8],
        received_at: Timestamp,
        tapped: &Tapped,
    );

    /// Books what has come since the last time; gives its phase.
    fn receive(
        &mut self,
        context: &ClientContext,
        cause: Cause,
        received_at: Timestamp,
        tapped: &Tapped,
    ) -> Phase;

    /// Takes a ping, which says that the server is alive.
    fn take_ping(&mut self, context: &ClientContext, received_at: Timestamp, tapped: &Tapped) {
        if self.receive(context, Cause::Clock, received_at, tapped) == Phase::Measure {
            context.accounts.recorder.borrow_mut().counts.heartbeats += 1;
        }
    }

    /// Takes a message, whatever its kind.
    fn take(
        &mut self,
        context: &ClientContext,
        message: &Message,
        received_at: Timestamp,
        tapped: &Tapped,
    ) {
        match message {
            Message::Text(text) => self.take_data(context, text.as_bytes(), received_at, tapped),
            Message::Binary(bytes) => self.take_data(context, bytes, received_at, tapped),
            Message::Ping(_) => self.take_ping(context, received_at, tapped),
            Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                self.receive(context, Cause::Message, received_at, tapped);
            }
        }
    }

    /// Books what was sent since the last time, where what it answers was.
    fn book_sent(&mut self, context: &ClientContext, tapped: &Tapped);

    /// Books what has passed since the last time.
    fn book(&mut self, context: &ClientContext, tapped: &Tapped, phase: Phase);
}

/// What is booked of one client's WebSocket.
pub(crate) struct Subscriber {
    subscriber_id: usize,
    frames: Frames,
}

impl Subscriber {
    pub(crate) fn new(subscriber_id: usize, tapped: &Tapped) -> Self {
        Self { subscriber_id, frames: Frames::new(tapped) }
    }

    /// Books one message of data, whose frames carried `wire_len` bytes.
    pub(crate) fn take_payload(
        &mut self,
        context: &ClientContext,
        payload: &[u8],
        wire_len: u64,
        received_at: Timestamp,
        tapped: &Tapped,
    ) {
        let phase = self.receive(context, Cause::Message, received_at, tapped);
        let kind = pushed::receive(context, self.subscriber_id, payload, phase, received_at);
        if kind != ByteKind::Payload {
            let mut ledger = context.accounts.ledger.borrow_mut();
            ledger.rebook(phase, Direction::Down, ByteKind::Payload, kind, wire_len);
        }
    }

    /// Books what has passed since the last time, a header that did not become whole too.
    pub(crate) fn give_up(&mut self, context: &ClientContext, tapped: &Tapped) {
        let (phase, data) = self.frames.give_up(context, tapped);
        book_data(context, phase, data);
    }
}

impl Listener for Subscriber {
    fn take_data(
        &mut self,
        context: &ClientContext,
        data: &[u8],
        received_at: Timestamp,
        tapped: &Tapped,
    ) {
        self.take_payload(context, data, data.len() as u64, received_at, tapped);
    }

    fn receive(
        &mut self,
        context: &ClientContext,
        cause: Cause,
        received_at: Timestamp,
        tapped: &Tapped,
    ) -> Phase {
        let phase = self.frames.phase_of(context, cause, received_at, tapped, 0);
        self.book(context, tapped, phase);
        self.frames.has_taken(tapped);
        phase
    }

    fn book_sent(&mut self, context: &ClientContext, tapped: &Tapped) {
        let phase = self.frames.received_in();
        let up = self.frames.book_up(context, tapped, phase);
        book_data(context, phase, Data { down: 0, up });
    }

    fn book(&mut self, context: &ClientContext, tapped: &Tapped, phase: Phase) {
        let data = self.frames.book(context, tapped, phase);
        book_data(context, phase, data);
    }
}

/// Books data as that of messages, which it is until it is known to be another's.
fn book_data(context: &ClientContext, phase: Phase, data: Data) {
    context.accounts.book(phase, Direction::Down, ByteKind::Payload, data.down);
    context.accounts.book(phase, Direction::Up, ByteKind::Payload, data.up);
}

#[cfg(test)]
mod tests {
    use tungstenite::Error;
    use tungstenite::error::ProtocolError;

    use super::*;

    #[test]
    fn a_server_that_is_gone_without_a_close_frame_has_closed_and_broken_no_rule_of_frames() {
        for (error, expected) in [
            (ProtocolError::ResetWithoutClosingHandshake, Fault::Closed),
            (ProtocolError::MaskedFrameFromServer, Fault::Protocol),
            (ProtocolError::NonZeroReservedBits, Fault::Protocol),
        ] {
            assert_eq!(fault_of(&Error::Protocol(error.clone())), expected, "{error}");
        }
        for (kind, expected) in [
            (io::ErrorKind::ConnectionReset, Fault::Io),
            (io::ErrorKind::InvalidInput, Fault::Protocol),
        ] {
            assert_eq!(fault_of(&Error::Io(kind.into())), expected, "{kind}");
        }
    }
}
