//! Ends of the measure phase of one connection, over sockets of the host's.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;

use super::*;
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
        let sockets = Sockets::new(false, MSS);
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
