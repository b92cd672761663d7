//! Both sides of a connection over a pipe that cuts wherever it likes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pushbench_protocol::HttpVersion;
use pushbench_tls::{Acceptor, Certificate, Connector, Identity, RecordTotals, TlsStream};
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};

/// 2026-11-22.
const NOW: Duration = Duration::from_secs(1_795_305_600);

pub(crate) fn identity() -> Identity {
    Identity::of_this_host(NOW).expect("there is randomness")
}

pub(crate) fn acceptor(identity: &Identity) -> Acceptor {
    Acceptor::new(identity, &HttpVersion::newest_first()).expect("the key is the certificate's")
}

pub(crate) fn connector(certificate: &Certificate, name: &str) -> Connector {
    Connector::new(certificate, name, HttpVersion::Http11).expect("a name and a certificate")
}

/// A pipe's end that carries at most so many bytes at a time.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) pipe: DuplexStream,
    most: usize,
}

pub(crate) fn pipe(most: usize) -> (Cut, Cut) {
    let (left, right) = duplex(1 << 20);
    (Cut { pipe: left, most }, Cut { pipe: right, most })
}

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = vec![0; self.most.min(buf.remaining())];
        let mut some = ReadBuf::new(&mut bytes);
        let polled = Pin::new(&mut self.pipe).poll_read(cx, &mut some);
        buf.put_slice(some.filled());
        polled
    }
}

impl AsyncWrite for Cut {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = self.most.min(bytes.len());
        Pin::new(&mut self.pipe).poll_write(cx, &bytes[..most])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

/// Both sides of a connection and the client's books of it.
pub(crate) struct Joined {
    pub(crate) client: TlsStream<CountingStream<Cut>>,
    pub(crate) server: TlsStream<Cut>,
    pub(crate) socket: Arc<SocketCounters>,
    pub(crate) records: Arc<RecordTotals>,
}

impl Joined {
    /// Shakes hands.
    pub(crate) async fn new(acceptor: &Acceptor, connector: &Connector, most: usize) -> Self {
        let (near, far) = pipe(most);
        let (socket, records) = (Arc::<SocketCounters>::default(), Arc::<RecordTotals>::default());
        let near = CountingStream::new(near, Arc::clone(&socket));
        let (client, server) =
            tokio::join!(connector.connect(near, Some(Arc::clone(&records))), acceptor.accept(far));
        let (client, server) = (client.expect("it trusts"), server.expect("it is spoken to"));
        Self { client, server, socket, records }
    }

    /// Says goodbye on both sides and reads to the end.
    pub(crate) async fn part(&mut self) {
        self.client.shutdown().await.expect("open");
        assert_eq!(self.server.read(&mut [0]).await.expect("a goodbye"), 0);
        self.server.shutdown().await.expect("open");
        assert_eq!(self.client.read(&mut [0]).await.expect("a goodbye"), 0);
    }
}
