//! A small server for these tests: one topic, every kind, both versions of HTTP. It has no bound and
//! no policy, and shares no code with the server that is measured.

mod by_hand;
mod http1;
mod http2;
mod request;
pub(super) mod speech;
mod spoken;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushbench_protocol::paths::NUDGE_NOTICE;
use pushbench_protocol::{HttpVersion, TlsUse};
use pushbench_scenario::Transport;
use pushbench_tls::{Acceptor, Identity};
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use self::request::{Body, Form};
use self::speech::Speech;

/// How a server behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manners {
    Good,
    /// It ends a response or a connection in the middle of a message.
    CutsOff,
    /// It says half of a response, and then nothing more.
    Stalls,
    /// It closes a WebSocket after some messages, and says why.
    SaysWhy,
    /// It says these frames in place of a message on a WebSocket, and ends the connection.
    Frames(&'static [u8]),
    /// It says that its streams are compressed twice over.
    Codes,
    /// It says twice at once that it is still there, again and again: by comments among events, and by
    /// pings on a WebSocket.
    Rambles,
    /// It is a third-party server.
    Speaks(Speech),
    /// It ends a connection that is idle, without a word.
    EndsIdle,
    /// It takes a few requests on each connection, and says so with the last of them.
    TakesFew,
    /// It takes a few requests on each connection, and ends it under the next, which it has not looked
    /// at; HTTP/2 can say so, HTTP/1.1 cannot.
    RefusesMore,
    /// The same, and it says nothing.
    DropsMore,
    /// It says the headers of a poll that it holds at once, with what stands before the message; the
    /// message when there is one, with what stands behind it.
    BeginsEarly {
        before: &'static str,
        behind: &'static str,
    },
}

impl Manners {
    /// Waits for what is asked next; `None` if nothing is for longer than these manners allow.
    async fn next<T>(self, asked: impl Future<Output = T>) -> Option<T> {
        match self == Manners::EndsIdle {
            true => tokio::time::timeout(IDLE, asked).await.ok(),
            false => Some(asked.await),
        }
    }

    /// Whether it says that a request is the last that it takes, after so many on a connection.
    fn is_last(self, taken: usize) -> bool {
        self == Manners::TakesFew && taken == FEW
    }

    /// For how long it holds a poll before it says a heartbeat, and what it has to hear as soon after
    /// that.
    fn heartbeat(self) -> Option<(Duration, &'static str)> {
        let Self::Speaks(speech) = self else { return None };
        speech
            .heartbeat
            .filter(|(every, ..)| !every.is_zero())
            .map(|(every, _, reply)| (every, reply))
    }

    /// Waits until it says that it is still there.
    async fn rambling(self) {
        match self == Self::Rambles {
            true => tokio::time::sleep(PAUSE).await,
            false => std::future::pending().await,
        }
    }

    /// The codings that it says a stream is in, which it is not.
    const fn stream_codings(self) -> Option<&'static str> {
        if matches!(self, Self::Codes) { Some("gzip, br") } else { None }
    }

    /// Whether it ends a connection under a request. No library does that over HTTP/2, so there it is
    /// served by hand.
    pub(super) const fn ends_under_requests(self) -> bool {
        matches!(self, Self::RefusesMore | Self::DropsMore)
    }

    /// Whether it ends a connection under a request after so many.
    fn is_too_many(self, taken: usize) -> bool {
        self.ends_under_requests() && taken > FEW
    }
}

/// Messages until the first that is cut off.
const UNCUT: usize = 8;
/// The reason that [`Manners::SaysWhy`] gives, beside code 1013.
const WHY: &str = "too slow\u{1b}[2J";
/// For how long nothing may be asked on a connection of [`Manners::EndsIdle`].
const IDLE: Duration = Duration::from_millis(60);
/// A comment among events.
const COMMENT: &str = ":\n\n";
/// For how long [`Manners::Rambles`] says nothing.
const PAUSE: Duration = Duration::from_millis(70);
/// What is kept among what was received where a client gives up a poll that is held.
pub(super) const CUT: &str = "(a held poll is cut)";
/// What is kept there where a heartbeat was not replied to in time.
pub(super) const GIVEN_UP: &str = "(a client is given up)";
/// Requests that are taken on each connection by [`Manners::TakesFew`] and those after it.
const FEW: usize = 3;
/// Bytes that a pipe takes before whoever writes has to wait.
const PIPE: usize = 64 * 1024;

/// The server.
pub(super) struct StandIn {
    http: HttpVersion,
    /// Absent in clear text.
    acceptor: Option<Acceptor>,
    /// Whether it agrees on permessage-deflate where that is offered.
    deflates: bool,
    manners: Manners,
    counters: Arc<SocketCounters>,
    log: RefCell<Vec<String>>,
    /// What it was told in requests of their own.
    received: RefCell<Vec<String>>,
    /// Heartbeats that it has said in response to polls.
    heartbeats: Cell<usize>,
    /// How many messages there are.
    len: watch::Sender<usize>,
}

/// Bytes both ways.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl StandIn {
    pub(super) fn new(transport: &Transport, identity: &Identity, manners: Manners) -> Self {
        let Transport { carriage, settings, .. } = transport;
        let acceptor = (carriage.tls != TlsUse::None).then(|| {
            Acceptor::new(identity, &HttpVersion::newest_first())
                .expect("the key is the certificate's")
        });
        Self {
            http: carriage.http,
            acceptor,
            deflates: settings.deflate().is_some(),
            manners,
            counters: Arc::default(),
            log: RefCell::default(),
            received: RefCell::default(),
            heartbeats: Cell::default(),
            len: watch::Sender::new(0),
        }
    }

    /// Takes a connection; gives the client's end of it.
    pub(super) fn accept(this: &Rc<Self>) -> DuplexStream {
        let (client, server) = tokio::io::duplex(PIPE);
        let server = CountingStream::new(server, Arc::clone(&this.counters));
        let this = Rc::clone(this);
        tokio::task::spawn_local(async move {
            // What a client or these manners break off is an error here.
            let _ = match &this.acceptor {
                None => this.serve(server).await,
                Some(acceptor) => match acceptor.accept(server).await {
                    Ok(stream) => this.serve(stream).await,
                    Err(error) => Err(error),
                },
            };
        });
        client
    }

    /// Takes the publisher's connection, which is in clear text and in nobody's books.
    pub(super) fn accept_publisher(this: &Rc<Self>) -> DuplexStream {
        let (publisher, server) = tokio::io::duplex(PIPE);
        let this = Rc::clone(this);
        tokio::task::spawn_local(async move {
            let _ = http1::serve(&this, Manners::Good, server).await;
        });
        publisher
    }

    /// What counts the clients' bytes.
    pub(super) fn counters(&self) -> Arc<SocketCounters> {
        Arc::clone(&self.counters)
    }

    /// Bytes read and written.
    pub(super) fn served(&self) -> (u64, u64) {
        (self.counters.bytes_read(), self.counters.bytes_written())
    }

    /// What it was told in requests of their own.
    pub(super) fn received(&self) -> Vec<String> {
        self.received.borrow().clone()
    }

    /// Hears something in a request of its own; gives the body of the response.
    fn receives(&self, body: &[u8]) -> &'static str {
        let received = String::from_utf8_lossy(body).into_owned();
        let Manners::Speaks(speech) = self.manners else { return "" };
        let reply = speech.replies.iter().find(|(to, _)| received == *to);
        self.received.borrow_mut().push(received);
        reply.map_or("ok", |(_, reply)| reply)
    }

    /// Waits for more messages than `place`, but no longer than a poll is held.
    async fn hold(&self, hold: Duration, place: usize) {
        let heartbeat = self.manners.heartbeat().map_or(hold, |(every, _)| every);
        let _ = tokio::time::timeout(heartbeat.min(hold), self.more_than(place)).await;
    }

    /// What a response to a poll says behind `place`.
    fn polled(self: &Rc<Self>, place: usize) -> String {
        let log = &self.log.borrow()[place..];
        if let Some((every, reply)) = self.manners.heartbeat().filter(|_| log.is_empty()) {
            tokio::task::spawn_local(Rc::clone(self).waits_for(reply, every));
        }
        match self.manners {
            Manners::Speaks(speech) => speech.polled(log),
            _ => log.iter().map(|message| format!("{message}\n")).collect(),
        }
    }

    /// What is said last in response to a poll behind `place` that has begun before.
    async fn held(&self, place: usize, behind: &str) -> String {
        self.more_than(place).await;
        format!("{}{behind}", self.log.borrow()[place])
    }

    /// Waits for so long for a reply to the heartbeat that is said now, and gives up on the client then.
    async fn waits_for(self: Rc<Self>, reply: &str, within: Duration) {
        let due = self.heartbeats.get() + 1;
        self.heartbeats.set(due);
        tokio::time::sleep(within).await;
        let mut received = self.received.borrow_mut();
        if received.iter().filter(|received| *received == reply).count() < due {
            received.push(GIVEN_UP.to_owned());
        }
    }

    /// A message has come.
    fn publish(&self, payload: Vec<u8>) {
        self.log.borrow_mut().push(String::from_utf8(payload).expect("payloads are text"));
        self.len.send_replace(self.log.borrow().len());
    }

    async fn serve(self: &Rc<Self>, stream: impl Stream) -> io::Result<()> {
        match self.http.properties().shares_connections {
            false => http1::serve(self, self.manners, stream).await,
            true => match self.manners.ends_under_requests() {
                true => by_hand::serve(self, stream).await,
                false => http2::serve(self, stream).await,
            },
        }
    }

    /// Waits until there are more messages than `place`; gives how many.
    async fn more_than(&self, place: usize) -> usize {
        let mut len = self.len.subscribe();
        *len.wait_for(|len| *len > place).await.expect("the sender is this server's")
    }

    fn is_cut(&self, place: usize) -> bool {
        matches!(self.manners, Manners::CutsOff | Manners::Stalls) && place >= UNCUT
    }

    /// What a stream says next behind `place`, in its pieces, and whether it ends with half of it.
    async fn next_item(&self, body: Body, place: usize) -> (Vec<String>, bool) {
        self.more_than(place).await;
        let text = &self.log.borrow()[place];
        if let Manners::Speaks(speech) = self.manners {
            return (speech.pieces(text), false);
        }
        let mut item = body.item(place, text);
        let is_cut = self.is_cut(place);
        if is_cut {
            item.truncate(item.len() / 2);
        }
        (vec![item], is_cut)
    }

    /// Says what there is over a WebSocket until the client ends it.
    async fn frames(&self, stream: impl Stream, form: Form, mut place: usize) -> io::Result<()> {
        if let Manners::Speaks(speech) = self.manners {
            return spoken::over(speech, self, stream, place).await;
        }
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        loop {
            tokio::select! {
                _ = self.more_than(place) => {
                    let message = self.log.borrow()[place].clone();
                    if form == Form::Messages && self.is_cut(place) {
                        // A header that promises more than comes.
                        let frame = [&[0x81, 0x28][..], &message.as_bytes()[..20]].concat();
                        socket.get_mut().write_all(&frame).await?;
                        return socket.get_mut().shutdown().await;
                    }
                    if let Manners::Frames(frames) = self.manners
                        && place >= UNCUT
                    {
                        socket.get_mut().write_all(frames).await?;
                        return socket.get_mut().shutdown().await;
                    }
                    if self.manners == Manners::SaysWhy && place >= UNCUT {
                        let why = CloseFrame { code: CloseCode::Again, reason: WHY.into() };
                        let _ = socket.close(Some(why)).await;
                        while let Some(Ok(_)) = socket.next().await {}
                        return socket.get_mut().shutdown().await;
                    }
                    let text = if form == Form::Notices { NUDGE_NOTICE.to_owned() } else { message };
                    socket.send(Message::text(text)).await.map_err(io::Error::other)?;
                    place += 1;
                }
                () = self.manners.rambling() => {
                    for _ in 0..2 {
                        socket.send(Message::Ping(Default::default())).await.map_err(io::Error::other)?;
                    }
                }
                received = socket.next() => match received {
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return socket.get_mut().shutdown().await,
                },
            }
        }
    }
}
