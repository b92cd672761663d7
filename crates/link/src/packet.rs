//! What the headers of a packet say. Pure.

/// The protocol number of TCP (RFC 9293, section 3.1; IANA "Protocol Numbers").
const TCP: u8 = 6;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
/// The shortest header of IPv4 and of TCP alike.
const SHORTEST_HEADER: usize = 20;
/// The timestamps option with its padding (RFC 7323, appendix A).
const TIMESTAMPS: u64 = 12;

/// A TCP segment in an IPv4 packet, as its headers tell (RFC 791, section 3.1; RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet {
    /// The sender's port.
    pub source: u16,
    /// The receiver's port.
    pub destination: u16,
    /// Bytes of data.
    pub data: u64,
    /// Bytes of TCP options beyond the timestamps: SACK and DSACK blocks (RFC 2018, RFC 2883), or a SYN's
    /// own.
    pub extra_options: u64,
    /// Whether it is the sender's last byte.
    pub is_fin: bool,
    /// Whether it opens a connection.
    pub is_syn: bool,
    /// Whether it breaks a connection off.
    pub is_reset: bool,
}

impl Packet {
    /// The segment in these bytes; `None` if there is no whole header of TCP over IPv4 in them.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let version_and_length = *bytes.first()?;
        if version_and_length >> 4 != 4 || *bytes.get(9)? != TCP {
            return None;
        }
        let header = usize::from(version_and_length & 0x0f) * 4;
        if header < SHORTEST_HEADER {
            return None;
        }
        let total = usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
        let segment = bytes.get(header..total.min(bytes.len()))?;
        let port = |at: usize| Some(u16::from_be_bytes([*segment.get(at)?, *segment.get(at + 1)?]));
        let tcp_header = usize::from(*segment.get(12)? >> 4) * 4;
        let flags = *segment.get(13)?;
        let data = segment.len().checked_sub(tcp_header.max(SHORTEST_HEADER))?;
        let options = tcp_header.saturating_sub(SHORTEST_HEADER) as u64;
        Some(Self {
            source: port(0)?,
            destination: port(2)?,
            data: data as u64,
            extra_options: options.saturating_sub(TIMESTAMPS),
            is_fin: flags & FIN != 0,
            is_syn: flags & SYN != 0,
            is_reset: flags & RST != 0,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A segment with these options and so much data.
    pub(crate) fn segment(ports: (u16, u16), flags: u8, options: usize, data: usize) -> Vec<u8> {
        let total = 40 + options + data;
        let mut bytes = vec![0; total];
        bytes[0] = 0x45;
        bytes[2..4].copy_from_slice(&(total as u16).to_be_bytes());
        bytes[9] = TCP;
        bytes[20..22].copy_from_slice(&ports.0.to_be_bytes());
        bytes[22..24].copy_from_slice(&ports.1.to_be_bytes());
        bytes[32] = (((20 + options) / 4) << 4) as u8;
        bytes[33] = flags;
        bytes
    }

    #[test]
    fn options_beyond_the_timestamps_are_told() {
        for (flags, options, expected) in
            [(0x10, 12, 0), (0x10, 24, 12), (0x10, 32, 20), (0x10, 0, 0), (0x02, 20, 8)]
        {
            let packet = Packet::of(&segment((40_000, 80), flags, options, 7)).expect("TCP");
            assert_eq!((packet.extra_options, packet.data), (expected, 7), "{options}");
        }
    }

    #[test]
    fn flags_and_ports_are_told() {
        let packet = Packet::of(&segment((40_000, 80), FIN | 0x10, 12, 0)).expect("TCP");
        assert_eq!((packet.source, packet.destination), (40_000, 80));
        assert_eq!((packet.is_fin, packet.is_syn, packet.is_reset), (true, false, false));
    }

    #[test]
    fn what_is_no_tcp_over_ipv4_is_none() {
        let mut udp = segment((1, 2), 0x10, 12, 0);
        udp[9] = 17;
        let mut ipv6 = segment((1, 2), 0x10, 12, 0);
        ipv6[0] = 0x60;
        let whole = segment((1, 2), 0x10, 12, 0);
        for bytes in [&udp[..], &ipv6, &whole[..30], &[]] {
            assert_eq!(Packet::of(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Packet::of(&bytes);
        }
    }
}
