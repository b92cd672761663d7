//! A client's connection, clear or in TLS, and the books of its socket.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pushbench_tls::{Connector, TlsStream};
use pushbench_wire::CountingStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::carrier::network::Network;
use crate::carrier::pipe::Pipe;
use crate::witness::Witness;
use crate::{Fault, Plan};

/// Longest that a client takes what is there before it is the others' turn, and the worker's own: a
/// server that never stops sending has always more.
pub(crate) const TURN: Duration = Duration::from_millis(2);

/// Ends a turn: ready never, and woken when all others have had theirs.
pub(crate) fn end_turn<T>(cx: &mut Context<'_>) -> Poll<T> {
    // Woken at once it would run again before the worker's own task, sixty times and more.
    let _ = pin!(tokio::task::yield_now()).poll(cx);
    Poll::Pending
}

/// Most bytes that are taken of what nobody asked for.
const MOST_UNASKED: usize = 16 * 1024;
/// Longest wait for the end of a connection that is not used any more.
const RECEIVE_OUT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for a TCP handshake.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A counted socket whose books outlive it.
#[derive(Debug)]
pub(crate) struct Socket {
    witness: Rc<Witness>,
    stream: CountingStream<Pipe>,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    witness: Rc<Witness>,
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
    /// Opens a client's connection.
    pub(crate) async fn open(network: &Network, plan: &Plan, client: u32) -> Result<Self, Fault> {
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, network.connect(plan, client));
        let pipe = match connecting.await {
            Ok(Ok(pipe)) => pipe,
            Ok(Err(_)) => return Err(Fault::Connect),
            Err(_) => return Err(Fault::ConnectTimeout),
        };
        let witness = Rc::new(Witness::of(pipe.descriptor()));
        let stream = CountingStream::new(pipe, Arc::clone(&witness.counters));
        let socket = Socket { witness: Rc::clone(&witness), stream };
        Ok(Self { witness, stream: Stream::Clear(socket) })
    }

    /// Shakes hands, so that all that follows is in TLS.
    pub(crate) async fn secure(self, connector: &Connector) -> io::Result<Self> {
        let Self { witness, stream } = self;
        let stream = match stream {
            Stream::Tls(stream) => stream,
            Stream::Clear(socket) => {
                let records = Arc::clone(&witness.records);
                // Boxed while it lasts: a client must not carry the room that it needs.
                Box::new(Box::pin(connector.connect(socket, Some(records))).await?)
            }
        };
        Ok(Self { witness, stream: Stream::Tls(stream) })
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
            Stream::Clear(socket) => socket.poll_look(cx),
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
    pub(crate) async fn receive_out(&mut self) -> Vec<u8> {
        let mut received = Vec::new();
        let rest = async {
            let mut bytes = [0; 1_024];
            while let Ok(len @ 1..) = self.read(&mut bytes).await {
                received.extend_from_slice(&bytes[..len]);
                if received.len() > MOST_UNASKED {
                    break;
                }
            }
        };
        // Whoever says something and does not end is not waited for.
        let _ = tokio::time::timeout(RECEIVE_OUT_TIMEOUT, rest).await;
        received
    }

    /// The connection's books.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        &self.witness
    }
}

impl Socket {
    /// Ready when there is something to read, or nothing will come any more.
    fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.get_mut().poll_look(cx).map(|looked| self.note(looked.err().as_ref()))
    }

    /// Takes note of how the connection failed: the kernel tells it only once.
    fn note(&self, error: Option<&io::Error>) {
        // A pipe is broken where a reset came behind a FIN, or where we have sent ours.
        if error.is_some_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            self.witness.was_reset();
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The last moment at which the descriptor is ours: the stream closes it after this.
        self.witness.close();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        match &result {
            Poll::Ready(Ok(())) if buf.filled().len() == before => self.witness.has_ended(),
            Poll::Ready(Err(error)) => self.note(Some(error)),
            Poll::Ready(Ok(())) | Poll::Pending => {}
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
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Err(error)) = &result {
            self.note(Some(error));
        }
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if let Poll::Ready(Err(error)) = &result {
            self.note(Some(error));
        }
        result
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
