//! A server on a port of its own, and a client that knows no library and counts every byte.

use std::net::SocketAddr;
use std::time::Duration;

use pushbench_protocol::{AllowedHosts, Cursor, ResponseProfile, ServerStats, TopicName};
use pushbench_server::{Ended, Server, ServerConfig};
use pushbench_tls::Certificate;
use pushbench_wire::frame::{HeaderParser, Opcode, apply_mask, encode_header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest wait for anything that must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    /// Where it listens for TLS, and what it shows there.
    pub(crate) tls: Option<(SocketAddr, Certificate)>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

/// Starts a server with the default settings, changed.
pub(crate) async fn start(change: impl FnOnce(&mut ServerConfig)) -> Running {
    let profile = ResponseProfile::built_in("minimal").expect("built in");
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), profile);
    config.hosts = AllowedHosts::Named(vec!["h".to_owned()]);
    config.engine = crate::ENGINE;
    change(&mut config);
    let server = Server::bind(config).await.expect("a free port");
    let address = server.local_addr();
    let tls = server.tls().map(|(address, certificate)| (address, certificate.clone()));
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.serve(async {
        let _ = stopped.await;
    }));
    Running { address, tls, stop, task }
}

impl Running {
    pub(crate) async fn connect(&self) -> Raw {
        Raw::new(TcpStream::connect(self.address).await.expect("the server listens"))
    }

    /// A client whose receive buffer is as small as it can be.
    pub(crate) async fn connect_narrow(&self) -> Raw {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(1).expect("the kernel rounds up");
        Raw::new(socket.connect(self.address).await.expect("the server listens"))
    }

    /// A subscriber of topic `t0000` from now on.
    pub(crate) async fn subscribe(&self) -> Raw {
        let mut raw = self.connect().await;
        raw.upgrade(Cursor::NOW).await;
        raw
    }

    pub(crate) async fn publish(&self, payload: &[u8]) -> Cursor {
        let mut raw = self.connect().await;
        raw.send(&post(payload)).await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        Cursor::decode(&body).expect("a cursor")
    }

    pub(crate) async fn stats(&self) -> ServerStats {
        let mut raw = self.connect().await;
        raw.send(b"GET /stats HTTP/1.1\r\nHost: h\r\n\r\n").await;
        let (_, body) = raw.answer().await;
        serde_json::from_slice(&body).expect("the books")
    }

    /// Asks for the books until they say what is expected.
    pub(crate) async fn stats_until(&self, expected: impl Fn(&ServerStats) -> bool) -> ServerStats {
        let deadline = tokio::time::sleep(DEADLINE);
        tokio::pin!(deadline);
        loop {
            let stats = self.stats().await;
            if expected(&stats) {
                return stats;
            }
            assert!(!deadline.is_elapsed(), "{stats:?}");
            tokio::select! {
                () = &mut deadline => {}
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
    }

    /// Gives the signal and does not wait.
    pub(crate) fn stop(self) -> JoinHandle<Ended> {
        let _ = self.stop.send(());
        self.task
    }
}

/// A publish to topic `t0000`.
pub(crate) fn post(payload: &[u8]) -> Vec<u8> {
    let path = TopicName::numbered(0).messages_path();
    let len = payload.len();
    let mut request =
        format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n").into_bytes();
    request.extend_from_slice(payload);
    request
}

/// An upgrade to topic `t0000`, with fields added.
pub(crate) fn upgrade(after: Cursor, more: &str) -> String {
    let path = TopicName::numbered(0).websocket_path(after);
    format!(
        "GET {path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

/// A client's frame: its first byte as given, masked, of the shortest length form.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_header(&mut bytes, true, Opcode::Text, payload.len() as u64, Some(MASK));
    bytes[0] = first;
    let from = bytes.len();
    bytes.extend_from_slice(payload);
    apply_mask(&mut bytes[from..], MASK, 0);
    bytes
}

/// A frame of the server: its first byte and its payload.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn text(payload: &str) -> Frame {
    Frame { first: 0x81, payload: payload.as_bytes().to_vec() }
}

/// A socket whose bytes are counted, and never hidden.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Raw {
    fn new(stream: TcpStream) -> Self {
        Self { stream, sent: 0, received: 0 }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let written = timeout(DEADLINE, self.stream.write_all(bytes)).await;
        written.expect("the server reads").expect("the connection is open");
        self.sent += bytes.len() as u64;
    }

    /// One byte; `None` at the end of the stream.
    async fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        let read = timeout(DEADLINE, self.stream.read(&mut byte)).await;
        let read = read.expect("the server answers").expect("the connection is not reset");
        self.received += read as u64;
        (read == 1).then_some(byte[0])
    }

    pub(crate) async fn exactly(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let read = timeout(DEADLINE, self.stream.read_exact(&mut bytes)).await;
        read.expect("the server answers").expect("the connection is open");
        self.received += len as u64;
        bytes
    }

    /// The head of an answer, as it came.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await.expect("a whole head"));
        }
        String::from_utf8(head).expect("a head is ASCII")
    }

    /// An answer: its head, and as much body as it says.
    pub(crate) async fn answer(&mut self) -> (String, Vec<u8>) {
        let head = self.head().await;
        let len = field(&head, "Content-Length").map_or(0, |len| len.parse().expect("a length"));
        (head, self.exactly(len).await)
    }

    /// Upgrades to topic `t0000`, and gives the head of the 101.
    pub(crate) async fn upgrade(&mut self, after: Cursor) -> String {
        self.send(upgrade(after, "")).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        head
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        let mut parser = HeaderParser::default();
        let first = self.byte().await?;
        assert_eq!(parser.push(first), None);
        let header = loop {
            let byte = self.byte().await.expect("a whole header");
            if let Some(header) = parser.push(byte) {
                break header;
            }
        };
        assert_eq!(header.mask, None, "a server masked");
        let len = usize::try_from(header.payload_len).expect("not so long");
        Some(Frame { first, payload: self.exactly(len).await })
    }

    /// The next chunk of a chunked answer; empty is the last.
    pub(crate) async fn chunk(&mut self) -> Vec<u8> {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            size.push(self.byte().await.expect("a whole size"));
        }
        let size = std::str::from_utf8(&size[..size.len() - 2]).expect("ASCII");
        let size = usize::from_str_radix(size, 16).expect("hexadecimal");
        let mut data = self.exactly(size + 2).await;
        assert_eq!(data.split_off(size), b"\r\n");
        data
    }

    /// Expects a close frame and then the end, and gives the code.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let frame = self.frame().await.expect("a close frame");
        assert_eq!(frame.first, 0x88, "{frame:?}");
        frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code))
    }

    pub(crate) async fn at_end(&mut self) -> bool {
        self.byte().await.is_none()
    }
}

/// The value of a field in a head; names as they are spelled.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
