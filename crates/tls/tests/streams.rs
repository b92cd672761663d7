//! Both sides over a pipe that cuts wherever it likes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use proptest::prelude::*;
use pushbench_model::{Handshake, HandshakeKind};
use pushbench_protocol::HttpVersion;
use pushbench_tls::{
    Acceptor, Certificate, Connector, Identity, RecordTotals, TlsStream, settings,
};
use pushbench_wire::record::{CLOSE_NOTIFY_LEN, overhead_of};
use pushbench_wire::{CountingStream, SocketCounters};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};

/// 2026-11-22.
const NOW: Duration = Duration::from_secs(1_795_305_600);
/// How far a signature's length may be from what it is on average: only one in 256 of its two
/// numbers is shorter than 32 bytes.
const SIGNATURE_SPREAD: u64 = 4;

fn identity() -> Identity {
    Identity::of_this_host(NOW).expect("there is randomness")
}

fn acceptor(identity: &Identity) -> Acceptor {
    Acceptor::new(identity, &HttpVersion::newest_first()).expect("the key is the certificate's")
}

fn connector(certificate: &Certificate, name: &str) -> Connector {
    Connector::new(certificate, name, HttpVersion::Http11).expect("a name and a certificate")
}

/// A pipe's end that carries at most so many bytes at a time.
#[derive(Debug)]
struct Cut {
    pipe: DuplexStream,
    most: usize,
}

fn pipe(most: usize) -> (Cut, Cut) {
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
struct Joined {
    client: TlsStream<CountingStream<Cut>>,
    server: TlsStream<Cut>,
    socket: Arc<SocketCounters>,
    records: Arc<RecordTotals>,
}

impl Joined {
    /// Shakes hands.
    async fn new(acceptor: &Acceptor, connector: &Connector, most: usize) -> Self {
        let (near, far) = pipe(most);
        let (socket, records) = (Arc::<SocketCounters>::default(), Arc::<RecordTotals>::default());
        let near = CountingStream::new(near, Arc::clone(&socket));
        let (client, server) =
            tokio::join!(connector.connect(near, Some(Arc::clone(&records))), acceptor.accept(far));
        let (client, server) = (client.expect("it trusts"), server.expect("it is spoken to"));
        Self { client, server, socket, records }
    }

    /// Says goodbye on both sides and reads to the end.
    async fn part(&mut self) {
        self.client.shutdown().await.expect("open");
        assert_eq!(self.server.read(&mut [0]).await.expect("a goodbye"), 0);
        self.server.shutdown().await.expect("open");
        assert_eq!(self.client.read(&mut [0]).await.expect("a goodbye"), 0);
    }
}

#[tokio::test]
async fn what_is_written_is_read_and_counted_wherever_the_pipe_cuts() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    for most in [1, 2, 3, 4, 5, 6, 7, 21, 22, 23, 100, 16_405, 16_406, 1 << 20] {
        let mut joined = Joined::new(&acceptor, &connector, most).await;
        let (mut sum, mut up, mut down) = (0, 0, 0);
        for len in [1, 20, 16_383, 16_384, 16_385, 40_000] {
            let said: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            let mut received = vec![0; len];
            joined.client.write_all(&said).await.expect("open");
            joined.client.flush().await.expect("open");
            joined.server.read_exact(&mut received).await.expect("open");
            assert_eq!(received, said, "{len} bytes, {most} at a time");
            // The tickets come before the first answer.
            joined.server.write_all(&said).await.expect("open");
            joined.server.flush().await.expect("open");
            received.fill(0);
            joined.client.read_exact(&mut received).await.expect("open");
            assert_eq!(received, said, "{len} bytes, {most} at a time");
            sum += len as u64;
            up += overhead_of(len as u64);
            down += overhead_of(len as u64);
        }
        joined.part().await;
        let Joined { socket, records, .. } = &joined;
        assert_eq!(socket.bytes_written(), sum + records.tls_sent(), "{most} at a time");
        assert_eq!(socket.bytes_read(), sum + records.tls_received(), "{most} at a time");
        let model = full(&identity, None);
        let hands = model.client_hello() + model.client_finished();
        assert_eq!(records.tls_sent(), hands + up + CLOSE_NOTIFY_LEN, "{most} at a time");
        let hands = model.server_flight() + model.new_tickets();
        let model = hands + down + CLOSE_NOTIFY_LEN;
        let off = records.tls_received().abs_diff(model);
        assert!(off <= SIGNATURE_SPREAD, "{} is not {model}", records.tls_received());
    }
}

#[tokio::test]
async fn what_has_come_of_a_record_is_known_before_it_is_whole() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    let mut cuts = 0;
    for most in [1, 4, 5, 6, 50, 60, 84] {
        let connector = connector.with_memory();
        let mut joined = Joined::new(&acceptor, &connector, most).await;
        receive_ticket(&mut joined, &connector).await;
        for _ in 0..2 {
            joined.server.write_all(&[7; 20]).await.expect("open");
        }
        joined.server.flush().await.expect("open");
        let mut sum = 0;
        while sum < 40 {
            sum += joined.client.read(&mut [0; 100]).await.expect("open") as u64;
            let (socket, records) = (&joined.socket, &joined.records);
            let in_part = records.received_in_part();
            assert_eq!(socket.bytes_read(), sum + records.tls_received() + in_part, "{most}");
            cuts += u64::from(in_part > 0);
        }
        assert_eq!(joined.records.received_in_part(), 0, "{most} at a time");
    }
    assert!(cuts > 0, "no read has ended within a record");
}

/// As HTTP/2 libraries write a frame's header and its data.
#[tokio::test]
async fn pieces_that_are_written_together_leave_in_one_write_and_share_their_records() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    for most in [7, 1 << 20] {
        let mut joined = Joined::new(&acceptor, &connector, most).await;
        assert!(joined.client.is_write_vectored());
        for lens in [&[9, 1_024][..], &[9, 16_384], &[0, 5, 0, 40_000, 3], &[12], &[0, 0]] {
            let said: Vec<Vec<u8>> = lens.iter().map(|&len| vec![len as u8; len]).collect();
            let slices: Vec<_> = said.iter().map(|piece| IoSlice::new(piece)).collect();
            let (said, tls) = (said.concat(), joined.records.tls_sent());
            let taken = joined.client.write_vectored(&slices).await.expect("open");
            assert_eq!(taken, said.len(), "{lens:?} leave in one write");
            joined.client.flush().await.expect("open");
            let mut received = vec![0; taken];
            joined.server.read_exact(&mut received).await.expect("open");
            assert_eq!(received, said, "{lens:?}, {most} at a time");
            let added = joined.records.tls_sent() - tls;
            assert_eq!(added, overhead_of(taken as u64), "{lens:?}, {most} at a time");
        }
        joined.part().await;
    }
}

fn full(identity: &Identity, server_name: Option<u64>) -> Handshake {
    Handshake {
        kind: HandshakeKind::Full { certificate: identity.certificate().der_len() as u64 },
        server_name,
        protocol: HttpVersion::Http11.properties().alpn.len() as u64,
        tickets: settings::TICKETS as u64,
    }
}

/// Waits until the client has a ticket, while nothing is said.
async fn receive_ticket(joined: &mut Joined, connector: &Connector) {
    std::future::poll_fn(|cx| {
        assert!(joined.client.poll_rest(cx).is_pending(), "the stream has ended");
        if connector.has_ticket() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[tokio::test]
async fn a_handshake_takes_what_the_model_says_full_and_resumed() {
    let identity = identity();
    let acceptor = acceptor(&identity);
    for (name, server_name) in [("127.0.0.1", None), ("::1", None), ("localhost", Some(9))] {
        let connector = connector(identity.certificate(), name).with_memory();
        for time in 0..6 {
            let mut joined = Joined::new(&acceptor, &connector, 1 << 20).await;
            assert_eq!(joined.client.is_resumed(), time > 0, "{name}, time {time}");
            assert_eq!(joined.server.is_resumed(), time > 0, "{name}, time {time}");
            assert_eq!(joined.client.cipher_suite(), "TLS13_AES_128_GCM_SHA256");
            assert_eq!(joined.server.protocol(), HttpVersion::Http11);
            receive_ticket(&mut joined, &connector).await;
            let (model, spread) = match time {
                0 => (full(&identity, server_name), SIGNATURE_SPREAD),
                // Without a signature there is nothing left to chance.
                _ => {
                    (Handshake { kind: HandshakeKind::Resumed, ..full(&identity, server_name) }, 0)
                }
            };
            let up = model.client_hello() + model.client_finished();
            assert_eq!(joined.records.tls_sent(), up, "{name}, time {time}");
            let down = model.server_flight() + model.new_tickets();
            let off = joined.records.tls_received().abs_diff(down);
            assert!(off <= spread, "{name}, time {time}: {off} bytes off {down}");
            assert_eq!(joined.socket.bytes_read(), joined.records.tls_received());
            joined.part().await;
        }
    }
}

#[tokio::test]
async fn a_client_without_memory_never_resumes() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    for _ in 0..2 {
        let mut joined = Joined::new(&acceptor, &connector, 1 << 20).await;
        assert!(!joined.client.is_resumed());
        joined.part().await;
        assert!(!connector.has_ticket());
    }
}

#[tokio::test]
async fn another_certificate_and_another_name_are_refused_and_the_server_is_told() {
    let (shown, other) = (identity(), identity());
    let acceptor = acceptor(&shown);
    for (trusted, name) in [
        (other.certificate(), "127.0.0.1"),
        (shown.certificate(), "127.0.0.2"),
        (shown.certificate(), "example.com"),
    ] {
        let (near, far) = pipe(1 << 20);
        let connector = connector(trusted, name);
        let (client, server) = tokio::join!(connector.connect(near, None), acceptor.accept(far));
        let client = client.expect_err("it must not trust");
        assert_eq!(client.kind(), io::ErrorKind::InvalidData, "{name}: {client}");
        let server = server.expect_err("it was refused").to_string();
        assert!(server.contains("alert"), "{name}: {server}");
    }
}

#[tokio::test]
async fn whoever_waits_for_an_answer_need_not_flush() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    let mut joined = Joined::new(&acceptor, &connector, 100).await;
    let said = [7; 5_000];
    joined.client.write_all(&said).await.expect("open");
    let (mut received, mut answer) = ([0; 5_000], [0; 2]);
    let (server, client) = tokio::join!(
        async {
            joined.server.read_exact(&mut received).await.expect("open");
            joined.server.write_all(b"ok").await.expect("open");
            joined.server.flush().await
        },
        joined.client.read_exact(&mut answer)
    );
    server.expect("open");
    client.expect("open");
    assert_eq!((received, &answer), (said, b"ok"));
}

#[tokio::test]
async fn an_end_without_goodbye_is_an_error_unless_we_have_said_ours() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    for has_said_goodbye in [false, true] {
        let Joined { mut client, server, .. } = Joined::new(&acceptor, &connector, 1 << 20).await;
        if has_said_goodbye {
            client.shutdown().await.expect("open");
        }
        drop(server);
        match client.read(&mut [0]).await {
            Ok(len) => assert!(has_said_goodbye && len == 0),
            Err(error) => {
                assert!(!has_said_goodbye);
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            }
        }
    }
}

#[tokio::test]
async fn a_record_that_was_changed_on_the_way_ends_the_stream_with_an_alert() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    let (near, far) = pipe(1 << 20);
    let (meddler, listening) = pipe(1 << 20);
    // The client's bytes go through hands that change one of them, once it has shaken hands.
    let meddling = async move {
        let (Cut { pipe: mut near, .. }, Cut { pipe: mut far, .. }) = (far, meddler);
        let mut bytes = vec![0; 1 << 16];
        let mut from_client = 0;
        loop {
            let mut there = vec![0; 1 << 16];
            tokio::select! {
                read = near.read(&mut bytes) => {
                    let len = read.expect("open");
                    from_client += 1;
                    // Hello, the end of the handshake, and then what the client says.
                    if from_client == 3 {
                        bytes[len - 1] ^= 1;
                    }
                    far.write_all(&bytes[..len]).await.expect("open");
                }
                read = far.read(&mut there) => match read.expect("open") {
                    0 => return,
                    len => near.write_all(&there[..len]).await.expect("open"),
                },
            }
        }
    };
    let sides = async {
        let (client, server) =
            tokio::join!(connector.connect(near, None), acceptor.accept(listening));
        let (mut client, mut server) = (client.expect("it trusts"), server.expect("spoken to"));
        client.write_all(b"hello").await.expect("open");
        let refused = server.read(&mut [0; 9]).await.expect_err("it was changed");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{refused}");
        assert!(server.write_all(b"x").await.is_err(), "there is nobody to say it to");
        server.shutdown().await.expect("an end in TCP");
        assert_eq!(server.read(&mut [0]).await.expect("the end"), 0);
        let told = client.read(&mut [0]).await.expect_err("an alert").to_string();
        // RFC 8446, section 6.2.
        assert!(told.contains("BadRecordMac"), "{told}");
    };
    tokio::join!(meddling, sides);
}

#[tokio::test]
async fn what_is_no_tls_is_answered_with_an_alert_and_refused() {
    let acceptor = acceptor(&identity());
    for garbage in [&b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..], &[22, 3, 1, 0xff, 0xff, 0], &[0; 9]]
    {
        let (mut near, far) = pipe(1 << 20);
        near.write_all(garbage).await.expect("open");
        let error = acceptor.accept(far).await.expect_err("no handshake");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{garbage:?}");
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.expect("an alert");
        // RFC 8446, section 6: content type 21, level 2.
        assert_eq!((answer.len(), answer[0], answer[5]), (7, 21, 2), "{answer:?}");
    }
}

/// What a client says first.
async fn hello(connector: &Connector) -> Vec<u8> {
    let (near, mut far) = pipe(1 << 20);
    let mut bytes = vec![0; 1_000];
    tokio::select! {
        _ = connector.connect(near, None) => unreachable!("nobody answers"),
        read = far.read(&mut bytes) => bytes.truncate(read.expect("open")),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_server_panic(
        keep in 0_usize..220,
        flip in 0_usize..220,
        by in 1_u8..,
        more in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let identity = identity();
        let connector = connector(identity.certificate(), "::1");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut bytes = hello(&connector).await;
            let at = flip % bytes.len();
            bytes[at] ^= by;
            bytes.truncate(keep);
            bytes.extend(more);
            let (mut near, far) = pipe(1 << 20);
            near.write_all(&bytes).await.expect("open");
            near.shutdown().await.expect("open");
            assert!(acceptor(&identity).accept(far).await.is_err(), "no client says no more");
        });
    }
}

#[test]
fn a_stream_at_rest_keeps_no_bytes_and_is_small() {
    assert!(
        size_of::<TlsStream<DuplexStream>>() < 2_048,
        "{}",
        size_of::<TlsStream<DuplexStream>>()
    );
}
