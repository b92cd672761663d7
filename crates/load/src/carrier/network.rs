//! What lies between a client and the server.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::rc::Rc;

use pushbench_wire::tcp_info::bind_address_no_port;
use tokio::io::DuplexStream;
use tokio::net::{TcpSocket, TcpStream};

use crate::Plan;
use crate::carrier::pipe::{Memory, Pipe};
use crate::timer::Timer;

/// What a worker's connections go over.
#[derive(Clone)]
pub(crate) enum Network {
    /// The host's.
    Host,
    /// Pipes to a server in this process, which it is handed the other ends of.
    Memory(Rc<dyn Fn() -> DuplexStream>),
}

impl Network {
    /// A timer of the clock that goes with it.
    pub(crate) fn timer(&self) -> Timer {
        match self {
            Self::Host => Timer::host(),
            Self::Memory(_) => Timer::runtime(),
        }
    }

    /// Connects a client, from the source address that is its own.
    pub(crate) async fn connect(&self, plan: &Plan, client: u32) -> io::Result<Pipe> {
        match self {
            Self::Host => Ok(Pipe::Tcp(connect(plan, client).await?)),
            Self::Memory(open) => Ok(Pipe::Memory(Memory::new(open()))),
        }
    }
}

async fn connect(plan: &Plan, client: u32) -> io::Result<TcpStream> {
    let target: SocketAddr = plan.subscribers_target();
    let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = plan.source_of(client) {
        bind_address_no_port(socket.as_raw_fd())?;
        socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
    }
    socket2::SockRef::from(&socket).set_tcp_mss(u32::from(plan.scenario.network.mss))?;
    socket.set_nodelay(true)?;
    socket.connect(target).await
}
