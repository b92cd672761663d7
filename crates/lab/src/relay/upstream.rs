//! The far side of a relay: connections to the push server, and the page.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use pushbench_protocol::{AllowedHosts, ConnectionClass};
use pushbench_wire::CountingStream;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

use super::client::{Entry, Socket};
use crate::admission;
use crate::backend::Backend;
use crate::record::RequestHead;
use crate::session::Sessions;
use crate::silent::Asked;
use crate::target::Target;

/// Bytes that may wait between the relay and the page.
const PAGE_BUFFER: usize = 64 * 1024;

/// Who asks, as the page's routes see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What the relays of a lab share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) backend: Arc<Backend>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) router: Router,
    pub(crate) peer: Peer,
    /// Where the browser's connection was accepted.
    pub(crate) listener: IpAddr,
    /// To be set once it has asked for something.
    pub(crate) asked: Asked,
    /// Names that its requests may be for.
    pub(crate) hosts: Arc<AllowedHosts>,
}

/// The connections that one browser connection has to the servers behind it.
pub(super) struct Upstreams {
    context: Context,
    page: Option<Box<dyn Socket>>,
    server: BTreeMap<ConnectionClass, Box<dyn Socket>>,
}

impl Upstreams {
    pub(super) fn new(context: Context) -> Self {
        Self { context, page: None, server: BTreeMap::new() }
    }

    /// Notes that a request has come.
    pub(super) fn asked(&self) {
        self.context.asked.set();
    }

    /// The response to a request that is not for this lab.
    pub(super) fn refusal(&self, request: &RequestHead) -> Option<String> {
        admission::refusal(request, &self.context.hosts, self.context.listener)
    }

    /// Where an exchange with this target is booked.
    pub(super) fn entry(&self, target: Target<'_>) -> Entry {
        match target {
            Target::Page => Entry { session: None, class: ConnectionClass::Other },
            Target::Server { class, session } => {
                let session = session.and_then(|id| self.context.sessions.find(id));
                Entry { session, class }
            }
        }
    }

    /// A connection to the target: a kept one that is still open, or a new one.
    ///
    /// # Errors
    ///
    /// If no server runs, or it takes no connection.
    pub(super) async fn open(&mut self, target: Target<'_>) -> io::Result<Box<dyn Socket>> {
        let kept = match target {
            Target::Page => self.page.take(),
            Target::Server { class, .. } => self.server.remove(&class),
        };
        if let Some(mut kept) = kept
            && is_open(kept.as_mut()).await
        {
            return Ok(kept);
        }
        match target {
            Target::Page => Ok(self.page()),
            Target::Server { class, .. } => {
                let (address, carried) =
                    self.context.backend.life().ok_or(io::ErrorKind::ConnectionRefused)?;
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(CountingStream::new(stream, Arc::clone(&carried[&class]))))
            }
        }
    }

    /// Keeps a connection for the next request of its target.
    pub(super) fn keep(&mut self, target: Target<'_>, socket: Box<dyn Socket>) {
        match target {
            Target::Page => self.page = Some(socket),
            Target::Server { class, .. } => {
                self.server.insert(class, socket);
            }
        }
    }

    /// A pipe to the page's routes. They end when the pipe does.
    fn page(&self) -> Box<dyn Socket> {
        let (near, far) = tokio::io::duplex(PAGE_BUFFER);
        let router = TowerToHyperService::new(self.context.router.clone());
        let peer = self.context.peer;
        let service = service_fn(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            router.call(request)
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(far), service));
        Box::new(near)
    }
}

/// Whether the far side has not closed; it says nothing between requests.
async fn is_open(socket: &mut dyn Socket) -> bool {
    let mut socket = Pin::new(socket);
    let mut byte = [0];
    poll_fn(|cx| {
        let read = socket.as_mut().poll_read(cx, &mut ReadBuf::new(&mut byte));
        Poll::Ready(read.is_pending())
    })
    .await
}
