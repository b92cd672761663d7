//! TCP/IP headers: their length, and how many segments carry so many bytes.

/// IPv4 header without options (RFC 791).
pub const IPV4_HEADER: u64 = 20;
/// IPv6 header without extensions (RFC 8200).
pub const IPV6_HEADER: u64 = 40;
/// TCP header without options (RFC 9293).
pub const TCP_HEADER: u64 = 20;
/// The timestamps option, padded (RFC 7323).
pub const TIMESTAMPS_OPTION: u64 = 12;
/// What a SYN carries beyond another segment: MSS 4, SACK permitted 2, timestamps 10, window scale 3
/// and a no-operation make 20 bytes of options instead of 12 (or instead of 0 without timestamps,
/// where MSS, SACK and window scale fill 12).
pub const SYN_EXTRA: u64 = 8;

/// What stands in front of every segment's data on one connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SegmentHeaders {
    /// Whether the connection runs over IPv6.
    pub ipv6: bool,
    /// Whether timestamps were negotiated.
    pub timestamps: bool,
}

impl SegmentHeaders {
    /// Bytes of IP and TCP header on each segment after the handshake.
    ///
    /// ```
    /// use pushbench_wire::segments::SegmentHeaders;
    ///
    /// // RFC 791 and RFC 9293: 20 bytes each; 12 of timestamps (RFC 7323).
    /// assert_eq!(SegmentHeaders { ipv6: false, timestamps: true }.len(), 52);
    /// ```
    pub const fn len(self) -> u64 {
        let ip = if self.ipv6 { IPV6_HEADER } else { IPV4_HEADER };
        ip + TCP_HEADER + if self.timestamps { TIMESTAMPS_OPTION } else { 0 }
    }

    /// Always false.
    pub const fn is_empty(self) -> bool {
        false
    }

    /// Bytes of a SYN or SYN-ACK: header and all options.
    pub const fn syn_len(self) -> u64 {
        self.len() + if self.timestamps { SYN_EXTRA } else { 12 }
    }

    /// Most data bytes in one segment: `TCP_MAXSEG` counts the timestamps in.
    pub const fn data_per_segment(self, mss: u16) -> u64 {
        mss as u64 - if self.timestamps { TIMESTAMPS_OPTION } else { 0 }
    }
}

/// Segments that one write of `bytes` leaves in.
///
/// ```
/// // A maximum segment size of 1460, less 12 bytes of timestamps (RFC 7323).
/// assert_eq!(pushbench_wire::segments::segments_for(1_448, 1_448), 1);
/// assert_eq!(pushbench_wire::segments::segments_for(1_449, 1_448), 2);
/// ```
pub const fn segments_for(bytes: u64, data_per_segment: u64) -> u64 {
    bytes.div_ceil(data_per_segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_52_bytes_on_ipv4_with_timestamps() {
        let usual = SegmentHeaders { ipv6: false, timestamps: true };
        assert_eq!(usual.len(), 52);
        assert_eq!(usual.syn_len(), 60);
        assert_eq!(usual.data_per_segment(1460), 1448);
        assert_eq!(SegmentHeaders { ipv6: true, timestamps: false }.len(), 60);
    }

    #[test]
    fn a_byte_over_a_segment_takes_another() {
        assert_eq!([0, 1, 1448, 1449, 2896].map(|n| segments_for(n, 1448)), [0, 1, 1, 2, 2]);
    }
}
