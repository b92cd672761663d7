//! One counted connection, and what was said over it.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use pushbench_anatomy::{Connection, Counted, Unit};
use pushbench_protocol::clock;
use pushbench_protocol::number::MAX_BODY;
use pushbench_wire::segments::SegmentHeaders;
use pushbench_wire::tcp_info::{TcpInfo, tcp_info};
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// `TCP_MAXSEG` of both sides, as in trials: loopback would hide segments.
pub(super) const MSS: u16 = 1460;

/// Longest wait for the other side.
const DEADLINE: Duration = Duration::from_secs(10);
/// No segment for so long, and nothing more is to come: three times the delayed-acknowledgement
/// timer of 40 ms.
const QUIET: Duration = Duration::from_millis(120);
/// Between two looks at the kernel's counters.
const GLANCE: Duration = Duration::from_millis(5);

/// A connection of the client.
pub(super) struct Line {
    stream: CountingStream<TcpStream>,
    counters: Arc<SocketCounters>,
    descriptor: RawFd,
    client: SocketAddr,
    server: SocketAddr,
    /// What was read and not yet taken.
    pending: Vec<u8>,
    /// The kernel's counters at the end of the exchange before.
    before: Look,
}

/// Segments so far, and bytes sent again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Look {
    pub(super) segments_up: u64,
    pub(super) segments_down: u64,
    pub(super) retransmitted: u64,
}

impl Line {
    /// Connects.
    pub(super) async fn open(target: SocketAddr) -> anyhow::Result<Self> {
        let failed = || format!("cannot connect to {target}");
        let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket2::SockRef::from(&socket).set_tcp_mss(u32::from(MSS))?;
        socket.set_nodelay(true)?;
        let stream =
            patiently(socket.connect(target)).await.with_context(failed)?.with_context(failed)?;
        let counters = Arc::new(SocketCounters::default());
        Ok(Self {
            descriptor: stream.as_raw_fd(),
            client: stream.local_addr()?,
            server: stream.peer_addr()?,
            stream: CountingStream::new(stream, Arc::clone(&counters)),
            counters,
            pending: Vec::new(),
            before: Look::default(),
        })
    }

    /// Sends in one write.
    pub(super) async fn say(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        patiently(self.stream.write_all(bytes)).await?.context("cannot send to the server")
    }

    /// Reads until a unit is whole; what follows it is kept.
    pub(super) async fn receive(&mut self, unit: Unit) -> anyhow::Result<Vec<u8>> {
        loop {
            let extent =
                unit.extent(&self.pending).context("the server sent no response of HTTP")?;
            if let Some(len) = extent {
                let rest = self.pending.split_off(len);
                return Ok(std::mem::replace(&mut self.pending, rest));
            }
            let mut bytes = [0; 4_096];
            let read = self.stream.read(&mut bytes);
            let len = patiently(read).await?.context("cannot read from the server")?;
            if len == 0 {
                bail!(
                    "the server closed the connection in the middle of {unit:?}, after `{}`",
                    self.pending.escape_ascii()
                );
            }
            self.pending.extend_from_slice(&bytes[..len]);
            if self.pending.len() as u64 > MAX_BODY {
                bail!("the server sent more than {MAX_BODY} bytes and {unit:?} did not end");
            }
        }
    }

    /// Waits until no segment moves any more, and gives those since the last time.
    pub(super) async fn settle(&mut self) -> anyhow::Result<Look> {
        let begin = clock::now();
        let mut last = self.kernel()?;
        let mut since = begin;
        loop {
            tokio::time::sleep(GLANCE).await;
            let (now, info) = (clock::now(), self.kernel()?);
            if info != last {
                (last, since) = (info, now);
            }
            if now.since(since) >= QUIET && info.unacknowledged == 0 {
                break;
            }
            if now.since(begin) >= DEADLINE {
                bail!("bytes still moved on the connection after {DEADLINE:?}");
            }
        }
        let look = Look {
            segments_up: last.segments_out,
            segments_down: last.segments_in,
            retransmitted: last.bytes_retransmitted,
        };
        let before = std::mem::replace(&mut self.before, look);
        Ok(Look {
            segments_up: look.segments_up - before.segments_up,
            segments_down: look.segments_down - before.segments_down,
            retransmitted: look.retransmitted - before.retransmitted,
        })
    }

    /// What was counted, once all is said; then ends the connection: our FIN, then the server's.
    pub(super) async fn end(mut self) -> anyhow::Result<Connection> {
        let info = self.kernel()?;
        let socket =
            Counted { up: self.counters.bytes_written(), down: self.counters.bytes_read() };
        let kernel = Counted { up: info.data_sent(), down: info.data_received() };
        let headers = SegmentHeaders { ipv6: self.server.is_ipv6(), timestamps: info.timestamps };
        patiently(self.stream.shutdown()).await?.context("cannot close the connection")?;
        let mut more = Vec::new();
        let mut rest = (&mut self.stream).take(MAX_BODY);
        patiently(rest.read_to_end(&mut more))
            .await?
            .context("cannot read to the end of the connection")?;
        let unread = self.pending.len() + more.len();
        if unread > 0 {
            bail!("the server sent {unread} bytes more than expected");
        }
        Ok(Connection {
            client: self.client,
            server: self.server,
            headers,
            mss: MSS,
            socket,
            kernel,
            server_books: None,
        })
    }

    fn kernel(&self) -> io::Result<TcpInfo> {
        tcp_info(self.descriptor)
    }
}

async fn patiently<T>(waiting: impl Future<Output = T>) -> anyhow::Result<T> {
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .with_context(|| format!("the server did not respond within {DEADLINE:?}"))
}
