//! A client's connection, clear or in TLS, and the books of its socket.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pushbench_scenario::source_address;
use pushbench_tls::{Connector, RecordTotals, TlsStream};
use pushbench_wire::record::RECORD_OVERHEAD;
use pushbench_wire::tcp_info::{TcpInfo, bind_address_no_port, tcp_info};
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

use crate::{Fault, Plan, SocketSums};

/// Most bytes that are taken of what nobody asked for.
const MOST_UNASKED: usize = 16 * 1024;
/// Longest wait for the end of a connection that is not used any more.
const HEAR_OUT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for a TCP handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The socket's, the kernel's and TLS's books of one connection, readable while the client uses it.
#[derive(Debug)]
pub(crate) struct Probe {
    counters: Arc<SocketCounters>,
    /// TLS's own bytes; nothing in clear text.
    records: Arc<RecordTotals>,
    descriptor: Cell<Option<RawFd>>,
    last: Cell<SocketSums>,
    /// Whether a read has told that the server's FIN has come.
    has_ended: Cell<bool>,
    /// Records that had brought something when the client last asked, or had taken all of it.
    heard_before: Cell<u64>,
    /// Whether this connection has passed [`crate::Boundary::Measured`].
    pub(crate) is_measured: Cell<bool>,
    /// Its place among the worker's probes.
    pub(crate) place: Cell<usize>,
}

impl Probe {
    /// The books now; after the connection is closed, as they were then.
    pub(crate) fn sums(&self) -> SocketSums {
        let Some(descriptor) = self.descriptor.get() else { return self.last.get() };
        // A kernel that cannot be asked leaves its set of books out; the report then says so.
        let kernel = tcp_info(descriptor).ok().map(|info| {
            // The kernel counts the server's FIN as a byte received; no socket ever reads it.
            let fin = u64::from(self.has_ended.get() || info.is_close_wait);
            TcpInfo { bytes_received: info.bytes_received - fin, ..info }
        });
        SocketSums {
            tls_read: self.records.tls_received(),
            tls_written: self.records.tls_sent(),
            ..SocketSums::of(self.counters.bytes_read(), self.counters.bytes_written(), kernel)
        }
    }

    /// Bytes that the socket carried, without asking the kernel.
    pub(crate) fn bytes(&self) -> u64 {
        self.counters.bytes_read() + self.counters.bytes_written()
    }

    /// The books when the connection is given up. What the kernel received and nobody read, since the
    /// client has failed or the server has reset the connection, is on nobody's books, and neither is
    /// a FIN that a reset followed.
    fn last_sums(&self) -> SocketSums {
        let mut sums = self.sums();
        if !self.has_ended.get() {
            sums.kernel.bytes_received = sums.kernel.bytes_received.min(sums.socket_read);
        }
        sums
    }

    /// The client has asked for something, or taken all that it was told: what comes from now on
    /// comes with what it hears next.
    pub(crate) fn has_taken(&self) {
        self.heard_before.set(self.records.records_received());
    }

    /// What TLS added to what was heard since then.
    pub(crate) fn tls_heard(&self) -> u64 {
        (self.records.records_received() - self.heard_before.get()) * RECORD_OVERHEAD
    }
}

/// A counted socket whose books outlive it.
#[derive(Debug)]
pub(crate) struct Socket {
    probe: Rc<Probe>,
    stream: CountingStream<TcpStream>,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    probe: Rc<Probe>,
    stream: Stream,
}

/// What a client's bytes go over.
#[derive(Debug)]
enum Stream {
    Clear(Socket),
    /// Boxed, so that clear connections do not pay for its keys.
    Tls(Box<TlsStream<Socket>>),
}

impl Connection {
    /// Opens a client's connection, from the source address that is its own.
    pub(crate) async fn open(plan: &Plan, client: u32) -> Result<Self, Fault> {
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, connect(plan, client));
        let stream = match connecting.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(_)) => return Err(Fault::Connect),
            Err(_) => return Err(Fault::ConnectTimeout),
        };
        let counters = Arc::new(SocketCounters::default());
        let probe = Rc::new(Probe {
            counters: Arc::clone(&counters),
            records: Arc::default(),
            descriptor: Cell::new(Some(stream.as_raw_fd())),
            last: Cell::default(),
            has_ended: Cell::new(false),
            heard_before: Cell::new(0),
            is_measured: Cell::new(false),
            place: Cell::new(0),
        });
        let socket =
            Socket { probe: Rc::clone(&probe), stream: CountingStream::new(stream, counters) };
        Ok(Self { probe, stream: Stream::Clear(socket) })
    }

    /// Shakes hands, so that all that follows is in TLS.
    pub(crate) async fn secure(self, connector: &Connector) -> io::Result<Self> {
        let Self { probe, stream } = self;
        let stream = match stream {
            Stream::Tls(stream) => stream,
            Stream::Clear(socket) => {
                let records = Arc::clone(&probe.records);
                // Boxed while it lasts: a client must not carry the room that it needs.
                Box::new(Box::pin(connector.connect(socket, Some(records))).await?)
            }
        };
        Ok(Self { probe, stream: Stream::Tls(stream) })
    }

    /// The stream in TLS, if it is one.
    pub(crate) fn tls(&self) -> Option<&TlsStream<Socket>> {
        match &self.stream {
            Stream::Clear(_) => None,
            Stream::Tls(stream) => Some(stream),
        }
    }

    /// Waits for something else, and takes meanwhile what TLS itself has to say: tickets come
    /// unasked, and belong to the phase in which they come. `None` if the server says something
    /// else first, or that nothing more will come; a read tells which.
    pub(crate) async fn rest<T>(&mut self, until: impl Future<Output = T>) -> Option<T> {
        let mut until = pin!(until);
        poll_fn(|cx| match until.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.poll_rest(cx).map(|()| None),
        })
        .await
    }

    /// Takes what TLS itself has to say; ready when there is more to come than that, or nothing
    /// any more.
    pub(crate) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.stream {
            Stream::Clear(socket) => {
                let mut byte = [0; 1];
                let mut looked = ReadBuf::new(&mut byte);
                socket.stream.get_ref().poll_peek(cx, &mut looked).map(|_| ())
            }
            Stream::Tls(stream) => stream.poll_rest(cx),
        }
    }

    /// Ends the connection in order: our FIN, then the server's, and nothing between. Gives what
    /// came between all the same.
    pub(crate) async fn end(&mut self) -> Result<Vec<u8>, Fault> {
        self.shutdown().await.map_err(|_| Fault::Io)?;
        let mut more = vec![0; MOST_UNASKED];
        let len = self.read(&mut more).await.map_err(|_| Fault::Io)?;
        more.truncate(len);
        Ok(more)
    }

    /// Hears what the server says unasked before it ends the connection; nothing if it just ends it.
    pub(crate) async fn hear_out(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let rest = async {
            let mut bytes = [0; 1_024];
            while let Ok(len @ 1..) = self.read(&mut bytes).await {
                heard.extend_from_slice(&bytes[..len]);
                if heard.len() > MOST_UNASKED {
                    break;
                }
            }
        };
        // Whoever says something and does not end is not waited for.
        let _ = tokio::time::timeout(HEAR_OUT_TIMEOUT, rest).await;
        heard
    }

    /// The connection's books.
    pub(crate) fn probe(&self) -> &Rc<Probe> {
        &self.probe
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The last moment at which the descriptor is ours: the stream closes it after this.
        self.probe.last.set(self.probe.last_sums());
        self.probe.descriptor.set(None);
    }
}

async fn connect(plan: &Plan, client: u32) -> io::Result<TcpStream> {
    let target: SocketAddr = plan.subscribers_target();
    let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if target.ip().is_loopback() && target.is_ipv4() {
        let source = source_address(client, plan.clients_per_address);
        bind_address_no_port(socket.as_raw_fd())?;
        socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
    }
    socket2::SockRef::from(&socket).set_tcp_mss(u32::from(plan.scenario.network.mss))?;
    socket.set_nodelay(true)?;
    socket.connect(target).await
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if matches!(result, Poll::Ready(Ok(()))) && buf.filled().len() == before {
            self.probe.has_ended.set(true);
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Clear(socket) => Pin::new(socket).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Clear(socket) => Pin::new(socket).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Clear(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Clear(socket) => socket.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Clear(socket) => Pin::new(socket).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Clear(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
