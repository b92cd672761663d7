//! What the kernel has handed over: its books of a connection without what waits in its queues.

use std::io;
use std::os::fd::RawFd;

use super::{TcpInfo, tcp_info, unread};

/// Most attempts at a connection where bytes come between any two readings.
const MOST_ATTEMPTS: u32 = 16;

/// The kernel's books of one connection as the process that reads and writes it must have them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handed {
    /// What the kernel has received less what waits to be read, and what it has sent with what waits
    /// to be sent. Segments are those that have passed.
    pub info: TcpInfo,
    /// Bytes that wait to be read.
    pub unread: u64,
    /// Whether nothing came while it was asked. Otherwise no less has been received than was read, but
    /// perhaps more.
    pub is_exact: bool,
}

/// Asks the kernel for what the caller must have read and written, whatever waits in either queue.
///
/// The kernel tells what it has received and what of that is unread by two calls, and bytes may come
/// between them: so the two are of one moment only if it has received the same before and after.
/// Nobody may read or write meanwhile.
///
/// # Errors
///
/// If a system call fails, or the kernel is too old (before 4.19).
pub fn handed(descriptor: RawFd) -> io::Result<Handed> {
    handed_by(|| tcp_info(descriptor), || unread(descriptor))
}

/// The same by these two calls.
fn handed_by(
    mut info: impl FnMut() -> io::Result<TcpInfo>,
    mut unread: impl FnMut() -> io::Result<u64>,
) -> io::Result<Handed> {
    let received = |info: &TcpInfo| (info.bytes_received, info.has_fin);
    let mut before = info()?;
    let mut attempts = 1;
    loop {
        let unread = unread()?;
        let after = info()?;
        let is_exact = received(&before) == received(&after);
        attempts += 1;
        if is_exact || attempts >= MOST_ATTEMPTS {
            let info = TcpInfo {
                bytes_received: after.bytes_received.saturating_sub(unread),
                bytes_sent: after.bytes_sent + after.unsent,
                unsent: 0,
                ..after
            };
            return Ok(Handed { info, unread, is_exact });
        }
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        let client = TcpStream::connect(address).expect("listening");
        (client, listener.accept().expect("connected").0)
    }

    fn of(client: &TcpStream) -> Handed {
        handed(client.as_raw_fd()).expect("a TCP socket")
    }

    #[test]
    fn what_waits_to_be_read_has_not_been_handed_over() {
        let (mut client, mut server) = pair();
        server.write_all(&[7; 30]).expect("written");
        client.read_exact(&mut [0; 20]).expect("read");
        server.write_all(&[7; 12]).expect("written");
        while client.peek(&mut [0; 22]).expect("there is some") < 22 {}
        assert_eq!(tcp_info(client.as_raw_fd()).expect("a socket").data_received(), 42);
        let handed = of(&client);
        assert_eq!((handed.info.data_received(), handed.unread, handed.is_exact), (20, 22, true));
    }

    #[test]
    fn neither_has_the_peers_fin_whether_it_was_read_or_waits_behind_data() {
        let (mut client, mut server) = pair();
        server.write_all(&[7; 5]).expect("written");
        drop(server);
        while !tcp_info(client.as_raw_fd()).expect("a socket").has_fin {}
        for read in [0, 5] {
            client.read_exact(&mut vec![0; read]).expect("read");
            assert_eq!(of(&client).info.data_received(), read as u64);
        }
        assert_eq!(client.read(&mut [0; 1]).expect("the end"), 0);
        assert_eq!(of(&client).info.data_received(), 5);
    }

    #[test]
    fn what_waits_to_be_sent_has_been_handed_over() {
        let (mut client, _server) = pair();
        client.set_nonblocking(true).expect("a socket");
        let mut written = 0;
        loop {
            match client.write(&[7; 100_000]) {
                Ok(len) => written += len as u64,
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let info = tcp_info(client.as_raw_fd()).expect("a socket");
        assert!(info.data_sent() < written, "nobody reads: {info:?}");
        assert_eq!(of(&client).info.data_sent(), written);
    }

    /// What is found where a connection has received this at each attempt, the last for ever, and so much
    /// of it was read.
    fn found(received: &[u64], read: u64) -> (u64, bool) {
        let now = std::cell::Cell::new(0);
        let at = |place: usize| received[place.min(received.len() - 1)];
        let info = || {
            now.set(now.get() + 1);
            let bytes_received = at(now.get() - 1);
            Ok(TcpInfo { bytes_received, ..TcpInfo::default() })
        };
        let handed = handed_by(info, || Ok(at(now.get() - 1) - read)).expect("both are told");
        (handed.info.data_received(), handed.is_exact)
    }

    #[test]
    fn what_comes_between_the_calls_is_seen_and_asked_again() {
        assert_eq!(found(&[30], 20), (20, true));
        assert_eq!(found(&[30, 38, 46], 20), (20, true));
    }

    #[test]
    fn where_it_never_rests_nothing_exact_is_said_and_never_less_than_was_read() {
        let received: Vec<_> = (30..100).collect();
        assert_eq!(found(&received, 20), (21, false));
    }
}
