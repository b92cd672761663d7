//! TCP/IP headers: how long each is on a connection, field by field, and how many were counted.

use pushbench_wire::segments::{IPV4_HEADER, IPV6_HEADER, TCP_HEADER, TIMESTAMPS_OPTION};
use serde::Serialize;

use crate::transcript::Connection;

/// One field of the headers in front of a segment.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct HeaderField {
    /// Which header it belongs to.
    pub header: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its length in bytes.
    pub len: u64,
    /// What stands in it on this connection, or what it is for.
    pub note: String,
}

/// The headers in front of every segment of a connection.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Headers {
    /// Their length after the handshake.
    pub len: u64,
    /// Length of a SYN, which carries more options.
    pub syn_len: u64,
    /// Where the length comes from.
    pub sum: String,
    /// Their fields, in the order they are sent.
    pub fields: Vec<HeaderField>,
}

/// Segments of an exchange, as the kernel of the client counted them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Segments {
    /// Sent by the client.
    pub up: u64,
    /// Received by it.
    pub down: u64,
    /// Bytes of their IP and TCP headers, upwards; bytes that were sent again included.
    pub header_bytes_up: u64,
    /// The same downwards.
    pub header_bytes_down: u64,
}

impl Segments {
    /// Bytes of headers in both directions.
    pub fn header_bytes(self) -> u64 {
        self.header_bytes_up + self.header_bytes_down
    }
}

impl Headers {
    /// Of a connection.
    pub fn of(connection: &Connection) -> Self {
        let headers = connection.headers;
        let mut fields = if headers.ipv6 { ipv6(connection) } else { ipv4(connection) };
        fields.extend(tcp(connection));
        let (ip, ip_len) = if headers.ipv6 { ("IPv6", IPV6_HEADER) } else { ("IPv4", IPV4_HEADER) };
        let mut sum = format!("{ip} {ip_len} + TCP {TCP_HEADER}");
        if headers.timestamps {
            fields.extend(timestamps());
            sum.push_str(&format!(" + timestamps {TIMESTAMPS_OPTION}"));
        }
        Self { len: headers.len(), syn_len: headers.syn_len(), sum, fields }
    }
}

fn field(
    header: &'static str,
    name: &'static str,
    len: u64,
    note: impl Into<String>,
) -> HeaderField {
    HeaderField { header, name, len, note: note.into() }
}

/// Source: RFC 791, section 3.1.
fn ipv4(connection: &Connection) -> Vec<HeaderField> {
    const H: &str = "IPv4";
    vec![
        field(H, "version, header length", 1, "0x45: version 4, 5 words of 4 bytes"),
        field(H, "service, congestion", 1, "how urgent; ECN"),
        field(H, "total length", 2, "of headers and data"),
        field(H, "identification", 2, "which fragments belong together"),
        field(H, "flags, fragment offset", 2, "do not fragment: TCP finds the size that fits"),
        field(H, "time to live", 1, "how many routers it may pass"),
        field(H, "protocol", 1, "6: TCP"),
        field(H, "header checksum", 2, "of these 20 bytes"),
        field(H, "source address", 4, format!("upwards {}", connection.client.ip())),
        field(H, "destination address", 4, format!("upwards {}", connection.server.ip())),
    ]
}

/// Source: RFC 8200, section 3.
fn ipv6(connection: &Connection) -> Vec<HeaderField> {
    const H: &str = "IPv6";
    vec![
        field(H, "version, class, flow", 4, "6, how urgent, which flow"),
        field(H, "payload length", 2, "of what follows this header"),
        field(H, "next header", 1, "6: TCP"),
        field(H, "hop limit", 1, "how many routers it may pass"),
        field(H, "source address", 16, format!("upwards {}", connection.client.ip())),
        field(H, "destination address", 16, format!("upwards {}", connection.server.ip())),
    ]
}

/// Source: RFC 9293, section 3.1.
fn tcp(connection: &Connection) -> Vec<HeaderField> {
    const H: &str = "TCP";
    let words =
        (TCP_HEADER + if connection.headers.timestamps { TIMESTAMPS_OPTION } else { 0 }) / 4;
    vec![
        field(H, "source port", 2, format!("upwards {}", connection.client.port())),
        field(H, "destination port", 2, format!("upwards {}", connection.server.port())),
        field(H, "sequence number", 4, "position of the first byte of data in the stream"),
        field(H, "acknowledgement", 4, "the next byte that is expected from the peer"),
        field(H, "offset, flags", 2, format!("{words} words of 4 bytes; ACK, PSH, SYN, FIN")),
        field(H, "window", 2, "how many more bytes the sender of this segment can receive"),
        field(H, "checksum", 2, "of header and data"),
        field(H, "urgent pointer", 2, "no longer used"),
    ]
}

/// Source: RFC 7323, section 3.2 and appendix A.
fn timestamps() -> [HeaderField; 3] {
    const H: &str = "timestamps";
    [
        field(
            H,
            "two no-operations, kind, length",
            4,
            "01 01 08 0a: two no-operations for alignment",
        ),
        field(H, "own clock", 4, "when this segment was sent"),
        field(H, "echoed clock", 4, "the peer's clock in the segment that this one acknowledges"),
    ]
}

#[cfg(test)]
mod tests {
    use pushbench_wire::segments::SegmentHeaders;

    use super::*;
    use crate::transcript::Counted;

    #[test]
    fn the_fields_of_each_kind_of_header_add_up_to_its_length() {
        for ipv6 in [false, true] {
            for timestamps in [false, true] {
                let headers = SegmentHeaders { ipv6, timestamps };
                let connection = Connection {
                    client: "127.0.0.1:1".parse().expect("an address"),
                    server: "127.0.0.1:2".parse().expect("an address"),
                    headers,
                    mss: 1460,
                    socket: Counted::default(),
                    kernel: Counted::default(),
                    server_books: None,
                };
                let told = Headers::of(&connection);
                assert_eq!(told.fields.iter().map(|field| field.len).sum::<u64>(), headers.len());
                assert_eq!(told.len, headers.len());
            }
        }
    }
}
