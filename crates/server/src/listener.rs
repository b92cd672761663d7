//! The listening socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Connections that may wait to be accepted; the kernel may allow fewer (`net.core.somaxconn`).
const BACKLOG: i32 = 16_384;
/// Pause after an accept that failed for want of files or memory, which trying again at once would
/// not bring.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
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
