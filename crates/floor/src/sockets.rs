//! The connections of a side, what each still has to send, and every byte counted.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::blocks::next_byte;
use crate::poller::{Interest, Poller, Ready};
use crate::{FloorError, Plan};

/// Bytes of one read.
const SCRATCH: usize = 64 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4_096;
/// Longest wait for one connect.
const CONNECT_BOUND: Duration = Duration::from_secs(10);

/// Connections that all send the same prepared block.
#[derive(Debug)]
pub(crate) struct Sockets {
    streams: Vec<Option<TcpStream>>,
    /// Bytes that each still has to send.
    owed: Vec<u64>,
    block: Vec<u8>,
    scratch: Vec<u8>,
    open: u32,
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Sockets {
    /// None yet.
    pub(crate) fn new(block: Vec<u8>) -> Self {
        Self {
            streams: Vec::new(),
            owed: Vec::new(),
            block,
            scratch: vec![0; SCRATCH],
            open: 0,
            sent: 0,
            received: 0,
        }
    }

    /// Connections that are open.
    pub(crate) const fn open(&self) -> u32 {
        self.open
    }

    /// Connections that there were.
    pub(crate) fn count(&self) -> u32 {
        self.streams.len() as u32
    }

    /// Whether any has something left to send.
    pub(crate) fn owe_anything(&self) -> bool {
        self.owed.iter().any(|owed| *owed > 0)
    }

    /// Takes a connection in; its number is its place.
    pub(crate) fn take(&mut self, stream: TcpStream, poller: &Poller) -> Result<(), FloorError> {
        let number = self.streams.len() as u64;
        stream
            .set_nonblocking(true)
            .and_then(|()| stream.set_nodelay(true))
            .map_err(FloorError::when("set up a connection"))?;
        poller.watch(&stream, number)?;
        self.streams.push(Some(stream));
        self.owed.push(0);
        self.open += 1;
        Ok(())
    }

    /// Sends one block more on a connection, behind what it still has to send. Each block leaves in a
    /// write of its own, as far as there is room.
    pub(crate) fn send(&mut self, index: usize, poller: &Poller) -> Result<(), FloorError> {
        let before = self.owed[index];
        self.owed[index] += self.block.len() as u64;
        if before > 0 { Ok(()) } else { self.write(index, false, poller) }
    }

    /// Sends what is left, where there is room again.
    pub(crate) fn resume(&mut self, ready: Ready, poller: &Poller) -> Result<(), FloorError> {
        let index = ready.number as usize;
        if ready.can_write && self.owed[index] > 0 {
            self.write(index, true, poller)
        } else {
            Ok(())
        }
    }

    fn write(&mut self, index: usize, was_full: bool, poller: &Poller) -> Result<(), FloorError> {
        let Some(mut stream) = self.streams[index].as_ref() else { return Ok(()) };
        let block = self.block.len() as u64;
        let mut owed = self.owed[index];
        while owed > 0 {
            match stream.write(&self.block[next_byte(owed, block)..]) {
                Ok(written) => {
                    owed -= written as u64;
                    self.sent += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FloorError::when("write to a connection")(error)),
            }
        }
        self.owed[index] = owed;
        match (was_full, owed > 0) {
            (false, true) => poller.change(stream, index as u64, Interest::ReadAndWrite),
            (true, false) => poller.change(stream, index as u64, Interest::Read),
            (false, false) | (true, true) => Ok(()),
        }
    }

    /// Reads once from a connection that has something; the end closes it and is `None`. Level
    /// triggering brings back whoever has more.
    pub(crate) fn read(&mut self, index: usize) -> Result<Option<usize>, FloorError> {
        let Some(mut stream) = self.streams[index].as_ref() else { return Ok(Some(0)) };
        match stream.read(&mut self.scratch) {
            Ok(0) => {
                self.streams[index] = None;
                self.open -= 1;
                Ok(None)
            }
            Ok(read) => {
                self.received += read as u64;
                Ok(Some(read))
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(Some(0)),
                _ => Err(FloorError::when("read from a connection")(error)),
            },
        }
    }

    /// Says on every connection that nothing more will be sent.
    pub(crate) fn end(&self) -> Result<(), FloorError> {
        for stream in self.streams.iter().flatten() {
            stream.shutdown(Shutdown::Write).map_err(FloorError::when("end a connection"))?;
        }
        Ok(())
    }
}

/// The listening sockets of a plan, on ports of 127.0.0.1 that the system chooses.
pub(crate) fn listen(plan: &Plan) -> Result<Vec<TcpListener>, FloorError> {
    let one = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_tcp_mss(plan.mss.into())?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    (0..plan.ports()).map(|_| one().map_err(FloorError::when("listen on 127.0.0.1"))).collect()
}

/// Opens connection `index` of a plan.
pub(crate) fn connect(plan: &Plan, ports: &[u16], index: u32) -> Result<TcpStream, FloorError> {
    let port = ports[index as usize % ports.len()];
    let one = || -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_tcp_mss(plan.mss.into())?;
        socket.connect_timeout(
            &SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into(),
            CONNECT_BOUND,
        )?;
        Ok(socket.into())
    };
    one().map_err(FloorError::when("connect to the server of the floor (see `ulimit -n`)"))
}
