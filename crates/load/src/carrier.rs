//! What carries a client's requests and brings what comes back: a version of HTTP.
//!
//! A transport asks for three things, whatever carries them, and sees no version:
//!
//! - [`ask`](line::Line::ask) and [`receive`](line::Line::receive) of a line: a request, and a response
//!   that ends;
//! - [`Carriers::stream`]: a request, and a response that does not end, as [`DataStream`];
//! - [`Carriers::tunnel`]: bytes both ways, as [`Tunnel`].
//!
//! Each of them has a witness, which has counted what its connection carried. Headers and what
//! marks data off are booked here, messages are booked by the transport.
//!
//! A library that carries a client's polls is one more, as far as it is asked for lines.
//!
//! Versions are told apart here, and of lines in [`line`], and nowhere else. Another version is a folder
//! beside `http1` and `http2` with the same three things in it, and its arms in these two files.

pub(crate) mod again;
pub(crate) mod agreed;
pub(crate) mod answer;
pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod http1;
pub(crate) mod http2;
pub(crate) mod kept;
pub(crate) mod library;
pub(crate) mod line;
pub(crate) mod network;
pub(crate) mod opening;
pub(crate) mod pipe;
pub(crate) mod request;
pub(crate) mod stream_body;
pub(crate) mod tls;
pub(crate) mod watch;

use std::cell::{RefCell, RefMut};
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use pushbench_protocol::headers::FieldList;
use pushbench_protocol::{ByteKind, Cursor, HttpVersion, RequestHead};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::task::JoinSet;

use crate::accounts::Accounts;
use crate::carrier::connection::Connection;
use crate::carrier::dial::Dialer;
use crate::carrier::http1::opening::Opened;
use crate::carrier::http2::pool::Pool;
use crate::carrier::network::Network;
use crate::carrier::opening::{StreamRequest, UpgradeRequest};
use crate::carrier::request::Request;
use crate::carrier::stream_body::{CodingOf, Read};
use crate::carrier::watch::Watch;
use crate::content_coding::ContentCoding;
use crate::outcome::Handshakes;
use crate::witness::Witness;
use crate::{Fault, Plan};

/// Memory that reads of one worker go through; a connection at rest holds none.
const SCRATCH_LEN: usize = 64 * 1024;

/// The ways of one worker's clients to the server.
pub(crate) struct Carriers {
    dialer: Rc<Dialer>,
    scratch: RefCell<Vec<u8>>,
    by: By,
}

/// What connections speak.
enum By {
    /// One exchange at a time on each.
    Http1,
    /// A stream for each exchange, on connections that clients may share.
    Http2(Rc<Pool>),
    /// Lines by a library, which carries nothing else.
    Library,
}

/// A response that does not end.
pub(crate) enum DataStream {
    Http1(http1::stream::Stream),
    Http2(http2::stream::Stream),
}

/// Bytes both ways.
pub(crate) enum Tunnel {
    Http1(Connection),
    /// Boxed, so that the others do not pay for its room.
    Http2(Box<http2::tunnel::Tunnel>),
}

impl Carriers {
    /// The ways that the plan says, over this network.
    pub(crate) fn new(plan: &Arc<Plan>, accounts: &Rc<Accounts>, network: Network) -> Self {
        let dialer = Rc::new(Dialer::new(Arc::clone(plan), Rc::clone(accounts), network));
        let by = match plan.carriage.http {
            HttpVersion::Http11 if plan.carriage.client.has_own_sockets() => By::Library,
            HttpVersion::Http11 => By::Http1,
            HttpVersion::Http2 => {
                // Field blocks are told apart by connection and not by stream.
                let headers = match plan.transport.kind().upgrades() {
                    true => ByteKind::Handshake,
                    false => ByteKind::Header,
                };
                let shared_by = plan.carriage.clients_per_connection;
                By::Http2(Rc::new(Pool::new(Rc::clone(&dialer), shared_by, headers)))
            }
        };
        Self { dialer, scratch: RefCell::new(vec![0; SCRATCH_LEN]), by }
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        self.dialer.accounts()
    }

    /// Memory for one read, and for as long as what came by it is looked at.
    pub(crate) fn scratch(&self) -> RefMut<'_, Vec<u8>> {
        self.scratch.borrow_mut()
    }

    /// TLS handshakes so far; `None` in clear text.
    pub(crate) fn handshakes(&self) -> Option<Handshakes> {
        self.dialer.handshakes()
    }

    /// The tasks of connections that clients shared, which end after the last client of each.
    pub(crate) fn take_tasks(&self) -> JoinSet<()> {
        match &self.by {
            By::Http1 | By::Library => JoinSet::new(),
            By::Http2(pool) => pool.take_drivers(),
        }
    }

    /// A request with this head and no body, for any line.
    pub(crate) fn request(&self, head: RequestHead) -> Request {
        self.request_with(head, (Vec::new(), ByteKind::Header))
    }

    /// The same with a body, and what that is for.
    pub(crate) fn request_with(
        &self,
        head: RequestHead,
        (body, body_kind): (Vec<u8>, ByteKind),
    ) -> Request {
        let fields = match &self.by {
            By::Http1 => None,
            By::Http2(_) | By::Library => {
                Some(FieldList::of_request(head.bytes(), self.dialer.plan().scheme()))
            }
        };
        Request { head, fields, body, body_kind }
    }

    /// Sends a request whose response does not end; gives what that is coded in too.
    ///
    /// # Errors
    ///
    /// If the response is none that streams have. It is then received out and kept on record.
    pub(crate) async fn stream(
        &self,
        client: u32,
        request: StreamRequest<'_>,
        coding_of: &CodingOf<'_>,
    ) -> Result<(DataStream, ContentCoding), Fault> {
        Ok(match &self.by {
            By::Http1 | By::Library => {
                let opened = http1::stream::open(&self.dialer, client, request, coding_of).await?;
                (DataStream::Http1(opened.0), opened.1)
            }
            By::Http2(pool) => {
                let opened = http2::stream::open(pool, client, request, coding_of).await?;
                (DataStream::Http2(opened.0), opened.1)
            }
        })
    }

    /// Bytes both ways to the server of whoever sends the request by himself.
    pub(crate) async fn untaken(&self, client: u32) -> Result<Tunnel, Fault> {
        Ok(Tunnel::Http1(self.dialer.connect(client).await?))
    }

    /// Opens a WebSocket's bytes by this request.
    ///
    /// # Errors
    ///
    /// If the server does not switch, or agrees on other terms.
    pub(crate) async fn tunnel(
        &self,
        client: u32,
        request: &UpgradeRequest,
    ) -> Result<Opened<Tunnel>, Fault> {
        Ok(match &self.by {
            By::Http1 | By::Library => {
                let opened = http1::tunnel::open(&self.dialer, client, request).await?;
                opened.map(Tunnel::Http1)
            }
            By::Http2(pool) => {
                let tunnel = http2::tunnel::open(pool, client, request).await?;
                let value = Tunnel::Http2(Box::new(tunnel));
                Opened { value, early: Vec::new(), begins_at: None }
            }
        })
    }
}

impl DataStream {
    /// Hands what comes to `take`, read by read, until the stream ends; says how. `take` says whether
    /// it has booked anything of a read.
    pub(crate) async fn receive(
        &mut self,
        carriers: &Carriers,
        take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Fault {
        let Carriers { dialer, scratch, .. } = carriers;
        match self {
            Self::Http1(stream) => stream.receive(dialer.accounts(), scratch, take).await,
            Self::Http2(stream) => stream.receive(dialer.accounts(), take).await,
        }
    }

    /// Hands what has come together with the response's head to `take`.
    pub(crate) fn receive_early(
        &mut self,
        accounts: &Accounts,
        take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        match self {
            Self::Http1(stream) => stream.receive_early(accounts, take),
            Self::Http2(_) => Ok(()),
        }
    }

    /// Ends our side, and hands what the server says before it ends its own to `take`.
    pub(crate) async fn end(
        &mut self,
        carriers: &Carriers,
        take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        if !self.cut().await? {
            return Ok(());
        }
        match self.receive(carriers, take).await {
            Fault::Closed => Ok(()),
            fault => Err(fault),
        }
    }

    /// Where the server has the client begin, if that is known.
    pub(crate) fn begins_at(&self) -> Option<Cursor> {
        match self {
            Self::Http1(stream) => stream.begins_at,
            // Its clients do not come back, so nobody asks.
            Self::Http2(_) => None,
        }
    }

    /// Ends our side of a stream that the server has ended, and hears its connection out.
    pub(crate) async fn discard(self, carriers: &Carriers) -> Result<(), Fault> {
        match self {
            Self::Http1(stream) => carriers.dialer.discard(stream.connection).await,
            // Its connection ends with its last client.
            Self::Http2(_) => Ok(()),
        }
    }

    /// Who counted what its connection carried.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        match self {
            Self::Http1(stream) => stream.connection.witness(),
            Self::Http2(stream) => stream.connection().witness(),
        }
    }

    /// Ends our side while the server may still say something; `false` if it will not, since the
    /// stream is reset when it is dropped, and its connection ends with its last client.
    async fn cut(&mut self) -> Result<bool, Fault> {
        match self {
            Self::Http1(stream) => {
                stream.connection.shutdown().await.map_err(|_| Fault::Io)?;
                Ok(true)
            }
            Self::Http2(_) => Ok(false),
        }
    }
}

impl Tunnel {
    /// Who counted what its connection carried.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        match self {
            Self::Http1(connection) => connection.witness(),
            Self::Http2(tunnel) => tunnel.connection().witness(),
        }
    }

    /// Watches for what is booked as it passes.
    pub(crate) fn watch(&self) -> Watch {
        match self {
            Self::Http1(_) => Watch::NOTHING,
            Self::Http2(tunnel) => tunnel.connection().watch(),
        }
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Http1(connection) => Pin::new(connection).poll_read(cx, buf),
            Self::Http2(tunnel) => Pin::new(&mut **tunnel).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Http1(connection) => Pin::new(connection).poll_write(cx, bytes),
            Self::Http2(tunnel) => Pin::new(&mut **tunnel).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Http1(connection) => Pin::new(connection).poll_flush(cx),
            Self::Http2(tunnel) => Pin::new(&mut **tunnel).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Http1(connection) => Pin::new(connection).poll_shutdown(cx),
            Self::Http2(tunnel) => Pin::new(&mut **tunnel).poll_shutdown(cx),
        }
    }
}

/// Whether an error of the libraries is of a connection that ended before the response was whole.
pub(crate) fn is_of_an_end(error: &(dyn Error + 'static)) -> bool {
    let of_hyper = error.downcast_ref::<hyper::Error>().is_some_and(|error| {
        error.is_incomplete_message() || error.is_closed() || error.is_canceled()
    });
    of_hyper || http2::is_of_an_end(error) || error.is::<io::Error>()
}
