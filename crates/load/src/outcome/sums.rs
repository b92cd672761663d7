//! The sockets' and the kernel's books, added up over connections.

use std::ops::AddAssign;
use std::time::Duration;

use pushbench_wire::tcp_info::TcpInfo;

/// Sums over connections since each was opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SocketSums {
    /// Bytes that the counting streams saw read.
    pub socket_read: u64,
    /// Bytes that the counting streams saw written.
    pub socket_written: u64,
    /// Of those read, TLS's own: what a counter of records made of the ciphertext.
    pub tls_read: u64,
    /// Of those written, TLS's own.
    pub tls_written: u64,
    /// Connections whose kernel books could be read; the sums below are theirs.
    pub kernel_connections: u64,
    /// Connections in the sum.
    pub connections: u64,
    /// `TCP_INFO`, summed.
    pub kernel: KernelSums,
}

/// `TCP_INFO` summed over connections.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KernelSums {
    /// Data bytes sent for the first time.
    pub bytes_sent: u64,
    /// Data bytes sent again.
    pub bytes_retransmitted: u64,
    /// Data bytes received.
    pub bytes_received: u64,
    /// Segments sent.
    pub segments_out: u64,
    /// Segments received.
    pub segments_in: u64,
    /// Connections with timestamps.
    pub with_timestamps: u64,
    /// Segments sent and not yet acknowledged.
    pub unacknowledged: u64,
    /// The shortest round trip of any connection.
    pub min_round_trip: Option<Duration>,
}

impl SocketSums {
    /// The books of one connection in clear text.
    pub(crate) fn of(read: u64, written: u64, kernel: Option<TcpInfo>) -> Self {
        let info = kernel.unwrap_or_default();
        Self {
            socket_read: read,
            socket_written: written,
            tls_read: 0,
            tls_written: 0,
            kernel_connections: u64::from(kernel.is_some()),
            connections: 1,
            kernel: KernelSums {
                bytes_sent: info.bytes_sent - info.bytes_retransmitted,
                bytes_retransmitted: info.bytes_retransmitted,
                bytes_received: info.bytes_received,
                segments_out: info.segments_out,
                segments_in: info.segments_in,
                with_timestamps: u64::from(info.timestamps),
                unacknowledged: info.unacknowledged,
                min_round_trip: info.min_round_trip,
            },
        }
    }

    /// Bytes that the sockets carried, both ways.
    pub(crate) fn bytes(&self) -> u64 {
        self.socket_read + self.socket_written
    }

    /// Segments that the kernel counted, both ways.
    pub(crate) fn segments(&self) -> u64 {
        self.kernel.segments_out + self.kernel.segments_in
    }

    /// The same as they were before the last `received` bytes came, `tls` of them TLS's own.
    pub(crate) fn before(mut self, received: u64, tls: u64, segments: u64) -> Self {
        self.socket_read -= received;
        self.tls_read -= tls;
        if self.kernel_connections > 0 {
            self.kernel.bytes_received -= received;
            // An estimate of the peer's segments, which cuts them as it likes.
            self.kernel.segments_in = self.kernel.segments_in.saturating_sub(segments);
        }
        self
    }
}

impl AddAssign for SocketSums {
    fn add_assign(&mut self, other: Self) {
        self.socket_read += other.socket_read;
        self.tls_read += other.tls_read;
        self.tls_written += other.tls_written;
        self.socket_written += other.socket_written;
        self.kernel_connections += other.kernel_connections;
        self.connections += other.connections;
        self.kernel.bytes_sent += other.kernel.bytes_sent;
        self.kernel.bytes_retransmitted += other.kernel.bytes_retransmitted;
        self.kernel.bytes_received += other.kernel.bytes_received;
        self.kernel.segments_out += other.kernel.segments_out;
        self.kernel.segments_in += other.kernel.segments_in;
        self.kernel.with_timestamps += other.kernel.with_timestamps;
        self.kernel.unacknowledged += other.kernel.unacknowledged;
        let trips = [self.kernel.min_round_trip, other.kernel.min_round_trip];
        self.kernel.min_round_trip = trips.into_iter().flatten().min();
    }
}
