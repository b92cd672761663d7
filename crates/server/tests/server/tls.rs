//! The listener for TLS: the same server, and who does not speak TLS 1.3 harms nobody.

use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::{HttpVersion, ClassStats, ConnectionClass, Cursor, TopicName};
use pushbench_server::TlsConfig;
use pushbench_tls::{Connector, Identity, TlsStream};
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, Running, field, start, upgrade};

/// 2026-11-22.
const NOW: Duration = Duration::from_secs(1_795_305_600);

/// A server that listens for TLS too, with a short deadline for handshakes if one is given.
async fn start_tls(deadline: Option<Duration>) -> Running {
    let identity = Identity::of_this_host(NOW).expect("there is randomness");
    start(|config| {
        let listen = ([127, 0, 0, 1], 0).into();
        config.tls = Some(TlsConfig { listen, identity });
        if let Some(deadline) = deadline {
            config.limits.handshake_timeout = deadline;
        }
    })
    .await
}

fn connector(server: &Running) -> Connector {
    let (_, certificate) = server.tls.as_ref().expect("it listens for TLS");
    Connector::new(certificate, "127.0.0.1", HttpVersion::Http11).expect("it can be trusted")
}

async fn raw(server: &Running) -> TcpStream {
    let (address, _) = server.tls.as_ref().expect("it listens for TLS");
    TcpStream::connect(*address).await.expect("the server listens")
}

/// A client in TLS, and what its socket carried.
struct Client {
    stream: TlsStream<CountingStream<TcpStream>>,
    socket: Arc<SocketCounters>,
}

impl Client {
    async fn connect(server: &Running, connector: &Connector) -> Self {
        let socket = Arc::<SocketCounters>::default();
        let tcp = CountingStream::new(raw(server).await, Arc::clone(&socket));
        let stream = timeout(DEADLINE, connector.connect(tcp, None)).await;
        Self { stream: stream.expect("in time").expect("a handshake"), socket }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("open");
        self.stream.flush().await.expect("open");
    }

    async fn exactly(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let read = timeout(DEADLINE, self.stream.read_exact(&mut bytes)).await;
        read.expect("the server answers").expect("open");
        bytes
    }

    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.exactly(1).await);
        }
        String::from_utf8(head).expect("a head is ASCII")
    }

    async fn poll(&mut self) -> Vec<u8> {
        let path = TopicName::numbered(0).poll_path(Cursor::OLDEST);
        self.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let len = field(&head, "Content-Length").expect("a length").parse().expect("a number");
        self.exactly(len).await
    }

    async fn ends(&mut self) {
        let read = timeout(DEADLINE, self.stream.read(&mut [0])).await;
        assert_eq!(read.expect("in time").expect("a goodbye"), 0);
    }
}

#[tokio::test]
async fn every_kind_of_client_is_served_and_counted_below_tls() {
    let server = start_tls(None).await;
    server.publish(b"hello").await;
    let connector = connector(&server);

    let mut poller = Client::connect(&server, &connector).await;
    assert_eq!(poller.poll().await, b"hello");
    assert_eq!(poller.poll().await, b"hello");

    let mut socket = Client::connect(&server, &connector).await;
    socket.send(upgrade(Cursor::OLDEST, "")).await;
    assert!(socket.head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(socket.exactly(7).await, b"\x81\x05hello");

    let mut lines = Client::connect(&server, &connector).await;
    let path = TopicName::numbered(0).stream_path(Cursor::OLDEST);
    lines.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    assert!(lines.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(lines.exactly(11).await, b"6\r\nhello\n\r\n");

    // More than a record, and more than a socket takes at once.
    let long = "x".repeat(900_000);
    server.publish(long.as_bytes()).await;
    let frame = socket.exactly(10 + long.len()).await;
    assert_eq!((&frame[..2], &frame[10..]), (&b"\x81\x7f"[..], long.as_bytes()));
    assert_eq!(poller.poll().await, long.as_bytes());

    let stats = server.stats().await;
    for (class, client) in
        [(ConnectionClass::ShortPoll, &poller), (ConnectionClass::WebSocket, &socket)]
    {
        let expected = ClassStats {
            open: 1,
            accepted: 1,
            received_bytes: client.socket.bytes_written(),
            sent_bytes: client.socket.bytes_read(),
        };
        assert_eq!(stats.connections[&class], expected, "{class}");
    }
    assert_eq!((stats.handshakes.full, stats.handshakes.failed), (3, 0));
}

#[tokio::test]
async fn a_client_that_has_asked_for_nothing_is_of_no_transport() {
    let server = start_tls(None).await;
    let connector = connector(&server).with_memory();
    let mut silent = Client::connect(&server, &connector).await;
    server.stats_until(|stats| stats.connections[&ConnectionClass::Silent].open == 1).await;
    silent.stream.shutdown().await.expect("open");
    silent.ends().await;
    let stats =
        server.stats_until(|stats| stats.connections[&ConnectionClass::Silent].open == 0).await;
    assert_eq!(stats.connections[&ConnectionClass::Silent], ClassStats::default());
    let closed = stats.connections[&ConnectionClass::HandshakeOnly];
    assert_eq!(closed.received_bytes, silent.socket.bytes_written());
    assert_eq!(closed.sent_bytes, silent.socket.bytes_read());

    // The end came behind the tickets.
    assert!(connector.has_ticket());
    let resumed = Client::connect(&server, &connector).await;
    assert!(resumed.stream.is_resumed());
    let handshakes = server.stats().await.handshakes;
    assert_eq!((handshakes.full, handshakes.resumed, handshakes.failed), (1, 1, 0));
}

/// A client's first message that offers TLS 1.2 and nothing later (RFC 5246, section 7.4.1.2).
fn hello_of_1_2() -> Vec<u8> {
    let mut hello = vec![0x03, 0x03];
    hello.extend([7; 32]);
    // No session, one suite (ECDHE-ECDSA-AES128-GCM-SHA256), no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    // Extensions: signature_algorithms and supported_groups, P-256 both.
    let extensions = [0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 23];
    hello.extend([0, extensions.len() as u8]);
    hello.extend(extensions);
    let mut record = vec![22, 3, 1, 0, hello.len() as u8 + 4, 1, 0, 0, hello.len() as u8];
    record.extend(hello);
    record
}

#[tokio::test]
async fn who_speaks_no_tls_1_3_is_told_so_and_disturbs_nobody() {
    let server = start_tls(None).await;
    server.publish(b"hello").await;
    let mut bystander = Client::connect(&server, &connector(&server)).await;
    let mut failed = 0;
    for (first, alert) in [
        // `protocol_version`, RFC 8446, section 6.2.
        (hello_of_1_2(), Some(70)),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), None),
        (vec![22, 3, 1, 0, 5, 1, 0, 0, 1, 0xff], None),
        (vec![0xff; 1_000], None),
    ] {
        let mut client = raw(&server).await;
        client.write_all(&first).await.expect("open");
        let mut answer = Vec::new();
        let read = timeout(DEADLINE, client.read_to_end(&mut answer)).await;
        read.expect("it is closed").expect("it is not reset");
        assert_eq!((answer[0], answer[5]), (21, 2), "{first:?}: {answer:?}");
        if let Some(alert) = alert {
            assert_eq!(answer[6], alert, "{answer:?}");
        }
        failed += 1;
        assert_eq!(bystander.poll().await, b"hello");
    }
    let stats = server.stats_until(|stats| stats.handshakes.failed == failed).await;
    assert_eq!(stats.handshakes.full, 1);
}

#[tokio::test]
async fn who_dawdles_over_a_handshake_is_closed_and_counted() {
    let server = start_tls(Some(Duration::from_millis(200))).await;
    server.publish(b"hello").await;
    let mut bystander = Client::connect(&server, &connector(&server)).await;
    let mut silent = raw(&server).await;
    let mut slow = raw(&server).await;
    for byte in &hello_of_1_2()[..20] {
        // Drop by drop is no excuse; once it is closed, nothing more can be sent.
        if slow.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for client in [&mut silent, &mut slow] {
        let mut answer = Vec::new();
        // A client that goes on sending is reset, another is not.
        let read = timeout(DEADLINE, client.read_to_end(&mut answer)).await;
        let _ = read.expect("it is closed");
        assert_eq!(answer, b"");
    }
    let stats = server.stats_until(|stats| stats.handshakes.failed == 2).await;
    assert_eq!(stats.handshakes.full, 1);
    assert_eq!(bystander.poll().await, b"hello");
}

#[tokio::test]
async fn at_the_end_clients_are_told_in_http_or_frames_then_in_tls_then_in_tcp() {
    let server = start_tls(None).await;
    let connector = connector(&server);
    let mut poller = Client::connect(&server, &connector).await;
    let mut socket = Client::connect(&server, &connector).await;
    socket.send(upgrade(Cursor::NOW, "")).await;
    socket.head().await;
    let mut late = raw(&server).await;
    server.stats_until(|stats| stats.connections[&ConnectionClass::Other].open == 1).await;
    let ended = server.stop();
    // A close frame with code 1001, its reason, and the end.
    let close = socket.exactly(4).await;
    assert_eq!((close[0], &close[2..]), (0x88, &[0x03, 0xe9][..]));
    socket.exactly(usize::from(close[1]) - 2).await;
    // Our close frame, so that the server need not wait for it.
    socket.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]).await;
    for client in [&mut poller, &mut socket] {
        client.ends().await;
        client.stream.shutdown().await.expect("open");
    }
    assert_eq!(late.read(&mut [0]).await.expect("not reset"), 0);
    drop((poller, socket, late));
    let ended = timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
    assert_eq!(ended.cut_off, 0);
    assert_eq!(ended.stats.handshakes.failed, 1, "one had not begun");
}
