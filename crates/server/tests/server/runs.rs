//! What is due at once leaves in one write, where all get the same bytes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{AllowedHosts, Cursor, ResponseProfile, TopicName};
use pushbench_server::{Arrival, Server, ServerConfig};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{DEADLINE, post, upgrade};

/// The server's end of a pipe, and what each write on it carried.
struct Noted {
    pipe: DuplexStream,
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.pipe).poll_write(cx, bytes);
        if let Poll::Ready(Ok(len)) = written {
            self.writes.lock().expect("nothing panics").push(bytes[..len].to_vec());
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

/// A client's end of a pipe, and what the server writes at its own.
struct Client {
    pipe: DuplexStream,
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    received: Vec<u8>,
}

impl Client {
    /// A connection whose pipe holds so many bytes.
    fn connect(arrivals: &mpsc::UnboundedSender<Arrival<Noted>>, room: usize) -> Self {
        let (pipe, server) = duplex(room);
        let writes = Arc::default();
        let stream = Noted { pipe: server, writes: Arc::clone(&writes) };
        let arrival = Arrival { stream, listener: None, is_tls: false };
        arrivals.send(arrival).expect("the server takes connections");
        Self { pipe, writes, received: Vec::new() }
    }

    /// Reads until something has come.
    async fn until(&mut self, expected: &[u8]) {
        let read = async {
            while !self.received.windows(expected.len()).any(|part| part == expected) {
                assert!(self.pipe.read_buf(&mut self.received).await.expect("open") > 0);
            }
        };
        timeout(DEADLINE, read).await.expect("the server writes it");
    }
}

#[tokio::test]
async fn messages_that_wait_leave_in_one_write_whole_and_in_order() {
    let profile = ResponseProfile::built_in("minimal").expect("built in");
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), profile);
    config.hosts = AllowedHosts::Named(vec!["h".to_owned()]);
    let (arrivals, incoming) = mpsc::unbounded_channel();
    let server = Server::over(incoming, config, Clock::HOST).expect("a server");
    let serving = tokio::spawn(server.serve(std::future::pending()));

    let mut publisher = Client::connect(&arrivals, 64 * 1024);
    for payload in ["first", "second", "third"] {
        publisher.pipe.write_all(&post(payload.as_bytes())).await.expect("open");
        publisher.until(b"200 OK").await;
        publisher.received.clear();
    }
    let topic = TopicName::numbered(0);
    let get = |path: String| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let websocket = b"\x81\x05first\x81\x06second\x81\x05third";
    let lines = b"6\r\nfirst\n\r\n7\r\nsecond\n\r\n6\r\nthird\n\r\n";
    for (request, expected) in [
        (upgrade(Cursor::OLDEST, ""), &websocket[..]),
        (get(topic.stream_path(Cursor::OLDEST)), &lines[..]),
    ] {
        let mut client = Client::connect(&arrivals, 64 * 1024);
        client.pipe.write_all(request.as_bytes()).await.expect("open");
        client.until(expected).await;
        assert_eq!(client.writes.lock().expect("nothing panics").last().unwrap(), expected);

        // One whose pipe is narrow gets the same bytes, however they are cut.
        let mut narrow = Client::connect(&arrivals, 7);
        narrow.pipe.write_all(request.as_bytes()).await.expect("open");
        narrow.until(expected).await;
    }
    serving.abort();
}
