//! The lab's listener: takes browsers' connections and gives each a relay.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::clock;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::backend::{Backend, Ending};
use crate::config::{LabConfig, LabError};
use crate::meter::Meter;
use crate::relay::{Client, Context, Peer, Relay};
use crate::routes::router;
use crate::session::Sessions;

/// Browser connections at once: six and a few WebSockets for each page.
const MAX_CONNECTIONS: usize = 1_024;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;
/// Between looks for pages that are gone.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// After a failed accept, which trying again at once would not help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest time from the shutdown signal to the end, beyond the server's own.
const SHUTDOWN_TIME: Duration = Duration::from_secs(3);

/// A lab that listens; browsers wait until [`Lab::serve`] takes them.
#[derive(Debug)]
pub struct Lab {
    listener: TcpListener,
    address: SocketAddr,
    backend: Arc<Backend>,
}

impl Lab {
    /// Opens the listening socket and starts the push server. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// If the address is not loopback and the lab not open to others, or the system refuses a socket.
    pub async fn bind(config: LabConfig) -> Result<Self, LabError> {
        let address = config.listen;
        if !address.ip().is_loopback() && !config.open_to_others {
            return Err(LabError::OpenToOthers { address });
        }
        let refused = |source| LabError::Listen { address, source };
        let listener = listen(address, config.mss).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let backend = Arc::new(Backend::new(config.response));
        backend.start().await?;
        Ok(Self { listener, address, backend })
    }

    /// Where browsers find it, with the port that the system chose if 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` completes; then ends the push server in order and the rest with it.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, backend, .. } = self;
        let sessions = Arc::new(Sessions::default());
        let context = Context {
            router: router(Arc::clone(&backend), Arc::clone(&sessions)),
            backend: Arc::clone(&backend),
            sessions: Arc::clone(&sessions),
            peer: Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        };
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut relays = JoinSet::new();
        let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
                        let context = Context { peer: Peer(peer.ip()), ..context.clone() };
                        relays.spawn(async move {
                            relay(stream, context).await;
                            drop(place);
                        });
                    }
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
                // A relay that panicked has closed its own connection and harms no other.
                Some(_) = relays.join_next() => {}
                _ = sweep.tick() => sessions.sweep(clock::now()),
            }
        }
        drop(listener);
        backend.end(Ending::Stop).await;
        let ended = async { while relays.join_next().await.is_some() {} };
        // What is left after that is cut off.
        let _ = timeout(SHUTDOWN_TIME, ended).await;
        relays.shutdown().await;
    }
}

async fn relay(stream: TcpStream, context: Context) {
    // Fails only for a connection that is gone already, as its first read will say.
    let _ = stream.set_nodelay(true);
    let meter = Meter::new(stream.as_raw_fd(), context.peer.0.is_ipv6(), None);
    Relay::new(Client::new(Box::new(stream), meter), context).run().await;
}

fn listen(address: SocketAddr, mss: Option<u16>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if let Some(mss) = mss {
        socket.set_tcp_mss(u32::from(mss))?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
