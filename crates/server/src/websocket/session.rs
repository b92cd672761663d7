//! One upgraded connection: writes news, reads what the client says, and ends in order.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use pushbench_wire::deflate::Deflater;
use pushbench_wire::frame::{Opcode, encode_header};

use super::close::{CLOSED_WITHOUT_A_WORD, CloseReason, GOING_AWAY, TRY_AGAIN_LATER};
use super::extensions::SessionDeflate;
use super::inflate::Inflater;
use super::reader::{Event, FrameReader, ReaderLimits};
use crate::books::{Books, Connection};
use crate::conversation::Conversation;
use crate::deadline::{Order, Phase};
use crate::exchange::Reader;
use crate::feed::Feed;
use crate::heartbeat::Heartbeat;
use crate::hub::{Next, PublishError};
use crate::log::{PayloadError, deflated_frame};
use crate::respond::Upgrade;
use crate::shared_stream::SharedStream;
use crate::stream::Outlet;

/// A WebSocket subscriber.
#[derive(Debug)]
pub(crate) struct Session<S> {
    feed: Feed,
    stream: Arc<SharedStream<S>>,
    connection: Arc<Connection>,
    books: Arc<Books>,
    may_publish: bool,
    frames: FrameReader,
    /// Compresses what the hub gives as it is: where messages may refer to those before them.
    deflater: Option<Box<Deflating>>,
    /// The answer to the newest ping (RFC 6455, section 5.5.3, allows to leave out older ones).
    pong: Option<Bytes>,
    ending: Ending,
}

/// A ping without a payload.
const PING: &[u8] = b"\x89\x00";

/// A compressor of this connection's own.
#[derive(Debug)]
struct Deflating {
    deflater: Deflater,
    threshold: usize,
}

/// How far the closing handshake has come (RFC 6455, section 7.1).
#[derive(Debug)]
enum Ending {
    Not,
    /// A close frame is to be written. `received`: the client has closed, or will not be listened to.
    Say {
        frame: Bytes,
        received: bool,
    },
    /// It is written, or being written.
    Said {
        received: bool,
    },
    /// Our side of the TCP connection is closed, first, as section 7.1.1 wants it.
    Shut,
}

impl<S: Outlet + Send + 'static> Session<S> {
    /// A session of a subscriber that has just been told 101.
    pub(crate) fn new(
        stream: S,
        connection: Arc<Connection>,
        books: Arc<Books>,
        upgrade: Upgrade,
        reader: Reader,
        limits: ReaderLimits,
    ) -> Self {
        let Upgrade { subscription, may_publish, has_heartbeat, deflate, .. } = upgrade;
        let exchange = &reader.exchange;
        let stream = SharedStream::new(stream, Bytes::new(), &connection, exchange, has_heartbeat);
        let stream = Arc::new(stream);
        let inflater = deflate.map(|SessionDeflate { terms, .. }| {
            Inflater::new(terms.client_takeover, limits.message_bytes)
        });
        let deflater = deflate.filter(|deflate| deflate.terms.server_takeover).map(
            |SessionDeflate { terms, threshold }| {
                let deflater = Deflater::new(terms.server_window_bits, true);
                Box::new(Deflating { deflater, threshold })
            },
        );
        let is_alike = deflater.is_none();
        Self {
            feed: Feed::new(&stream, reader, subscription.place, is_alike),
            stream,
            connection,
            books,
            may_publish,
            frames: FrameReader::new(limits, inflater),
            deflater,
            pong: None,
            ending: Ending::Not,
        }
    }

    /// Runs until the connection is closed. `early` is what came right behind the upgrade. Boxed by whoever
    /// calls: what a future is called with it carries twice.
    pub(crate) async fn run(mut self: Box<Self>, early: Bytes) {
        self.on_bytes(&early);
        drop(early);
        let ended: io::Result<()> = poll_fn(|cx| self.poll(cx)).await;
        if ended.is_ok() {
            // The client has closed its side. In TLS it is told that we close ours; however that
            // ends, there is nobody left to tell.
            self.connection.enter(Phase::Closing);
            let _ = poll_fn(|cx| self.stream.poll_shutdown(cx)).await;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.order() == Order::GoAway {
            self.close(GOING_AWAY, false);
        }
        self.feed.listen(cx);
        self.stream.heartbeat(|heartbeat| heartbeat.look(self.feed.exchange().ticks()));
        let read = self.poll_read(cx)?;
        // Looked at once everything is read that may be an answer.
        let is_given_up = self.stream.heartbeat(|heartbeat| heartbeat.is_given_up());
        if matches!(self.ending, Ending::Not) && is_given_up == Some(true) {
            self.books.refuse(CLOSED_WITHOUT_A_WORD);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let mut written = self.poll_write(cx)?;
        if let Ending::Said { received: true } = self.ending
            && written.is_ready()
        {
            written = self.stream.poll_shutdown(cx)?;
            if written.is_ready() {
                self.ending = Ending::Shut;
            }
        }
        if written.is_pending() && matches!(self.ending, Ending::Not) {
            // The socket takes nothing, and the hub must not wait until it does.
            if !self.feed.keeps() {
                self.close(TRY_AGAIN_LATER, false);
            }
        }
        self.connection.enter(match self.ending {
            _ if written.is_pending() => Phase::Blocked,
            Ending::Not => Phase::Open,
            Ending::Say { .. } | Ending::Said { .. } | Ending::Shut => Phase::Closing,
        });
        if read.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Whether what the client sends still matters.
    fn listens(&self) -> bool {
        match self.ending {
            Ending::Not => true,
            Ending::Say { received, .. } | Ending::Said { received } => !received,
            Ending::Shut => false,
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Message(payload) => self.publish(&payload),
            Event::Ping(payload) => self.pong = Some(control(Opcode::Pong, &payload)),
            Event::Pong => {}
            Event::Close(code) => match &mut self.ending {
                Ending::Not => {
                    let code = code.map(u16::to_be_bytes);
                    let payload = code.as_ref().map_or(&[][..], |code| &code[..]);
                    let frame = control(Opcode::Close, payload);
                    self.feed.end();
                    self.ending = Ending::Say { frame, received: true };
                }
                Ending::Say { received, .. } | Ending::Said { received } => *received = true,
                Ending::Shut => {}
            },
        }
    }

    fn publish(&mut self, payload: &[u8]) {
        // A subscriber that is being closed publishes no more.
        if !matches!(self.ending, Ending::Not) {
            return;
        }
        if !self.may_publish {
            return self.refuse(CloseReason::new(1008, "publishing needs the token"));
        }
        if let Err(error) = self.feed.exchange().publish(self.feed.topic(), payload) {
            self.refuse(match error {
                // A text message was checked as it came, so this one is binary, and the type is what
                // is not taken (RFC 6455, section 7.4.1).
                PublishError::Payload(PayloadError::NotText { .. }) => {
                    CloseReason::new(1003, "binary that is no text")
                }
                PublishError::Payload(PayloadError::LineBreak { .. }) => {
                    CloseReason::new(1008, "payload has a line break")
                }
                PublishError::Payload(PayloadError::Notice) => {
                    CloseReason::new(1008, "payload begins with `!`")
                }
                PublishError::Topics(_) => CloseReason::new(1013, "too many topics"),
            });
        }
    }

    /// Closes because of what the client did, and does not listen to it any more.
    fn refuse(&mut self, reason: CloseReason) {
        self.books.refuse(reason.code);
        self.close(reason, true);
    }

    /// Begins the closing handshake, unless it has begun.
    fn close(&mut self, reason: CloseReason, received: bool) {
        match &mut self.ending {
            Ending::Not => {
                let mut payload = reason.code.to_be_bytes().to_vec();
                payload.extend_from_slice(reason.text.as_bytes());
                self.feed.end();
                self.ending = Ending::Say { frame: control(Opcode::Close, &payload), received };
            }
            Ending::Say { received: already, .. } | Ending::Said { received: already } => {
                *already |= received;
            }
            Ending::Shut => {}
        }
    }
}

impl<S: Outlet + Send + 'static> Conversation for Session<S> {
    type Stream = S;

    fn stream(&self) -> &SharedStream<S> {
        &self.stream
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Takes bytes from the client and does what they ask for.
    fn on_bytes(&mut self, mut input: &[u8]) {
        self.stream.heartbeat(Heartbeat::received);
        while self.listens() {
            match self.frames.read(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => self.handle(event),
                Err(reason) => self.refuse(reason),
            }
        }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        if let Ending::Not = self.ending {
            if let Some(pong) = self.pong.take() {
                return Some(pong);
            }
            match self.feed.next(|| self.connection.task()) {
                Next::Message(piece) | Next::Notice(piece) => {
                    self.stream.heartbeat(Heartbeat::spoke);
                    return Some(match &mut self.deflater {
                        Some(own) => deflated_frame(&mut own.deflater, &piece, own.threshold),
                        None => piece,
                    });
                }
                Next::Later(_) => return None,
                Next::Wait => {
                    return self.feed.takes_sign(&self.stream).then(|| {
                        self.stream.heartbeat(Heartbeat::asked);
                        Bytes::from_static(PING)
                    });
                }
                Next::Disconnect => self.close(TRY_AGAIN_LATER, false),
            }
        }
        match &mut self.ending {
            Ending::Say { frame, received } => {
                let frame = std::mem::take(frame);
                self.ending = Ending::Said { received: *received };
                Some(frame)
            }
            Ending::Not | Ending::Said { .. } | Ending::Shut => None,
        }
    }
}

/// A control frame as a server sends it.
fn control(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(2 + payload.len());
    encode_header(&mut frame, true, opcode, payload.len() as u64, None);
    frame.extend_from_slice(payload);
    Bytes::from(frame)
}
