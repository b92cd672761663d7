//! Both sides over a pipe that cuts wherever it likes.

mod joined;
mod unwell;

use std::io::IoSlice;
use std::task::Poll;

use pushbench_model::{Handshake, HandshakeKind};
use pushbench_protocol::HttpVersion;
use pushbench_tls::{Connector, Identity, TlsStream, settings};
use pushbench_wire::record::{CLOSE_NOTIFY_LEN, overhead_of};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

use crate::joined::{Joined, acceptor, connector, identity};

/// How far a signature's length may be from what it is on average: only one in 256 of its two
/// numbers is shorter than 32 bytes.
const SIGNATURE_SPREAD: u64 = 4;

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

#[test]
fn a_stream_at_rest_keeps_no_bytes_and_is_small() {
    assert!(
        size_of::<TlsStream<DuplexStream>>() < 2_048,
        "{}",
        size_of::<TlsStream<DuplexStream>>()
    );
}
