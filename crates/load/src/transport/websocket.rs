//! A client that subscribes by WebSocket.
//!
//! The upgrade is sent byte for byte as the header profile says; after it `tungstenite` decodes
//! and masks, and a [`FrameCounter`] on each direction sees every byte pass, so the library and
//! the books are independent hands.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use pushbench_protocol::number::MAX_BODY;
use pushbench_protocol::{ByteKind, DeflateTerms, Direction, HttpVersion, Phase, Timestamp, clock};
use pushbench_wire::frame::{FrameCounter, FrameCounts};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::Fault;
use crate::carrier::connection::{Connection, Probe};
use crate::carrier::http1::opening;
use crate::carrier::http1::response_head::ResponseHead;
use crate::carrier::http1::upgraded::{self, Asked};
use crate::carrier::http2;
use crate::carrier::http2::websocket::Tunnel;
use crate::carrier::line::HeadWatch;
use crate::transport::pushed::{self, Cause};
use crate::worker::Shared;

/// Read buffer of each connection: a frame of an ordinary message fits, ten thousand cost 10 MB.
/// The library's default of 128 KiB would be the experiment's result.
const READ_BUFFER: usize = 1024;
/// Largest read buffer, for scenarios with large messages.
const MAX_READ_BUFFER: usize = 16 * 1024;

/// Connects, upgrades, takes every message, and closes the WebSocket when told to.
pub(crate) async fn play(shared: &Rc<Shared>, client: u32, seat: usize) -> Result<(), Fault> {
    let topic = shared.plan.topic_of(client);
    let path =
        shared.plan.topic_name(topic).websocket_path(shared.plan.start_cursors[topic as usize]);
    let mut socket = open(shared, client, &path).await?;
    shared.is_connected(seat);
    let mut subscriber = Subscriber::new(seat, socket.get_ref());
    let ended = loop {
        let message = tokio::select! {
            biased;
            message = next(shared, &mut socket, &mut subscriber) => message,
            () = shared.closed() => break Ok(()),
        };
        let received_at = clock::now();
        match message {
            Some(Ok(message)) => {
                subscriber.take(shared, &message, received_at, socket.get_ref());
                if message.is_close() {
                    break Err(Fault::Closed);
                }
            }
            Some(Err(error)) => break Err(fault_of(&error)),
            None => break Err(Fault::Closed),
        }
    };
    if ended.is_ok() {
        close(shared, &mut socket, &mut subscriber).await?;
    } else {
        subscriber.give_up(shared, socket.get_ref());
    }
    ended
}

/// The next message. What the library writes meanwhile, pongs, is booked as it passes.
pub(crate) async fn next(
    shared: &Shared,
    socket: &mut WebSocketStream<Tapped>,
    subscriber: &mut Subscriber,
) -> Option<Result<Message, tungstenite::Error>> {
    poll_fn(|cx| {
        let polled = socket.poll_next_unpin(cx);
        if polled.is_pending() {
            subscriber.book_sent(shared, socket.get_ref());
        }
        polled
    })
    .await
}

/// Connects and upgrades.
pub(crate) async fn open(
    shared: &Rc<Shared>,
    client: u32,
    path: &str,
) -> Result<WebSocketStream<Tapped>, Fault> {
    let (mut tapped, early) = begin(shared, client, path, None).await?;
    tapped.observe_early(&early);
    let payload = shared.plan.scenario.workload.payload.bytes as usize;
    let config = WebSocketConfig::default()
        .read_buffer_size(read_buffer(payload))
        .write_buffer_size(0)
        .max_frame_size(Some(MAX_BODY as usize))
        .max_message_size(Some(MAX_BODY as usize));
    Ok(WebSocketStream::from_partially_read(tapped, early, Role::Client, Some(config)).await)
}

/// Connects and upgrades, asking for these terms of compression or none; gives what came behind the
/// 101 too, not yet observed.
pub(crate) async fn begin(
    shared: &Rc<Shared>,
    client: u32,
    path: &str,
    terms: Option<DeflateTerms>,
) -> Result<(Tapped, Vec<u8>), Fault> {
    Ok(match shared.plan.carriage.http {
        HttpVersion::Http11 => {
            let mut connection = shared.connect(client).await?;
            let early = upgrade(shared, &mut connection, path, terms).await?;
            (Tapped::new(Carrier::Connection(connection)), early)
        }
        HttpVersion::Http2 => {
            let tunnel = http2::websocket::open(shared, client, path, terms).await?;
            (Tapped::new(Carrier::Tunnel(Box::new(tunnel))), Vec::new())
        }
    })
}

/// Bytes of a connection's read buffer, for payloads of this length.
pub(crate) fn read_buffer(payload: usize) -> usize {
    (payload + 14).next_power_of_two().clamp(READ_BUFFER, MAX_READ_BUFFER)
}

/// Says goodbye and waits for the server to end the connection (RFC 6455, section 7.1.1).
pub(crate) async fn close(
    shared: &Shared,
    socket: &mut WebSocketStream<Tapped>,
    subscriber: &mut Subscriber,
) -> Result<(), Fault> {
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    let sent = socket.close(Some(goodbye)).await;
    while let Some(message) = socket.next().await {
        match message {
            Ok(message) => subscriber.take(shared, &message, clock::now(), socket.get_ref()),
            Err(_) => break,
        }
    }
    // Books what passed in any case; nothing of it belongs to the phases before.
    subscriber.book(shared, socket.get_ref(), Phase::Close);
    let _ = socket.get_mut().shutdown().await;
    sent.map_err(|error| fault_of(&error))
}

pub(crate) fn fault_of(error: &tungstenite::Error) -> Fault {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Fault::Closed,
        Error::Io(_) => Fault::Io,
        _ => Fault::Protocol,
    }
}

/// What has been booked of what passed.
#[derive(Clone, Copy, Debug, Default)]
struct Booked {
    down: FrameCounts,
    up: FrameCounts,
}

/// What is booked of one client's WebSocket.
pub(crate) struct Subscriber {
    seat: usize,
    booked: Booked,
    /// The phase of what was heard last: what answers it belongs there too.
    heard_in: Phase,
    /// What comes with the next message and is booked before it.
    head: HeadWatch,
}

impl Subscriber {
    pub(crate) fn new(seat: usize, tapped: &Tapped) -> Self {
        let head = tapped.carrier.head_watch();
        Self { seat, booked: Booked::default(), heard_in: Phase::Connect, head }
    }

    /// Books one message.
    pub(crate) fn take(
        &mut self,
        shared: &Shared,
        message: &Message,
        received_at: Timestamp,
        tapped: &Tapped,
    ) {
        match message {
            Message::Text(text) => {
                self.take_data(shared, text.as_bytes(), text.len() as u64, received_at, tapped);
            }
            Message::Binary(bytes) => {
                self.take_data(shared, bytes, bytes.len() as u64, received_at, tapped);
            }
            Message::Ping(_) => self.take_ping(shared, received_at, tapped),
            Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                self.hear(shared, Cause::News, received_at, tapped);
            }
        }
    }

    /// Books one ping.
    pub(crate) fn take_ping(&mut self, shared: &Shared, received_at: Timestamp, tapped: &Tapped) {
        if self.hear(shared, Cause::Clock, received_at, tapped) == Phase::Measure {
            shared.recorder.borrow_mut().counts.heartbeats += 1;
        }
    }

    /// Books what has come since the last time; gives its phase.
    pub(crate) fn hear(
        &mut self,
        shared: &Shared,
        cause: Cause,
        received_at: Timestamp,
        tapped: &Tapped,
    ) -> Phase {
        let unbooked = tapped.down.counts.total() - self.booked.down.total() + self.head.len();
        let probe = tapped.carrier.probe();
        let phase = pushed::phase_of(shared, probe, cause, received_at, unbooked, &self.head);
        self.heard_in = phase;
        self.book(shared, tapped, phase);
        probe.has_taken();
        self.head = tapped.carrier.head_watch();
        phase
    }

    /// Books one message of data, whose frames carried `wire_len` bytes.
    pub(crate) fn take_data(
        &mut self,
        shared: &Shared,
        payload: &[u8],
        wire_len: u64,
        received_at: Timestamp,
        tapped: &Tapped,
    ) {
        let phase = self.hear(shared, Cause::News, received_at, tapped);
        let kind = pushed::receive(shared, self.seat, payload, phase, received_at);
        if kind != ByteKind::Payload {
            let mut ledger = shared.ledger.borrow_mut();
            ledger.rebook(phase, Direction::Down, ByteKind::Payload, kind, wire_len);
        }
    }

    /// Books what has passed since the last time.
    pub(crate) fn book(&mut self, shared: &Shared, tapped: &Tapped, phase: Phase) {
        book(shared, phase, Direction::Down, tapped.down.counts, &mut self.booked.down);
        book(shared, phase, Direction::Up, tapped.up.counts, &mut self.booked.up);
    }

    /// Books what has passed since the last time, a header that did not become whole too.
    pub(crate) fn give_up(&mut self, shared: &Shared, tapped: &Tapped) {
        let phase = shared.phase_on(tapped.carrier.probe());
        self.book(shared, tapped, phase);
        shared.book(phase, Direction::Down, ByteKind::Control, tapped.down.begun());
        shared.book(phase, Direction::Up, ByteKind::Control, tapped.up.begun());
    }

    /// Books what was sent since the last time, where what it answers was.
    pub(crate) fn book_sent(&mut self, shared: &Shared, tapped: &Tapped) {
        book(shared, self.heard_in, Direction::Up, tapped.up.counts, &mut self.booked.up);
    }
}

fn book(
    shared: &Shared,
    phase: Phase,
    direction: Direction,
    now: FrameCounts,
    booked: &mut FrameCounts,
) {
    let phase = shared.open_phase(phase);
    let mut ledger = shared.ledger.borrow_mut();
    for (kind, bytes) in [
        (ByteKind::Payload, now.payload - booked.payload),
        (ByteKind::Framing, now.framing - booked.framing),
        (ByteKind::Control, now.control - booked.control),
    ] {
        ledger.book(phase, direction, kind, bytes);
    }
    *booked = now;
}

/// Upgrades the connection; gives the bytes that came behind the 101.
async fn upgrade(
    shared: &Shared,
    connection: &mut Connection,
    path: &str,
    terms: Option<DeflateTerms>,
) -> Result<Vec<u8>, Fault> {
    let plan = &shared.plan;
    let key = STANDARD.encode(rand::random::<[u8; 16]>());
    let headers = &plan.scenario.headers;
    let request = headers.request.upgrade_offering(plan.head_target(path), &key, terms);
    let begin = clock::now();
    connection.write_all(&request.bytes).await.map_err(|_| Fault::Io)?;
    shared.book(Phase::Connect, Direction::Up, ByteKind::Handshake, request.bytes.len() as u64);
    let asked = Asked { request: &request.bytes, key: &key, terms };
    let check = |head: &ResponseHead<'_>| upgraded::check(head, asked);
    let opened = opening::hear(shared, connection, ByteKind::Handshake, check).await?;
    shared.recorder.borrow_mut().connect_upgrade.record(clock::now().since(begin));
    shared.upgrade_heads.set(Some((request.bytes.len() as u64, opened.head_len)));
    Ok(opened.early)
}

/// What frames are carried by.
enum Carrier {
    Connection(Connection),
    /// A stream of an HTTP/2 connection.
    Tunnel(Box<Tunnel>),
}

impl Carrier {
    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        let stream: &mut dyn Stream = match self {
            Self::Connection(connection) => connection,
            Self::Tunnel(tunnel) => &mut **tunnel,
        };
        Pin::new(stream)
    }

    /// The books of the connection.
    fn probe(&self) -> &Rc<Probe> {
        match self {
            Self::Connection(connection) => connection.probe(),
            Self::Tunnel(tunnel) => tunnel.connection().probe(),
        }
    }

    /// Watches for what is booked before the next message.
    fn head_watch(&self) -> HeadWatch {
        match self {
            Self::Connection(_) => HeadWatch::NOTHING,
            Self::Tunnel(tunnel) => HeadWatch::on(tunnel.connection()),
        }
    }
}

/// Bytes both ways.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// A connection whose frames are counted as they pass.
pub(crate) struct Tapped {
    carrier: Carrier,
    down: FrameCounter,
    up: FrameCounter,
}

impl Tapped {
    fn new(carrier: Carrier) -> Self {
        Self { carrier, down: FrameCounter::default(), up: FrameCounter::default() }
    }

    /// Takes note of what was read before the tap was there.
    pub(crate) fn observe_early(&mut self, bytes: &[u8]) {
        self.down.observe(bytes);
    }

    /// Keeps the length of each message from now on, for [`Self::take_message_len`].
    pub(crate) fn keep_message_lens(&mut self) {
        self.down.keep_message_lens();
    }

    /// Bytes that the frames of the oldest message received and not yet taken carried.
    pub(crate) fn take_message_len(&mut self) -> Option<u64> {
        self.down.take_message_len()
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = self.carrier.stream().poll_read(cx, buf);
        self.down.observe(&buf.filled()[before..]);
        result
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = self.carrier.stream().poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            self.up.observe(&bytes[..written]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.carrier.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.carrier.stream().poll_shutdown(cx)
    }
}
