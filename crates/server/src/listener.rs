//! The host's listening sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use crate::incoming::{Arrival, Incoming};

/// Connections that may wait to be accepted; the kernel may allow fewer (`net.core.somaxconn`).
const BACKLOG: i32 = 16_384;
/// Pause after an accept that failed for want of files or memory, which trying again at once would
/// not bring.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The sockets that a server listens on.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) clear: Bound,
    /// Where connections begin with a handshake; absent where there is no TLS.
    pub(crate) tls: Option<Bound>,
}

/// A listening socket and where it listens.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Bound {
    /// Listens on `address`; of port 0 the system makes one that is free.
    pub(crate) fn new(address: SocketAddr, mss: Option<u16>) -> io::Result<Self> {
        let listener = listen(address, mss)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    async fn accept(&self, is_tls: bool) -> Arrival<TcpStream> {
        let stream = accept(&self.listener).await;
        Arrival { stream, listener: Some(self.address.ip()), is_tls }
    }
}

impl Incoming for Listeners {
    type Stream = TcpStream;

    async fn next(&mut self) -> Arrival<TcpStream> {
        let Some(tls) = &self.tls else { return self.clear.accept(false).await };
        tokio::select! {
            arrival = self.clear.accept(false) => arrival,
            arrival = tls.accept(true) => arrival,
        }
    }
}

/// A listening socket on `address` whose connections have this maximum segment size.
///
/// # Errors
///
/// What the system says, among it that the address is in use.
pub fn listen(address: SocketAddr, mss: Option<u16>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if let Some(mss) = mss {
        // Connections inherit it, and the client is told so in the handshake.
        socket.set_tcp_mss(u32::from(mss))?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The next connection, with `TCP_NODELAY` set: each message leaves when it is written.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Fails only for a connection that is gone already, as its first read will say.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            // The client gave up while it waited: the next one may be fine.
            Err(error) if is_of_one_client(&error) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
