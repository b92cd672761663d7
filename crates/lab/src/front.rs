//! The lab's listener: takes browsers' connections and gives each a relay.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::{AllowedHosts, HttpVersion, clock};
use pushbench_server::listen;
use pushbench_tls::Acceptor;
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::backend::{Backend, Ending};
use crate::config::{LabConfig, LabError};
use crate::meter::Meter;
use crate::relay::{Client, Context, Peer, Relay};
use crate::routes::{Ports, router};
use crate::session::Sessions;
use crate::silent::{Asked, Silent};

/// Browser connections at once: six and a few WebSockets for each page.
const MAX_CONNECTIONS: usize = 1_024;
/// Connections beyond that which are told so at a time; more are reset.
const MOST_REFUSED_AT_ONCE: usize = 64;
/// For one of those to close.
const REFUSAL_TIME: Duration = Duration::from_secs(2);
/// What they are told.
const ONE_TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 44\r\nRetry-After: 1\r\n\
    Connection: close\r\n\r\nthe lab has as many connections as it takes\n";
/// Between looks for pages that are gone.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// After a failed accept, which trying again at once would not help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// For a TLS handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Longest time from the shutdown signal to the end, beyond the server's own.
const SHUTDOWN_TIME: Duration = Duration::from_secs(3);

/// A lab that listens; browsers wait until [`Lab::serve`] takes them.
#[derive(Debug)]
pub struct Lab {
    plain: Listener,
    secure: Option<Listener>,
    backend: Arc<Backend>,
    hosts: Arc<AllowedHosts>,
}

/// A listening socket, and what its connections are made secure with.
#[derive(Debug)]
struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    acceptor: Option<Acceptor>,
}

/// What a connection is accepted with, and where.
struct Accepting {
    acceptor: Option<Acceptor>,
    listener: IpAddr,
}

impl Lab {
    /// Opens the listening sockets and starts the push server. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// If an address is not loopback and the lab not open to others, the certificate cannot be used,
    /// or the system refuses a socket.
    pub async fn bind(config: LabConfig) -> Result<Self, LabError> {
        let plain = Listener::open(config.listen, None, &config)?;
        let secure = match &config.tls {
            Some(tls) => {
                let acceptor = Acceptor::new(&tls.identity, &[HttpVersion::Http11])?;
                Some(Listener::open(tls.listen, Some(acceptor), &config)?)
            }
            None => None,
        };
        let listeners = std::iter::once(&plain).chain(&secure);
        let origins = listeners.flat_map(Listener::origins).collect();
        let backend = Arc::new(Backend::new(config.response, origins));
        backend.start().await?;
        Ok(Self { plain, secure, backend, hosts: Arc::new(config.hosts) })
    }

    /// Where browsers find it, with the port that the system chose if 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.plain.address
    }

    /// Where they find it over TLS.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.secure.as_ref().map(|secure| secure.address)
    }

    /// Serves until `shutdown` completes; then ends the push server in order and the rest with it.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { plain, secure, backend, hosts } = self;
        let ports = Ports {
            plain: plain.address.port(),
            secure: secure.as_ref().map(|secure| secure.address.port()),
        };
        let sessions = Arc::new(Sessions::default());
        let context = Context {
            router: router(Arc::clone(&backend), Arc::clone(&sessions), ports),
            backend: Arc::clone(&backend),
            sessions: Arc::clone(&sessions),
            peer: Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            hosts,
            listener: plain.address.ip(),
            asked: Asked::default(),
        };
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut relays = JoinSet::new();
        let mut refusals = JoinSet::new();
        let mut silent = Silent::default();
        let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
        tokio::pin!(shutdown);
        loop {
            let (stream, peer, listener) = tokio::select! {
                () = &mut shutdown => break,
                accepted = plain.accept() => accepted,
                accepted = accept_if(secure.as_ref()) => accepted,
                // A relay that panicked has closed its own connection and harms no other.
                Some(_) = relays.join_next() => continue,
                Some(_) = refusals.join_next() => continue,
                _ = sweep.tick() => {
                    sessions.sweep(clock::now());
                    silent.sweep();
                    continue;
                }
            };
            let mut place = Arc::clone(&room).try_acquire_owned().ok();
            if place.is_none() && silent.make_room() {
                // It gives its place back when it is dropped, which its task does next.
                place = Arc::clone(&room).acquire_owned().await.ok();
            }
            let Some(place) = place else {
                if refusals.len() < MOST_REFUSED_AT_ONCE {
                    refusals.spawn(refuse(stream, listener.acceptor.is_some()));
                }
                continue;
            };
            let Accepting { acceptor, listener } = listener;
            let asked = Asked::default();
            let context = Context {
                peer: Peer(peer.ip()),
                listener,
                asked: asked.clone(),
                ..context.clone()
            };
            let relay = relays.spawn(async move {
                relay(stream, acceptor, context).await;
                drop(place);
            });
            silent.push(asked, relay);
        }
        drop((plain, secure));
        backend.end(Ending::Stop).await;
        let ended = async { while relays.join_next().await.is_some() {} };
        // What is left after that is cut off.
        let _ = timeout(SHUTDOWN_TIME, ended).await;
        relays.shutdown().await;
    }
}

impl Listener {
    fn open(
        address: SocketAddr,
        acceptor: Option<Acceptor>,
        config: &LabConfig,
    ) -> Result<Self, LabError> {
        if !address.ip().is_loopback() && !config.open_to_others {
            return Err(LabError::OpenToOthers { address });
        }
        let refused = |cause| LabError::Listen { address, cause };
        let socket = listen(address, config.mss).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self { socket, address, acceptor })
    }

    /// Origins of pages that came from here, by the names that this host has for itself.
    fn origins(&self) -> Vec<String> {
        let scheme = if self.acceptor.is_some() { "https" } else { "http" };
        let port = self.address.port();
        let mut origins = vec![format!("{scheme}://{}", self.address)];
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            origins.push(format!("{scheme}://{host}:{port}"));
        }
        origins
    }

    /// The next connection.
    async fn accept(&self) -> (TcpStream, SocketAddr, Accepting) {
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    let (acceptor, listener) = (self.acceptor.clone(), self.address.ip());
                    return (stream, peer, Accepting { acceptor, listener });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }
}

/// The next connection of a listener that there may not be.
async fn accept_if(listener: Option<&Listener>) -> (TcpStream, SocketAddr, Accepting) {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Tells a connection that it is one too many, and closes it so that it can read that. Where it would
/// begin with a handshake there is no language to tell it in.
async fn refuse(mut stream: TcpStream, is_tls: bool) {
    let refusal = async {
        if !is_tls {
            stream.write_all(ONE_TOO_MANY).await?;
        }
        stream.shutdown().await?;
        let mut discarded = [0; 512];
        while stream.read(&mut discarded).await? > 0 {}
        std::io::Result::Ok(())
    };
    // However it ends, there is nobody left to tell.
    let _ = timeout(REFUSAL_TIME, refusal).await;
}

async fn relay(stream: TcpStream, acceptor: Option<Acceptor>, context: Context) {
    // Fails only for a connection that is gone already, as its first read will say.
    let _ = stream.set_nodelay(true);
    let (descriptor, ipv6) = (stream.as_raw_fd(), context.peer.0.is_ipv6());
    let client = match acceptor {
        None => Client::new(Box::new(stream), Meter::new(descriptor, ipv6, None)),
        Some(acceptor) => {
            let below = Arc::new(SocketCounters::default());
            let stream = CountingStream::new(stream, Arc::clone(&below));
            // A browser that does not trust the certificate leaves here.
            let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await else {
                return;
            };
            Client::new(Box::new(stream), Meter::new(descriptor, ipv6, Some(below)))
        }
    };
    Relay::new(client, context).run().await;
}
