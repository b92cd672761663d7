//! One upgraded connection: writes news, reads what the client says, and ends in order.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use pushbench_wire::CountingStream;
use pushbench_wire::frame::{Opcode, encode_header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::reader::{Event, FrameReader, ReaderLimits};
use super::{CloseReason, GOING_AWAY, TRY_AGAIN_LATER};
use crate::books::{Books, Connection};
use crate::exchange::{Exchange, Subscription};
use crate::hub::{Next, SubscriberPlace};
use crate::log::PayloadError;
use crate::patience::{Order, Phase};

/// Bytes read at a time.
const SCRATCH_LEN: usize = 16 * 1024;
/// Reads before it is the writes' turn, so that a client that floods us still gets its news.
const READS_IN_A_ROW: usize = 4;

thread_local! {
    /// Where every session of this thread reads to: an idle connection holds no buffer, and none is
    /// zeroed before each read.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_LEN]);
}

/// A WebSocket subscriber.
#[derive(Debug)]
pub(crate) struct Session {
    stream: CountingStream<TcpStream>,
    connection: Arc<Connection>,
    books: Arc<Books>,
    exchange: Arc<Exchange>,
    news: Arc<Notify>,
    place: SubscriberPlace,
    may_publish: bool,
    reader: FrameReader,
    /// What is left of the frame being written; frames never mix.
    writing: Bytes,
    /// The answer to the newest ping (RFC 6455, section 5.5.3, allows to leave out older ones).
    pong: Option<Bytes>,
    ending: Ending,
}

/// How far the closing handshake has come (RFC 6455, section 7.1).
#[derive(Debug)]
enum Ending {
    Not,
    /// A close frame is to be written. `heard`: the client has closed, or will not be listened to.
    Say {
        frame: Bytes,
        heard: bool,
    },
    /// It is written, or being written.
    Said {
        heard: bool,
    },
    /// Our side of the TCP connection is closed, first, as section 7.1.1 wants it.
    Shut,
}

impl Session {
    /// A session of a subscriber that has just been told 101.
    pub(crate) fn new(
        stream: CountingStream<TcpStream>,
        connection: Arc<Connection>,
        books: Arc<Books>,
        exchange: Arc<Exchange>,
        subscription: Subscription,
        may_publish: bool,
        limits: ReaderLimits,
    ) -> Self {
        Self {
            stream,
            connection,
            books,
            exchange,
            news: subscription.news,
            place: subscription.place,
            may_publish,
            reader: FrameReader::new(limits),
            writing: Bytes::new(),
            pong: None,
            ending: Ending::Not,
        }
    }

    /// Runs until the connection is closed. `early` is what came right behind the upgrade.
    pub(crate) async fn run(mut self, early: Bytes) {
        self.take(&early);
        drop(early);
        let mut news = pin!(Arc::clone(&self.news).notified_owned());
        // However it ended, there is nobody left to tell.
        let _: io::Result<()> = poll_fn(|cx| self.poll(cx, news.as_mut())).await;
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut news: Pin<&mut OwnedNotified>,
    ) -> Poll<io::Result<()>> {
        if self.connection.order() == Order::GoAway {
            self.close(GOING_AWAY, false);
        }
        // Waiting for news begins before looking for it, so that no publish slips in between.
        while news.as_mut().poll(cx).is_ready() {
            news.set(Arc::clone(&self.news).notified_owned());
        }
        let read = self.poll_read(cx)?;
        let written = self.poll_write(cx)?;
        if written.is_pending() && matches!(self.ending, Ending::Not) {
            // The socket takes nothing, and the hub must not wait until it does.
            if !self.exchange.keeps(&mut self.place) {
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

    /// Reads what there is; ready when the client has closed its side.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        SCRATCH.with_borrow_mut(|scratch| {
            for _ in 0..READS_IN_A_ROW {
                let mut buffer = ReadBuf::new(scratch);
                ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
                if buffer.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.take(buffer.filled());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Writes what waits; pending while the socket takes no more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.writing.is_empty() {
                match self.next_frame() {
                    Some(frame) => self.writing = frame,
                    None => break,
                }
            }
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.writing))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.writing.advance(written);
        }
        // An idle subscriber keeps no message alive.
        self.writing = Bytes::new();
        if let Ending::Said { heard: true } = self.ending {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.ending = Ending::Shut;
        }
        Poll::Ready(Ok(()))
    }

    fn next_frame(&mut self) -> Option<Bytes> {
        if let Ending::Not = self.ending {
            if let Some(pong) = self.pong.take() {
                return Some(pong);
            }
            match self.exchange.next(&mut self.place) {
                Next::Frame(frame) | Next::Notice(frame) => return Some(frame),
                Next::Wait => return None,
                Next::Disconnect => self.close(TRY_AGAIN_LATER, false),
            }
        }
        match &mut self.ending {
            Ending::Say { frame, heard } => {
                let frame = std::mem::take(frame);
                self.ending = Ending::Said { heard: *heard };
                Some(frame)
            }
            Ending::Not | Ending::Said { .. } | Ending::Shut => None,
        }
    }

    /// Takes bytes from the client and does what they ask for.
    fn take(&mut self, mut input: &[u8]) {
        while self.listens() {
            match self.reader.read(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => self.handle(event),
                Err(reason) => self.refuse(reason),
            }
        }
    }

    /// Whether what the client sends still matters.
    fn listens(&self) -> bool {
        match self.ending {
            Ending::Not => true,
            Ending::Say { heard, .. } | Ending::Said { heard } => !heard,
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
                    self.ending = Ending::Say { frame, heard: true };
                }
                Ending::Say { heard, .. } | Ending::Said { heard } => *heard = true,
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
        if let Err(error) = self.exchange.publish(self.place.topic(), payload) {
            self.refuse(match error {
                PayloadError::NotText { .. } => CloseReason::new(1007, "payload is not UTF-8"),
                PayloadError::LineFeed { .. } => CloseReason::new(1008, "payload has a line feed"),
                PayloadError::Notice => CloseReason::new(1008, "payload begins with `!`"),
            });
        }
    }

    /// Closes because of what the client did, and does not listen to it any more.
    fn refuse(&mut self, reason: CloseReason) {
        self.books.refuse(reason.code);
        self.close(reason, true);
    }

    /// Begins the closing handshake, unless it has begun.
    fn close(&mut self, reason: CloseReason, heard: bool) {
        match &mut self.ending {
            Ending::Not => {
                let mut payload = reason.code.to_be_bytes().to_vec();
                payload.extend_from_slice(reason.text.as_bytes());
                self.ending = Ending::Say { frame: control(Opcode::Close, &payload), heard };
            }
            Ending::Say { heard: already, .. } | Ending::Said { heard: already } => {
                *already |= heard;
            }
            Ending::Shut => {}
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
