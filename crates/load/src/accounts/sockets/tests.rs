//! Ends of the measure phase of one connection, over sockets of the host's.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use pushbench_protocol::HttpVersion;
use pushbench_tls::{Acceptor, Connector, Identity};
use pushbench_wire::CountingStream;
use pushbench_wire::record::overhead_of;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::witness::counted::Tally;
use crate::witness::list::{Counter, PAIRS, Pair};

const MSS: u16 = 1_448;

/// A client's end of a connection, whose books are kept, and the server's.
struct Line {
    client: TcpStream,
    server: TcpStream,
    witness: Rc<Witness>,
    sockets: Sockets,
}

impl Line {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("listening");
        let (server, _) = listener.accept().expect("connected");
        let witness = Rc::new(Witness::of(Some(client.as_raw_fd())));
        let sockets = Sockets::new(false, MSS, false);
        sockets.enter(&witness);
        Self { client, server, witness, sockets }
    }

    /// The server says something, and it has come.
    fn comes(&mut self, len: usize) {
        self.server.write_all(&vec![7; len]).expect("written");
        // Loopback hands one small write on as one segment.
        assert_eq!(self.client.peek(&mut vec![0; len]).expect("nothing waits before it"), len);
    }

    /// The client reads what has come.
    fn reads(&mut self, len: usize) {
        self.client.read_exact(&mut vec![0; len]).expect("it has come");
        self.counts(len as i64);
    }

    /// The client's socket counts so many bytes more, or fewer.
    fn counts(&self, bytes: i64) {
        let read = &self.witness.counters.read;
        let sum = read.load(Ordering::Relaxed).checked_add_signed(bytes).expect("a small number");
        read.store(sum, Ordering::Relaxed);
    }

    /// What sockets and kernel have received until the end of the measure phase, and since.
    fn compared(&self) -> [(u64, u64); 2] {
        let pair = kernel_pair();
        let (sums, measured) = self.sockets.sums();
        let down = |counted: Counted| counted.pair(pair, Direction::Down).expect("both were asked");
        [down(measured), down(sums.since(&measured))]
    }
}

fn kernel_pair() -> &'static Pair {
    let is_it = |pair: &&Pair| pair.right == [WitnessName::Kernel];
    PAIRS.iter().find(is_it).expect("the kernel is held against the sockets")
}

/// 24 bytes come in the measure phase, and 8 and 8 after it, the last of them between the read that ends
/// the phase and the end of its books. The client's socket counts the first read wrong by so much.
fn ended(wrong: i64) -> Line {
    let mut line = Line::open();
    line.comes(24);
    line.reads(24);
    line.counts(wrong);
    line.comes(8);
    line.reads(8);
    line.comes(8);
    line.sockets.close_measure_before(&line.witness, 8);
    line.reads(8);
    line
}

#[test]
fn what_has_come_and_is_not_yet_read_is_not_of_the_phase_that_has_ended() {
    let line = ended(0);
    assert_eq!(line.compared(), [(24, 24), (16, 16)]);
    assert_eq!(line.sockets.in_flight(), None);
    let (_, measured) = line.sockets.sums();
    let kernel = measured.tally(WitnessName::Kernel).expect("it was asked");
    assert_eq!(kernel[Counter::SegmentsDown], 2, "of the handshake, and of 24 bytes");
}

#[test]
fn a_byte_that_the_socket_counts_too_many_or_too_few_shows_at_the_end_of_the_phase() {
    assert_eq!(ended(1).compared(), [(25, 24), (16, 16)]);
    assert_eq!(ended(-1).compared(), [(23, 24), (16, 16)]);
}

#[test]
fn what_comes_unasked_while_nothing_is_under_way_is_not_of_the_phase_that_ends() {
    let mut line = Line::open();
    line.comes(24);
    line.reads(24);
    line.comes(8);
    line.sockets.close_measure(&line.witness);
    line.reads(8);
    assert_eq!(line.compared(), [(24, 24), (8, 8)]);
}

#[tokio::test]
async fn a_record_that_has_come_in_part_is_not_of_the_phase_that_has_ended() {
    const LEN: u64 = 20;
    let identity =
        Identity::of_this_host(Duration::from_secs(1_795_305_600)).expect("a certificate");
    let acceptor =
        Acceptor::new(&identity, HttpVersion::ALL).expect("the key is the certificate's");
    let connector = Connector::new(identity.certificate(), "localhost", HttpVersion::Http11);
    let connector = connector.expect("a client");
    let witness = Rc::new(Witness::of(None));
    let sockets = Sockets::new(false, MSS, false);
    sockets.enter(&witness);
    // The pipe takes one record and the beginning of the next.
    let room = LEN + overhead_of(LEN) + 8;
    let (near, far) = tokio::io::duplex(room as usize);
    let near = CountingStream::new(near, Arc::clone(&witness.counters));
    let mut connects = pin!(connector.connect(near, Some(Arc::clone(&witness.records))));
    let mut accepts = pin!(acceptor.accept(far));
    let mut connected = None;
    // The server's tickets do not fit the pipe: the client must take them before its server is there.
    let accepted = poll_fn(|cx| {
        if connected.is_none()
            && let Poll::Ready(client) = connects.as_mut().poll(cx)
        {
            connected = Some(client.expect("it trusts"));
        }
        if let Some(client) = &mut connected {
            assert!(client.poll_rest(cx).is_pending(), "only TLS itself has sent something");
        }
        accepts.as_mut().poll(cx)
    });
    let mut server = accepted.await.expect("it is spoken to");
    let mut client = connected.expect("both have shaken hands");
    tokio::select! {
        flushed = server.flush() => flushed.expect("open"),
        () = poll_fn(|cx| client.poll_rest(cx)) => panic!("only TLS itself has sent something"),
    }
    poll_fn(|cx| {
        assert!(client.poll_rest(cx).is_pending(), "nothing was sent");
        Poll::Ready(())
    })
    .await;
    let sends = async {
        for _ in 0..2 {
            server.write_all(&[7; LEN as usize]).await.expect("open");
            server.flush().await.expect("open");
        }
    };
    let receives = async {
        let mut said = [0; 2 * LEN as usize];
        let first = client.read(&mut said).await.expect("open") as u64;
        let in_part = witness.records.received_in_part();
        assert_eq!((first, in_part), (LEN, 8), "one is whole");
        sockets.close_measure_before(&witness, first);
        client.read_exact(&mut said[LEN as usize..]).await.expect("open");
    };
    tokio::join!(biased; sends, receives);
    let (sums, measured) = sockets.sums();
    for (counted, booked) in [(measured, 0), (sums.since(&measured), 2 * LEN)] {
        let counted = counted.with(WitnessName::Codec, Tally::of_bytes(0, booked));
        let (left, right) = counted.pair(&PAIRS[0], Direction::Down).expect("both were asked");
        assert_eq!(left, right, "of {booked} bytes");
    }
}
