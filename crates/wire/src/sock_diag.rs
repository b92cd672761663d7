//! What the kernel says of TCP sockets on this host, whoever owns them: `sock_diag` over netlink.
//!
//! `TCP_INFO` and the memory of a connection's other end, without its process's help; all of it is
//! reading and writing bytes, so nothing here is unsafe. Sources: sock_diag(7), `linux/inet_diag.h`,
//! `linux/sock_diag.h`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

use crate::tcp_info::TcpInfo;

/// Longest wait for the kernel's answer, which it gives at once.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Room for one answer; the kernel fills at most 32 KiB of it.
const ANSWER_LEN: usize = 64 * 1024;

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP_REQUEST: u16 = 0x301;
/// `NLMSG_ERROR`, `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `AF_INET`, `AF_INET6`.
const INET: u8 = 2;
const INET6: u8 = 10;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// `INET_DIAG_INFO`, `INET_DIAG_SKMEMINFO`: attributes that are asked for and given.
const INFO: u16 = 2;
const MEMORY: u16 = 7;
/// All states but `TCP_LISTEN` (10) and `TCP_TIME_WAIT` (6), which have no connection's memory.
const STATES: u32 = 0xfff & !(1 << 10) & !(1 << 6);
/// Length of a netlink header, of `inet_diag_msg`, and of an attribute's header.
const HEADER: usize = 16;
const MESSAGE: usize = 72;
const ATTRIBUTE: usize = 4;

/// One end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SocketEnd {
    /// Its own address.
    pub local: SocketAddr,
    /// The other end's.
    pub remote: SocketAddr,
    /// The kernel's name for it, never used again.
    pub cookie: u64,
    /// Inode of its file; 0 if no process holds it any more.
    pub inode: u32,
    /// Bytes that are charged to it: received and not read, sent and not acknowledged, reserved for
    /// either, options and backlog. Absent where the kernel did not say.
    pub memory: Option<u64>,
    /// What the kernel has counted for it. Absent where the kernel did not say: of an end that is
    /// closed but for a last wait, or from a kernel that is too old.
    pub info: Option<TcpInfo>,
}

/// Which sockets are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Port {
    /// Those whose own port it is, as the ends of a server.
    Local(u16),
    /// Those whose other end has it, as the ends of its clients.
    Remote(u16),
}

/// The connected TCP sockets with this port, in this network namespace, IPv4 and IPv6.
///
/// # Errors
///
/// If the kernel has no `sock_diag`, or refuses it.
pub fn sockets(port: Port) -> io::Result<Vec<SocketEnd>> {
    let mut ends = Vec::new();
    for family in [INET, INET6] {
        dump(family, port, &mut ends)?;
    }
    Ok(ends)
}

fn dump(family: u8, port: Port, ends: &mut Vec<SocketEnd>) -> io::Result<()> {
    let kind = (AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC);
    let netlink = socket_with(kind.0, kind.1, kind.2, Some(SOCK_DIAG))?;
    set_socket_timeout(&netlink, Timeout::Recv, Some(TIMEOUT))?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&netlink, &request(family, port), SendFlags::empty(), &kernel)?;
    let mut answer = vec![0; ANSWER_LEN];
    loop {
        let (len, _) = recv(&netlink, &mut answer[..], RecvFlags::empty())?;
        if read_answer(&answer[..len], ends)? {
            return Ok(());
        }
    }
}

/// A request for all sockets of a family with that port (`inet_diag_req_v2`).
fn request(family: u8, port: Port) -> Vec<u8> {
    let (local, remote) = match port {
        Port::Local(port) => (port, 0),
        Port::Remote(port) => (0, port),
    };
    let mut body = vec![family, TCP, (1 << (INFO - 1)) | (1 << (MEMORY - 1)), 0];
    body.extend(STATES.to_ne_bytes());
    body.extend(local.to_be_bytes());
    body.extend(remote.to_be_bytes());
    body.extend([0; 36]); // both addresses and the interface: any
    body.extend([0xff; 8]); // no cookie
    let mut request = Vec::with_capacity(HEADER + body.len());
    request.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    request.extend(BY_FAMILY.to_ne_bytes());
    request.extend(DUMP_REQUEST.to_ne_bytes());
    request.extend([0; 8]); // sequence, and the sender: the kernel knows
    request.extend(body);
    request
}

/// Takes the messages of one answer; whether it was the last.
fn read_answer(mut answer: &[u8], ends: &mut Vec<SocketEnd>) -> io::Result<bool> {
    while let Some(header) = answer.get(..HEADER) {
        let len = u32_at(header, 0).map_or(0, |len| len as usize);
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        let Some(body) = answer.get(HEADER..len) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a netlink message is cut off"));
        };
        match kind {
            DONE => return Ok(true),
            ERROR => {
                let code = u32_at(body, 0).unwrap_or_default() as i32;
                return Err(io::Error::from_raw_os_error(-code));
            }
            BY_FAMILY => ends.extend(socket_end(body)),
            _ => {}
        }
        answer = answer.get(aligned(len)..).unwrap_or_default();
    }
    Ok(false)
}

/// One `inet_diag_msg` with its attributes; `None` if it is no such thing.
fn socket_end(body: &[u8]) -> Option<SocketEnd> {
    let family = *body.first()?;
    let address = |port: usize, ip: usize| {
        let ip: [u8; 16] = body.get(ip..ip + 16)?.try_into().ok()?;
        let ip = match family {
            INET => IpAddr::V4(Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3])),
            INET6 => IpAddr::V6(Ipv6Addr::from(ip)).to_canonical(),
            _ => return None,
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes([body[port], body[port + 1]])))
    };
    let mut end = SocketEnd {
        local: address(4, 8)?,
        remote: address(6, 24)?,
        cookie: u64::from(u32_at(body, 44)?) | u64::from(u32_at(body, 48)?) << 32,
        inode: u32_at(body, 68)?,
        memory: None,
        info: None,
    };
    let mut attributes = body.get(MESSAGE..).unwrap_or_default();
    while let Some(header) = attributes.get(..ATTRIBUTE) {
        let len = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let Some(value) = attributes.get(ATTRIBUTE..len) else { break };
        match u16::from_ne_bytes([header[2], header[3]]) {
            INFO => end.info = TcpInfo::of_kernel(value).ok(),
            MEMORY => end.memory = charged(value),
            _ => {}
        }
        attributes = attributes.get(aligned(len)..).unwrap_or_default();
    }
    Some(end)
}

/// What is charged, of `SK_MEMINFO_*`: received (0), reserved (4), queued to be sent (5), options
/// (6), backlog (7). The others are limits, or counted in these.
fn charged(value: &[u8]) -> Option<u64> {
    [0, 4, 5, 6, 7].into_iter().map(|place| u32_at(value, 4 * place).map(u64::from)).sum()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Netlink aligns to four bytes. A length of nothing must not be read for ever.
fn aligned(len: usize) -> usize {
    len.next_multiple_of(4).max(ATTRIBUTE)
}

#[cfg(test)]
mod tests;
