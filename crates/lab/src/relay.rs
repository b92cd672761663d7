//! One connection of a browser: each request goes to the push server or to the page, each byte
//! unchanged, and what it was for is written down on the way.
//!
//! A browser keeps connections and uses them for whatever comes next, so the choice is made for
//! each request. To the server there is one connection for each transport that this browser
//! connection was used for, so that the server classes its bytes as the recorder does. Where no
//! server runs, the browser's connection is closed without a response.

mod client;
mod upstream;

use std::io;

use bytes::BytesMut;
use pushbench_protocol::{ByteKind, ConnectionClass, Direction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::record::{Body, Frames, RelayedHead, RequestHead};
use crate::target::Target;
pub(crate) use client::{Client, Socket};
use client::{FIRST_TIME, NEXT_TIME, drain};
use upstream::Upstreams;
pub(crate) use upstream::{Context, Peer};

/// What a browser gets that does not speak HTTP.
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Moves the bytes of one browser connection.
pub(crate) struct Relay {
    client: Client,
    upstreams: Upstreams,
}

/// What comes after an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Then {
    NextRequest,
    Close,
}

/// A response whose head is whole.
struct ResponseStart {
    head: RelayedHead,
    /// The head and what came behind it.
    bytes: BytesMut,
}

impl Relay {
    pub(crate) fn new(client: Client, upstreams: Context) -> Self {
        Self { client, upstreams: Upstreams::new(upstreams) }
    }

    /// Runs until either side has closed.
    pub(crate) async fn run(mut self) {
        let mut deadline = FIRST_TIME;
        loop {
            let request = match self.client.next_request(deadline).await {
                Ok(Some(request)) => request,
                Ok(None) => break,
                Err(error) => {
                    if error.kind() == io::ErrorKind::InvalidData {
                        let _ = self.client.write(BAD_REQUEST).await;
                    }
                    break;
                }
            };
            self.upstreams.asked();
            deadline = NEXT_TIME;
            let refusal = self.upstreams.refusal(&request);
            if let Some(refusal) = refusal {
                let _ = self.client.write(refusal.as_bytes()).await;
                break;
            }
            // However it broke off, there is nobody left to tell.
            if !matches!(self.exchange(request).await, Ok(Then::NextRequest)) {
                break;
            }
        }
        self.client.close().await;
    }

    async fn exchange(&mut self, request: RequestHead) -> io::Result<Then> {
        let target = Target::of(&request.path);
        let entry = self.upstreams.entry(target);
        let class = entry.class;
        self.client.serve(entry);
        let mut upstream = self.upstreams.open(target).await?;
        self.pass_request(&request, upstream.as_mut()).await?;
        let Some(response) = self.response_head(upstream.as_mut(), request.is_head).await? else {
            return Ok(Then::Close);
        };
        let ResponseStart { head, bytes } = response;
        self.client.entry().book(|book| {
            let text = String::from_utf8_lossy(&bytes[..head.len]).into_owned();
            book.headers.response = text;
            book.book(Direction::Down, kind_of_head(class, head.status), head.len as u64);
            book.empty += u64::from(head.status == 204);
            book.refused += u64::from(head.status >= 400);
        });
        if head.status == 101 {
            self.tunnel(upstream.as_mut(), bytes, head.len).await?;
            return Ok(Then::Close);
        }
        let ended = self.pass_response(upstream.as_mut(), head, class, bytes).await?;
        if head.closes || !ended {
            return Ok(Then::Close);
        }
        self.upstreams.keep(target, upstream);
        Ok(Then::NextRequest)
    }

    async fn pass_request(
        &mut self,
        request: &RequestHead,
        upstream: &mut dyn Socket,
    ) -> io::Result<()> {
        let head = self.client.incoming.split_to(request.len);
        let entry = self.client.entry();
        entry.book(|book| {
            book.requests += 1;
            book.headers.request = String::from_utf8_lossy(&head).into_owned();
            book.headers.response.clear();
            let kind = kind_of_head(entry.class, 101);
            book.book(Direction::Up, kind, head.len() as u64);
        });
        upstream.write_all(&head).await?;
        let mut body = Body::opaque(request.body);
        while !body.has_ended() {
            if self.client.incoming.is_empty() && self.client.read().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let len = self.client.entry().book(|book| body.observe(&self.client.incoming, book))?;
            let bytes = self.client.incoming.split_to(len);
            upstream.write_all(&bytes).await?;
        }
        upstream.flush().await
    }

    /// The head of the response; `None` if the connection ended before it.
    async fn response_head(
        &mut self,
        upstream: &mut dyn Socket,
        to_head: bool,
    ) -> io::Result<Option<ResponseStart>> {
        let mut bytes = BytesMut::new();
        loop {
            let mut interim = 0;
            let head = RelayedHead::read_final(&bytes, to_head, &mut interim)?;
            // Interim responses, as 100, are passed on at once: a browser may wait for one.
            if interim > 0 {
                let interim = bytes.split_to(interim);
                self.client.write(&interim).await?;
            }
            if let Some(head) = head {
                return Ok(Some(ResponseStart { head, bytes }));
            }
            if !self.read_upstream(upstream, &mut bytes).await? {
                return Ok(None);
            }
        }
    }

    /// Passes the response on; says whether it came to its end.
    async fn pass_response(
        &mut self,
        upstream: &mut dyn Socket,
        head: RelayedHead,
        class: ConnectionClass,
        mut bytes: BytesMut,
    ) -> io::Result<bool> {
        let mut body = Body::of(&head, class);
        let mut begin = head.len;
        loop {
            let len = self.client.entry().book(|book| body.observe(&bytes[begin..], book))?;
            let whole = bytes.split_to(begin + len);
            begin = 0;
            self.client.write(&whole).await?;
            if body.has_ended() {
                return Ok(true);
            }
            match self.read_upstream(upstream, &mut bytes).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => {
                    // The browser is gone; what the server had sent by then is in its books.
                    let entry = self.client.entry();
                    let note = |bytes: &[u8]| {
                        let _ = entry.book(|book| body.observe(bytes, book));
                    };
                    drain(upstream, note).await;
                    return Err(error);
                }
            }
        }
    }

    /// Reads from the server while it is seen whether the browser is still there; `false` is the
    /// end.
    async fn read_upstream(
        &mut self,
        upstream: &mut dyn Socket,
        bytes: &mut BytesMut,
    ) -> io::Result<bool> {
        loop {
            tokio::select! {
                read = upstream.read_buf(bytes) => return read.map(|len| len > 0),
                read = self.client.read(), if self.client.has_room() => if read? == 0 {
                    // As a held poll sees it: the request is taken back.
                    let _ = upstream.shutdown().await;
                    return Err(io::ErrorKind::BrokenPipe.into());
                },
            }
        }
    }

    /// Passes frames both ways. `bytes` are the upgrade's response, its head `head_len` long.
    async fn tunnel(
        &mut self,
        upstream: &mut dyn Socket,
        mut bytes: BytesMut,
        head_len: usize,
    ) -> io::Result<()> {
        let entry = self.client.entry();
        let (mut up, mut down) = (Frames::new(Direction::Up), Frames::new(Direction::Down));
        entry.book(|book| down.observe(&bytes[head_len..], book));
        self.client.write(&bytes).await?;
        loop {
            bytes.clear();
            let sent = self.client.incoming.split();
            entry.book(|book| up.observe(&sent, book));
            upstream.write_all(&sent).await?;
            tokio::select! {
                read = upstream.read_buf(&mut bytes) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    entry.book(|book| down.observe(&bytes, book));
                    self.client.write(&bytes).await?;
                }
                read = self.client.read() => if read? == 0 {
                    let note = |bytes: &[u8]| entry.book(|book| down.observe(bytes, book));
                    drain(upstream, note).await;
                    return Ok(());
                },
            }
        }
    }
}

/// What a head of a transport is booked as: the upgrade apart.
fn kind_of_head(class: ConnectionClass, status: u16) -> ByteKind {
    match class {
        ConnectionClass::WebSocket if status == 101 => ByteKind::Handshake,
        ConnectionClass::WebSocket
        | ConnectionClass::ShortPoll
        | ConnectionClass::LongPoll
        | ConnectionClass::Sse
        | ConnectionClass::Stream
        | ConnectionClass::Publish
        | ConnectionClass::Control
        | ConnectionClass::Other
        | ConnectionClass::Silent
        | ConnectionClass::HandshakeOnly => ByteKind::Header,
    }
}
