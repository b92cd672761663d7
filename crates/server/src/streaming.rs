//! One chunked answer that never ends by itself: server-sent events, or lines.
//!
//! The HTTP library reads the request and is then put aside, as it is for a WebSocket: the session
//! writes the head and each message's chunk as they are, one write each, and holds no more memory
//! than a WebSocket's. What the client says after its request is not listened to.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use pushbench_protocol::StreamCoding;
use pushbench_wire::chunk::{LAST_CHUNK, chunk_data, encode_chunk};
use pushbench_wire::stream_coder::StreamCoder;
use tokio::io::AsyncWriteExt;
use tokio::sync::futures::OwnedNotified;

use crate::books::Connection;
use crate::conversation::Conversation;
use crate::deadline::{Order, Phase};
use crate::exchange::Reader;
use crate::heartbeat::Heartbeat;
use crate::hub::{Next, SubscriberPlace};
use crate::stream::Outlet;
use crate::wake_ups::Pause;

/// A chunk with an empty comment and the line that ends it.
const COMMENT: &[u8] = b"3\r\n:\n\n\r\n";

/// What a session begins with.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The head of the answer; empty where it has been sent.
    pub(crate) head: Bytes,
    /// Whether it is told that the server lives while there is no news.
    pub(crate) has_heartbeat: bool,
    /// How it is compressed, if it is.
    pub(crate) coding: Option<StreamCoding>,
    pub(crate) place: SubscriberPlace,
    pub(crate) reader: Reader,
}

/// A subscriber of a chunked answer.
#[derive(Debug)]
pub(crate) struct Streaming<S> {
    stream: S,
    connection: Arc<Connection>,
    reader: Reader,
    place: SubscriberPlace,
    /// Until when it is sent no message.
    pause: Pause,
    writing: Bytes,
    /// What compresses the answer, all of it, until it ends.
    coder: Option<StreamCoder>,
    heartbeat: Option<Heartbeat>,
    ending: Ending,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    Not,
    /// The last chunk is to be written.
    Say,
    /// It is written, or being written.
    Said,
    /// Our side of the TCP connection is closed.
    Shut,
}

impl<S: Outlet> Streaming<S> {
    /// A session of a stream that is to begin.
    pub(crate) fn new(stream: S, connection: Arc<Connection>, begun: Begun) -> Self {
        let Begun { head, has_heartbeat, coding, place, reader } = begun;
        let heartbeat = has_heartbeat.then(|| Heartbeat::new(reader.exchange.ticks()));
        Self {
            stream,
            connection,
            reader,
            place,
            pause: Pause::default(),
            writing: head,
            coder: coding.map(StreamCoder::new),
            heartbeat,
            ending: Ending::Not,
        }
    }

    /// Runs until the connection is closed.
    pub(crate) async fn run(mut self) {
        let mut published = pin!(Arc::clone(&self.reader.published).notified_owned());
        let ended: io::Result<()> = poll_fn(|cx| self.poll(cx, published.as_mut())).await;
        if ended.is_ok() {
            // The client has closed its side. In TLS it is told that we close ours; however that
            // ends, there is nobody left to tell.
            self.connection.enter(Phase::Closing);
            let _ = self.stream.shutdown().await;
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut published: Pin<&mut OwnedNotified>,
    ) -> Poll<io::Result<()>> {
        if self.connection.order() == Order::GoAway {
            self.end();
        }
        // Waiting for news begins before looking for it, so that no publish slips in between. Who may
        // not be told yet need not know of more.
        if !self.reader.exchange.is_paused(&mut self.pause) {
            while published.as_mut().poll(cx).is_ready() {
                published.set(Arc::clone(&self.reader.published).notified_owned());
            }
        }
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.look(self.reader.exchange.ticks());
        }
        let read = self.poll_read(cx)?;
        let mut written = self.poll_write(cx)?;
        // The socket takes nothing, and the hub must not wait until it does.
        if written.is_pending()
            && self.ending == Ending::Not
            && !self.reader.exchange.keeps(&mut self.place)
        {
            self.end();
        }
        if written.is_ready() && self.ending == Ending::Said {
            written = Pin::new(&mut self.stream).poll_shutdown(cx)?;
            if written.is_ready() {
                self.ending = Ending::Shut;
            }
        }
        self.connection.enter(match self.ending {
            _ if written.is_pending() => Phase::Blocked,
            Ending::Not => Phase::Open,
            Ending::Say | Ending::Said | Ending::Shut => Phase::Closing,
        });
        if read.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// A chunk as it is sent: its data compressed, where the answer is.
    fn coded(&mut self, chunk: Bytes) -> Bytes {
        match &mut self.coder {
            None => chunk,
            Some(coder) => Bytes::from(encode_chunk(&[&coder.message(&chunk_data(&chunk))])),
        }
    }

    /// Ends the answer in order, unless that has begun.
    fn end(&mut self) {
        if self.ending == Ending::Not {
            self.ending = Ending::Say;
        }
    }
}

impl<S: Outlet> Conversation for Streaming<S> {
    type Stream = S;

    fn socket(&mut self) -> (&mut S, &mut Bytes) {
        (&mut self.stream, &mut self.writing)
    }

    fn on_bytes(&mut self, _: &[u8]) {}

    fn next_piece(&mut self) -> Option<Bytes> {
        if self.ending == Ending::Not {
            match self.reader.exchange.next(&mut self.place) {
                Next::Message(chunk) | Next::Notice(chunk) => {
                    if let Some(heartbeat) = &mut self.heartbeat {
                        heartbeat.spoke();
                    }
                    return Some(self.coded(chunk));
                }
                Next::Later(until) => {
                    self.reader.exchange.pause(&mut self.pause, until, || self.connection.task());
                    return None;
                }
                Next::Wait => {
                    let is_due = self.heartbeat.as_mut()?.take_due();
                    return is_due.then(|| self.coded(Bytes::from_static(COMMENT)));
                }
                Next::Disconnect => self.end(),
            }
        }
        if self.ending != Ending::Say {
            return None;
        }
        // What is compressed has an end of its own, by which a client knows that it has all of it.
        if let Some(coder) = self.coder.take() {
            return Some(Bytes::from(encode_chunk(&[&coder.end()])));
        }
        self.ending = Ending::Said;
        Some(Bytes::from_static(LAST_CHUNK))
    }
}
