//! What a browser's connection costs below HTTP: TLS, and TCP/IP as the kernel counts it.

use std::os::fd::RawFd;
use std::sync::Arc;

use pushbench_protocol::{ByteKind, Direction};
use pushbench_wire::SocketCounters;
use pushbench_wire::segments::SegmentHeaders;
use pushbench_wire::tcp_info::{TcpInfo, tcp_info};

use crate::books::Book;

/// Books what has come since it last did. The socket must outlive it.
#[derive(Debug)]
pub(crate) struct Meter {
    descriptor: RawFd,
    ipv6: bool,
    /// Below TLS; `None` where there is no TLS.
    socket: Option<Arc<SocketCounters>>,
    /// Above TLS: what the relay has read and written.
    stream: Below,
    booked_tls: Below,
    booked_tcp_ip: Below,
}

/// Bytes by direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Below {
    up: u64,
    down: u64,
}

impl Meter {
    /// A meter of the socket with this descriptor.
    pub(crate) fn new(descriptor: RawFd, ipv6: bool, socket: Option<Arc<SocketCounters>>) -> Self {
        Self {
            descriptor,
            ipv6,
            socket,
            stream: Below::default(),
            booked_tls: Below::default(),
            booked_tcp_ip: Below::default(),
        }
    }

    /// Notes bytes that the relay has read from the browser or written to it.
    pub(crate) fn pass(&mut self, direction: Direction, bytes: usize) {
        *self.stream.of(direction) += bytes as u64;
    }

    /// Books what lies below the stream and is not booked yet. On a connection that several
    /// transports use in turn, it is booked to the one that is served.
    pub(crate) fn settle(&mut self, book: &mut Book) {
        if let Some(socket) = &self.socket {
            // What was read and is not decrypted yet is not TLS's own: it waits for a later call.
            let tls = Below {
                up: socket.bytes_read().saturating_sub(self.stream.up),
                down: socket.bytes_written().saturating_sub(self.stream.down),
            };
            self.booked_tls.rise_to(tls, ByteKind::Tls, book);
        }
        if let Ok(info) = tcp_info(self.descriptor) {
            let tcp_ip = tcp_ip(&info, self.ipv6);
            self.booked_tcp_ip.rise_to(tcp_ip, ByteKind::TcpIp, book);
        }
    }
}

impl Below {
    fn of(&mut self, direction: Direction) -> &mut u64 {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    /// Books what `now` has beyond what was booked. It never falls, so a byte is booked once.
    fn rise_to(&mut self, mut now: Self, kind: ByteKind, book: &mut Book) {
        for &direction in Direction::ALL {
            let booked = self.of(direction);
            let more = now.of(direction).saturating_sub(*booked);
            *booked += more;
            book.book(direction, kind, more);
        }
    }
}

/// Headers of every segment so far, those of the handshake with their longer options, and what was
/// sent again.
fn tcp_ip(info: &TcpInfo, ipv6: bool) -> Below {
    let headers = SegmentHeaders { ipv6, timestamps: info.timestamps };
    let all = |segments: u64| match segments {
        0 => 0,
        _ => headers.syn_len() + (segments - 1) * headers.len(),
    };
    Below { up: all(info.segments_in), down: all(info.segments_out) + info.bytes_retransmitted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cost_their_headers_and_the_first_of_each_side_its_options() {
        let info = TcpInfo {
            segments_in: 3,
            segments_out: 2,
            bytes_retransmitted: 7,
            timestamps: true,
            ..TcpInfo::default()
        };
        assert_eq!(tcp_ip(&info, false), Below { up: 60 + 2 * 52, down: 60 + 52 + 7 });
        assert_eq!(tcp_ip(&TcpInfo::default(), false), Below::default());
    }

    #[test]
    fn a_byte_below_the_stream_is_booked_once() {
        let socket = Arc::new(SocketCounters::default());
        let mut meter = Meter::new(-1, false, Some(Arc::clone(&socket)));
        let mut book = Book::default();
        let count = |read, written| {
            socket.read.store(read, std::sync::atomic::Ordering::Relaxed);
            socket.written.store(written, std::sync::atomic::Ordering::Relaxed);
        };
        // Read and not decrypted yet: 300 of it will turn out to be the stream's.
        count(322, 0);
        meter.pass(Direction::Up, 300);
        meter.settle(&mut book);
        count(322, 122);
        meter.pass(Direction::Down, 100);
        meter.settle(&mut book);
        meter.settle(&mut book);
        assert_eq!((book.up[ByteKind::Tls], book.down[ByteKind::Tls]), (22, 22));
    }
}
