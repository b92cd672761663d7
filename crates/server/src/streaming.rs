//! One chunked answer that never ends by itself: server-sent events, or lines.
//!
//! The HTTP library reads the request and is then put aside, as it is for a WebSocket: the session
//! writes the head as it is, and holds no more memory than a WebSocket's. Messages are written by its
//! topic's pass, or by the session where the response is compressed. What the client says after its
//! request is not listened to.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use pushbench_protocol::StreamCoding;
use pushbench_wire::chunk::{LAST_CHUNK, chunk_data, encode_chunk};
use pushbench_wire::stream_coder::StreamCoder;

use crate::books::Connection;
use crate::conversation::Conversation;
use crate::deadline::{Order, Phase};
use crate::exchange::Reader;
use crate::feed::Feed;
use crate::heartbeat::Heartbeat;
use crate::hub::{Next, SubscriberPlace};
use crate::shared_stream::SharedStream;
use crate::stream::Outlet;

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
    feed: Feed,
    stream: Arc<SharedStream<S>>,
    connection: Arc<Connection>,
    /// What compresses the answer, all of it, until it ends.
    coder: Option<StreamCoder>,
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

impl<S: Outlet + Send + 'static> Streaming<S> {
    /// A session of a stream that is to begin.
    pub(crate) fn new(stream: S, connection: Arc<Connection>, begun: Begun) -> Self {
        let Begun { head, has_heartbeat, coding, place, reader } = begun;
        let exchange = &reader.exchange;
        let stream = SharedStream::new(stream, head, &connection, exchange, has_heartbeat);
        let stream = Arc::new(stream);
        Self {
            feed: Feed::new(&stream, reader, place, coding.is_none()),
            stream,
            connection,
            coder: coding.map(StreamCoder::new),
            ending: Ending::Not,
        }
    }

    /// Runs until the connection is closed.
    pub(crate) async fn run(mut self: Box<Self>) {
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
            self.end();
        }
        self.feed.listen(cx);
        self.stream.heartbeat(|heartbeat| heartbeat.look(self.feed.exchange().ticks()));
        let read = self.poll_read(cx)?;
        let mut written = self.poll_write(cx)?;
        // The socket takes nothing, and the hub must not wait until it does.
        if written.is_pending() && self.ending == Ending::Not && !self.feed.keeps() {
            self.end();
        }
        if written.is_ready() && self.ending == Ending::Said {
            written = self.stream.poll_shutdown(cx)?;
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
            self.feed.end();
            self.ending = Ending::Say;
        }
    }
}

impl<S: Outlet + Send + 'static> Conversation for Streaming<S> {
    type Stream = S;

    fn stream(&self) -> &SharedStream<S> {
        &self.stream
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }

    fn on_bytes(&mut self, _: &[u8]) {}

    fn next_piece(&mut self) -> Option<Bytes> {
        if self.ending == Ending::Not {
            match self.feed.next(|| self.connection.task()) {
                Next::Message(chunk) | Next::Notice(chunk) => {
                    self.stream.heartbeat(Heartbeat::spoke);
                    return Some(self.coded(chunk));
                }
                Next::Later(_) => return None,
                Next::Wait => {
                    let is_due = self.feed.takes_sign(&self.stream);
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
