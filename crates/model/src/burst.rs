//! Writes that follow each other without a pause, in one direction: the records and segments they
//! leave in, and how often the receiver's kernel acknowledges them.
//!
//! TCP asks for an acknowledgement of every second full segment at least (RFC 9293, section
//! 3.8.6.3). How many that makes is the kernel's timing in general, but loopback and a segmenting
//! network card hand over what one write leaves in as one [piece](PIECE), and then Linux (read in
//! `net/ipv4/tcp_input.c` and `tcp.c`, and measured) comes down to two rules, by the [`Pause`]
//! before.

use pushbench_protocol::ByteKind;
use pushbench_wire::Kinds;
use pushbench_wire::segments::segments_for;

use crate::link::Link;

/// Most bytes that the kernel hands over at once: as many whole segments as 64 KiB hold beside the
/// longest headers (`MAX_TCP_HEADER`, 320 bytes, and one).
const PIECE: u64 = 65_536 - 321;
/// Linux's shortest retransmission timeout, in seconds (`TCP_RTO_MIN`).
const SHORTEST_TIMEOUT: f64 = 0.2;

/// What came before on the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pause {
    /// Nothing for longer than the retransmission timeout. The receiver takes the sender for one
    /// that begins anew, and acknowledges each piece at once (quick acknowledgements).
    Long,
    /// Less. What has come is acknowledged when it is read; but a piece of more than one segment
    /// wakes the reader, who then finds those behind it together.
    Short,
}

impl Pause {
    /// The share of messages that a long pause comes before, with so many a second.
    pub fn share_of_long(per_second: f64, is_poisson: bool) -> f64 {
        match is_poisson {
            true => (-per_second * SHORTEST_TIMEOUT).exp(),
            false => f64::from(u8::from(per_second * SHORTEST_TIMEOUT < 1.0)),
        }
    }
}

/// Writes that follow each other without a pause, and what is below the stream.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Burst {
    tls: u64,
    tcp_ip: u64,
    pieces: u64,
    /// Of those, the ones of more than one segment.
    long_pieces: u64,
    /// Whether there are more behind one of those.
    is_read_twice: bool,
}

impl Burst {
    /// One write of so many bytes.
    pub(super) fn of_write(bytes: u64, link: Link) -> Self {
        let mut burst = Self::default();
        burst.write(bytes, link);
        burst
    }

    /// Writes so much more.
    pub(super) fn write(&mut self, bytes: u64, link: Link) {
        if bytes == 0 {
            return;
        }
        let tls = link.records(bytes);
        let data = link.headers.data_per_segment(link.mss);
        self.tls += tls;
        let mut left = bytes + tls;
        self.tcp_ip += segments_for(left, data) * link.headers.len();
        let piece = PIECE / data * data;
        while left > 0 {
            let len = left.min(piece);
            self.is_read_twice |= self.long_pieces > 0;
            self.long_pieces += u64::from(len > data);
            self.pieces += 1;
            left -= len;
        }
    }

    /// Books records and headers of segments.
    pub(super) fn book(self, kinds: &mut Kinds) {
        kinds[ByteKind::Tls] += self.tls;
        kinds[ByteKind::TcpIp] += self.tcp_ip;
    }

    /// Acknowledgements of its own that the receiver sends, nothing else being said.
    pub(super) fn acknowledgements(self, pause: Pause) -> u64 {
        match pause {
            _ if self.pieces == 0 => 0,
            Pause::Long => self.pieces,
            Pause::Short => 1 + u64::from(self.is_read_twice),
        }
    }

    /// Acknowledgements that the receiver sends before what it has to say itself: for each piece of
    /// more than one segment. The rest is acknowledged by that.
    pub(super) const fn acknowledged_before(self) -> u64 {
        self.long_pieces
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::link::TlsLink;
    use pushbench_wire::segments::SegmentHeaders;

    pub(crate) const LINK: Link =
        Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460, tls: None };
    pub(crate) const TLS: Link = Link { tls: Some(TlsLink { handshake: None }), ..LINK };

    /// Segments, bytes of TLS, acknowledgements after a long and a short pause, and before a reply.
    pub(crate) fn counts(burst: Burst) -> [u64; 5] {
        let [long, short] = [Pause::Long, Pause::Short].map(|pause| burst.acknowledgements(pause));
        [burst.tcp_ip / 52, burst.tls, long, short, burst.acknowledged_before()]
    }

    /// Seen with tcpdump on loopback: 65,160 bytes, then the rest.
    #[test]
    fn a_write_is_handed_over_in_pieces_of_45_segments() {
        for (bytes, expected) in [
            (0, [0; 5]),
            (1, [1, 0, 1, 1, 0]),
            (1_449, [2, 0, 1, 1, 1]),
            (65_160, [45, 0, 1, 1, 1]),
            (65_161, [46, 0, 2, 2, 1]),
            (200_000, [139, 0, 4, 2, 4]),
        ] {
            assert_eq!(counts(Burst::of_write(bytes, LINK)), expected, "{bytes}");
        }
        assert_eq!(counts(Burst::of_write(16_385, TLS)), [12, 44, 1, 1, 1]);
    }

    #[test]
    fn pauses_are_long_where_messages_are_further_apart_than_the_timeout() {
        assert_eq!([1.0, 4.9, 5.1].map(|rate| Pause::share_of_long(rate, false)), [1.0, 1.0, 0.0]);
        assert_eq!(Pause::share_of_long(0.0, true), 1.0);
        assert!((Pause::share_of_long(5.0, true) - (-1.0_f64).exp()).abs() < 1e-12);
    }
}
