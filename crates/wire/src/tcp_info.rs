//! The kernel's set of books: `TCP_INFO`, and the other calls on a socket that only libc names.
//!
//! One of the two modules with `unsafe` (`descriptor` is the other): the calls are system calls on a descriptor with a buffer that is
//! ours, and neither std nor a safe crate offers the fields that the kernel has added since 2016.
#![expect(
    unsafe_code,
    reason = "getsockopt(TCP_INFO), FIONREAD and IP_BIND_ADDRESS_NO_PORT are system calls"
)]

mod handed;

use std::io;
use std::mem::{offset_of, size_of};
use std::os::fd::RawFd;
use std::time::Duration;

pub use handed::{Handed, handed};

/// What the kernel counted for one connection. Bytes are of the TCP stream, without headers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TcpInfo {
    /// Data bytes sent, retransmissions included (`tcpi_bytes_sent`).
    pub bytes_sent: u64,
    /// Of those, sent again (`tcpi_bytes_retrans`).
    pub bytes_retransmitted: u64,
    /// Data bytes received in order (`tcpi_bytes_received`); the peer's FIN counts as one more.
    pub bytes_received: u64,
    /// Whether the peer's FIN has come, as the connection's state tells.
    pub has_fin: bool,
    /// Segments sent, pure acknowledgements and the SYN included (`tcpi_segs_out`).
    pub segments_out: u64,
    /// Segments received (`tcpi_segs_in`).
    pub segments_in: u64,
    /// Bytes written that wait to be sent for the first time (`tcpi_notsent_bytes`).
    pub unsent: u64,
    /// Segments sent and not yet acknowledged (`tcpi_unacked`).
    pub unacknowledged: u64,
    /// Whether timestamps were negotiated.
    pub timestamps: bool,
    /// The shortest round trip that was seen lately (`tcpi_min_rtt`); absent before the first.
    pub min_round_trip: Option<Duration>,
}

impl TcpInfo {
    /// Bytes of data that were sent, each once.
    pub const fn data_sent(&self) -> u64 {
        self.bytes_sent - self.bytes_retransmitted
    }

    /// Bytes of data that were received: without the peer's FIN, which no socket ever reads.
    pub const fn data_received(&self) -> u64 {
        self.bytes_received - self.has_fin as u64
    }

    /// Reads the structure as the kernel gives it, by whichever interface.
    ///
    /// # Errors
    ///
    /// If the kernel is too old to fill every field (before 4.19).
    pub(crate) fn of_kernel(info: &[u8]) -> io::Result<Self> {
        Self::read(info).ok_or_else(|| {
            let (found, needed) = (info.len(), size_of::<KernelTcpInfo>());
            io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "the kernel's TCP_INFO has {found} bytes, expected {needed} (Linux 4.19 or \
                     later)"
                ),
            )
        })
    }

    fn read(info: &[u8]) -> Option<Self> {
        let u32_at = |at: usize| Some(u32::from_ne_bytes(info.get(at..at + 4)?.try_into().ok()?));
        let u64_at = |at: usize| Some(u64::from_ne_bytes(info.get(at..at + 8)?.try_into().ok()?));
        let min_rtt = u32_at(offset_of!(KernelTcpInfo, min_rtt))?;
        Some(Self {
            bytes_sent: u64_at(offset_of!(KernelTcpInfo, bytes_sent))?,
            bytes_retransmitted: u64_at(offset_of!(KernelTcpInfo, bytes_retrans))?,
            bytes_received: u64_at(offset_of!(KernelTcpInfo, bytes_received))?,
            has_fin: AFTER_FIN.contains(info.get(offset_of!(KernelTcpInfo, state))?),
            segments_out: u32_at(offset_of!(KernelTcpInfo, segs_out))?.into(),
            segments_in: u32_at(offset_of!(KernelTcpInfo, segs_in))?.into(),
            unsent: u32_at(offset_of!(KernelTcpInfo, notsent_bytes))?.into(),
            unacknowledged: u32_at(offset_of!(KernelTcpInfo, unacked))?.into(),
            timestamps: info.get(offset_of!(KernelTcpInfo, options))? & OPTION_TIMESTAMPS != 0,
            min_round_trip: (1..u32::MAX)
                .contains(&min_rtt)
                .then(|| Duration::from_micros(min_rtt.into())),
        })
    }
}

/// The kernel's own layout (`include/uapi/linux/tcp.h`) up to the last field that we read.
///
/// glibc's structure of the same name ends in 2016 and lacks the byte counts.
#[repr(C)]
struct KernelTcpInfo {
    state: u8,
    ca_state: u8,
    retransmits: u8,
    probes: u8,
    backoff: u8,
    options: u8,
    wscale: u8,
    flags: u8,
    rto: u32,
    ato: u32,
    snd_mss: u32,
    rcv_mss: u32,
    unacked: u32,
    sacked: u32,
    lost: u32,
    retrans: u32,
    fackets: u32,
    last_data_sent: u32,
    last_ack_sent: u32,
    last_data_recv: u32,
    last_ack_recv: u32,
    pmtu: u32,
    rcv_ssthresh: u32,
    rtt: u32,
    rttvar: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    advmss: u32,
    reordering: u32,
    rcv_rtt: u32,
    rcv_space: u32,
    total_retrans: u32,
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    delivery_rate: u64,
    busy_time: u64,
    rwnd_limited: u64,
    sndbuf_limited: u64,
    delivered: u32,
    delivered_ce: u32,
    bytes_sent: u64,
    bytes_retrans: u64,
}

/// `TCP_TIME_WAIT`, `TCP_CLOSE_WAIT`, `TCP_LAST_ACK`, `TCP_CLOSING`: the states that a peer's FIN
/// leads to (RFC 9293, section 3.3.2).
const AFTER_FIN: [u8; 4] = [6, 8, 9, 11];
/// `TCPI_OPT_TIMESTAMPS`.
const OPTION_TIMESTAMPS: u8 = 1;

/// Asks the kernel for its books of one connection.
///
/// `descriptor` must be an open TCP socket of the caller's; for anything else the kernel answers
/// with an error, which is returned.
///
/// # Errors
///
/// If the system call fails, or the kernel is too old to fill every field (before 4.19).
pub fn tcp_info(descriptor: RawFd) -> io::Result<TcpInfo> {
    let mut info = [0_u8; size_of::<KernelTcpInfo>()];
    let mut len = info.len() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `info`, which is that long; a bad descriptor
    // is an error and not undefined.
    let result = unsafe {
        libc::getsockopt(
            descriptor,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut len,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    TcpInfo::of_kernel(&info[..len as usize])
}

/// Bytes of data that have come in order and wait to be read; the peer's FIN is none of them. Source:
/// tcp(7), `SIOCINQ`, which is `FIONREAD`.
///
/// # Errors
///
/// If the system call fails.
fn unread(descriptor: RawFd) -> io::Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one `c_int` to `bytes`; a bad descriptor is an error.
    let result = unsafe { libc::ioctl(descriptor, libc::FIONREAD, &raw mut bytes) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// Lets a bound socket choose its port at `connect`, when the whole four-tuple is known.
///
/// Without it every `bind` to a source address takes a port of its own, and the ports of one
/// address would be shared by all targets. Source: ip(7), `IP_BIND_ADDRESS_NO_PORT`.
///
/// # Errors
///
/// If the system call fails.
pub fn bind_address_no_port(descriptor: RawFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the kernel reads one `c_int` from `on`, which lives until the call returns.
    let result = unsafe {
        libc::setsockopt(
            descriptor,
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn the_layout_is_the_kernels() {
        // Offsets of include/uapi/linux/tcp.h.
        assert_eq!(offset_of!(KernelTcpInfo, rto), 8);
        assert_eq!(offset_of!(KernelTcpInfo, pacing_rate), 104);
        assert_eq!(offset_of!(KernelTcpInfo, bytes_received), 128);
        assert_eq!(offset_of!(KernelTcpInfo, segs_out), 136);
        assert_eq!(offset_of!(KernelTcpInfo, notsent_bytes), 144);
        assert_eq!(offset_of!(KernelTcpInfo, min_rtt), 148);
        assert_eq!(offset_of!(KernelTcpInfo, bytes_sent), 200);
        assert_eq!(offset_of!(KernelTcpInfo, bytes_retrans), 208);
    }

    #[test]
    fn the_kernel_counts_what_was_written_and_read() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("bound")).expect("listening");
        let (mut server, _) = listener.accept().expect("connected");
        client.write_all(&[7; 100]).expect("written");
        let mut bytes = [0; 100];
        server.read_exact(&mut bytes).expect("read");
        server.write_all(&[8; 30]).expect("written");
        client.read_exact(&mut bytes[..30]).expect("read");
        let info = tcp_info(client.as_raw_fd()).expect("a TCP socket");
        assert_eq!((info.bytes_sent, info.bytes_received), (100, 30));
        assert!(info.segments_out >= 3, "SYN, ACK, data: {info:?}");
        assert!(info.segments_in >= 2, "SYN-ACK, data: {info:?}");
        let trip = info.min_round_trip.expect("the handshake was one");
        assert!(trip < Duration::from_secs(1), "{trip:?}");
    }

    #[test]
    fn the_peers_fin_counts_as_a_byte_received() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("bound")).expect("listening");
        drop(listener.accept().expect("connected"));
        assert_eq!(client.read(&mut [0; 1]).expect("read"), 0);
        let info = tcp_info(client.as_raw_fd()).expect("a TCP socket");
        assert_eq!((info.bytes_received, info.data_received(), info.has_fin), (1, 0, true));
    }

    #[test]
    fn what_an_older_kernel_gives_is_refused_with_both_lengths() {
        let error = TcpInfo::of_kernel(&[0; 104]).expect_err("of 2016").to_string();
        assert!(error.contains("104 bytes, expected 216"), "{error}");
        assert!(TcpInfo::of_kernel(&[0; 300]).is_ok(), "a newer kernel gives more");
    }

    #[test]
    fn what_is_no_socket_is_an_error() {
        assert!(tcp_info(-1).is_err() && unread(-1).is_err());
    }
}
