//! The least of a packet capture's format that the tests need.
//!
//! Source: "PCAP Capture File Format" (draft-ietf-opsawg-pcap); LINKTYPE_ETHERNET and
//! LINKTYPE_LINUX_SLL2 of the tcpdump project; RFC 791 and RFC 9293 for what is inside.

use std::net::{Ipv4Addr, SocketAddrV4};

const MAGIC: u32 = 0xa1b2_c3d4;
const ETHERNET: u32 = 1;
const LINUX_SLL2: u32 = 276;
const IPV4: u16 = 0x0800;
const TCP: u8 = 6;

/// One TCP segment in an IPv4 packet.
#[derive(Debug)]
pub(crate) struct Packet {
    /// Microseconds since 1970 at which it was captured.
    pub(crate) at: i64,
    pub(crate) from: SocketAddrV4,
    pub(crate) to: SocketAddrV4,
    pub(crate) is_syn: bool,
    /// Place of its first byte in the stream, as sent: it wraps.
    pub(crate) sequence: u32,
    /// Length of the IP packet.
    pub(crate) ip_len: u64,
    /// IP and TCP headers.
    pub(crate) header_len: u64,
    /// The data, as far as it was kept.
    pub(crate) data: Vec<u8>,
}

impl Packet {
    /// Bytes of data that it carried, kept or not.
    pub(crate) fn data_len(&self) -> u64 {
        self.ip_len - self.header_len
    }
}

/// Every TCP packet of a capture, in its order.
///
/// # Panics
///
/// If the file is none, or something in it is neither TCP nor IPv4.
pub(crate) fn packets(file: &[u8]) -> Vec<Packet> {
    let host_order = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("4 bytes"));
    assert_eq!(host_order(0), MAGIC, "a capture of this host, with microseconds");
    let link_header_len = match host_order(20) {
        ETHERNET => 14,
        LINUX_SLL2 => 20,
        other => panic!("link type {other}"),
    };
    let mut packets = Vec::new();
    let mut at = 24;
    // What is being written may end in the middle of a packet.
    while at + 16 <= file.len() {
        let kept = host_order(at + 8) as usize;
        let Some(frame) = file.get(at + 16..at + 16 + kept) else { break };
        let time = i64::from(host_order(at)) * 1_000_000 + i64::from(host_order(at + 4));
        at += 16 + kept;
        let protocol = match link_header_len {
            14 => short(frame, 12),
            _ => short(frame, 0),
        };
        assert_eq!(protocol, IPV4, "a packet of another protocol");
        packets.push(packet(time, &frame[link_header_len..]));
    }
    packets
}

fn packet(at: i64, ip: &[u8]) -> Packet {
    let ip_header_len = usize::from(ip[0] & 0xf) * 4;
    assert_eq!(ip[9], TCP, "a packet of another protocol");
    let tcp = &ip[ip_header_len..];
    let tcp_header_len = usize::from(tcp[12] >> 4) * 4;
    let address = |at: usize| Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]);
    Packet {
        at,
        from: SocketAddrV4::new(address(12), short(tcp, 0)),
        to: SocketAddrV4::new(address(16), short(tcp, 2)),
        is_syn: tcp[13] & 0x02 != 0,
        sequence: u32::from_be_bytes(tcp[4..8].try_into().expect("4 bytes")),
        ip_len: u64::from(short(ip, 2)),
        header_len: (ip_header_len + tcp_header_len) as u64,
        data: tcp[tcp_header_len..].to_vec(),
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}
