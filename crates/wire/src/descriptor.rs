//! The socket of a connection that a library has opened, by its two addresses.
//!
//! A library does not lend its sockets out. They are this process's all the same, so one that has
//! these ends can be found among its descriptors and held by a second one: the kernel then tells of
//! the connection for as long as that is open, whatever the library does with its own.
#![expect(
    unsafe_code,
    reason = "a descriptor that somebody else owns can only be borrowed by its number"
)]

use std::io;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::net::{getpeername, getsockname};

/// Descriptors behind the last one found that are looked at first: the lowest free number is taken
/// for whatever is opened, so connections that are opened in turn lie close together.
const CLOSE_BY: RawFd = 16;

/// Where the last one was found.
static LAST: AtomicI32 = AtomicI32::new(0);

/// A second descriptor of this process's connection between these two ends.
///
/// # Errors
///
/// If none of this process's descriptors is one, or none can be opened any more.
pub fn duplicate(local: SocketAddr, remote: SocketAddr) -> io::Result<OwnedFd> {
    let last = LAST.load(Ordering::Relaxed);
    let among = |numbers: &mut dyn Iterator<Item = RawFd>| -> io::Result<Option<OwnedFd>> {
        for number in numbers {
            if let Some(duplicate) = duplicate_if(number, local, remote)? {
                LAST.store(number, Ordering::Relaxed);
                return Ok(Some(duplicate));
            }
        }
        Ok(None)
    };
    if let Some(duplicate) = among(&mut (last + 1..=last + CLOSE_BY))? {
        return Ok(duplicate);
    }
    let mut all = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    if let Some(duplicate) = among(&mut all)? {
        return Ok(duplicate);
    }
    let why = format!("no descriptor of this process connects {local} with {remote}");
    Err(io::Error::new(io::ErrorKind::NotFound, why))
}

/// A second descriptor in place of this number, if it is the connection.
fn duplicate_if(
    number: RawFd,
    local: SocketAddr,
    remote: SocketAddr,
) -> io::Result<Option<OwnedFd>> {
    // SAFETY: the number is used for system calls only, to which one that is not open, or that has
    // become somebody else's meanwhile, is an error or another socket; that is looked at below.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    if !connects(borrowed, local, remote) {
        return Ok(None);
    }
    let duplicate = borrowed.try_clone_to_owned()?;
    // The number may have been closed and taken between the two calls.
    Ok(connects(std::os::fd::AsFd::as_fd(&duplicate), local, remote).then_some(duplicate))
}

fn connects(socket: BorrowedFd<'_>, local: SocketAddr, remote: SocketAddr) -> bool {
    let is = |found: rustix::io::Result<rustix::net::SocketAddrAny>, expected: SocketAddr| {
        found.ok().and_then(|found| SocketAddr::try_from(found).ok()) == Some(expected)
    };
    is(getsockname(socket), local)
        && is(getpeername(socket).and_then(|peer| peer.ok_or(rustix::io::Errno::NOTCONN)), remote)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;
    use crate::tcp_info::tcp_info;

    #[test]
    fn a_connection_is_found_by_its_ends_and_told_of_after_its_owner_has_closed_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let at = listener.local_addr().expect("it is bound");
        let mut client = TcpStream::connect(at).expect("it listens");
        let (mut server, from) = listener.accept().expect("a connection");
        client.write_all(b"hello").expect("written");
        server.read_exact(&mut [0; 5]).expect("read");
        for (local, remote, sent) in [(from, at, 5), (at, from, 0)] {
            let found = duplicate(local, remote).expect("it is this process's");
            let info = tcp_info(found.as_raw_fd()).expect("a TCP socket");
            assert_eq!(info.bytes_sent, sent, "{local}");
        }
        let held = duplicate(from, at).expect("it is this process's");
        assert_ne!(held.as_raw_fd(), client.as_raw_fd());
        drop(client);
        assert_eq!(tcp_info(held.as_raw_fd()).expect("it is held").bytes_sent, 5);
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        assert!(duplicate(from, nobody).is_err());
    }
}
