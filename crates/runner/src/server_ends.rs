//! What this host's kernel has counted at the server's ends of the clients' connections. The server
//! need not be ours, nor help: `sock_diag` tells it to whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;

use pushbench_load::Tally;
use pushbench_wire::sock_diag::{Port, SocketEnd, sockets};

/// Of the connections to `port` that these descriptors of this process are the clients' ends of.
/// Those whose server's end is not to be seen are missing: it is on another host, in another network
/// namespace or behind a proxy, or it is closed.
///
/// # Errors
///
/// If the kernel has no `sock_diag`, or refuses it.
pub(crate) fn look(port: u16, open: &[RawFd]) -> io::Result<Tally> {
    let clients: BTreeSet<u32> = open.iter().filter_map(|descriptor| inode(*descriptor)).collect();
    Ok(tally(open.len(), &clients, &sockets(Port::Remote(port))?, &sockets(Port::Local(port))?))
}

/// Of so many connections, whose clients' ends have these inodes, among the ends that have the port.
pub(crate) fn tally(
    open: usize,
    clients: &BTreeSet<u32>,
    with_remote: &[SocketEnd],
    with_local: &[SocketEnd],
) -> Tally {
    let clients = with_remote.iter().filter(|end| clients.contains(&end.inode));
    let theirs: BTreeSet<(SocketAddr, SocketAddr)> =
        clients.map(|end| (end.remote, end.local)).collect();
    let ends = with_local.iter().filter(|end| theirs.contains(&(end.local, end.remote)));
    // By its name: a dump may show an end twice while others come and go.
    let infos: BTreeMap<u64, Tally> =
        ends.filter_map(|end| Some((end.cookie, Tally::of_server_end(end.info?)))).collect();
    let mut tally = Tally::unknown(open.saturating_sub(infos.len()) as u64);
    infos.into_values().for_each(|of_end| tally += of_end);
    tally
}

/// Inode of a socket of this process (proc(5), `/proc/pid/fd`).
pub(crate) fn inode(descriptor: RawFd) -> Option<u32> {
    inode_in(&fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?)
}

/// The inode in where such a link leads to; `None` if that is no socket.
pub(crate) fn inode_in(link: &std::path::Path) -> Option<u32> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use pushbench_load::Counter;

    use super::*;

    struct Both {
        clients: Vec<TcpStream>,
        servers: Vec<TcpStream>,
        port: u16,
    }

    /// So many connections over loopback that each carry 11 bytes up and 40 down.
    fn connected(host: &str, count: usize) -> Both {
        let listener = TcpListener::bind((host, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        let connect = |_| {
            let mut client = TcpStream::connect(address).expect("listening");
            let (mut server, _) = listener.accept().expect("connected");
            client.write_all(&[7; 11]).expect("written");
            server.read_exact(&mut [0; 11]).expect("read");
            server.write_all(&[8; 40]).expect("written");
            client.read_exact(&mut [0; 40]).expect("read");
            (client, server)
        };
        let (clients, servers) = (0..count).map(connect).unzip();
        Both { clients, servers, port: address.port() }
    }

    fn seen(both: &Both) -> (u64, u64, u64, u64) {
        let open: Vec<_> = both.clients.iter().map(AsRawFd::as_raw_fd).collect();
        let tally = look(both.port, &open).expect("this kernel has sock_diag");
        let of = |counter| tally[counter];
        (tally.missing, of(Counter::Connections), of(Counter::Up), of(Counter::Down))
    }

    #[test]
    fn each_byte_of_these_clients_is_counted_and_none_of_others() {
        for host in ["127.0.0.1", "::1"] {
            let mut both = connected(host, 5);
            // Another connection of this process to the same port, as a publisher's.
            let publisher = both.clients.pop();
            assert_eq!(seen(&both), (0, 4, 44, 160), "{host}");
            drop(publisher);
            // A byte that the server has not read is one that its kernel has received.
            both.clients[0].write_all(&[7]).expect("written");
            assert_eq!(seen(&both), (0, 4, 45, 160), "{host}");
        }
    }

    #[test]
    fn a_connection_whose_server_has_closed_it_is_missing() {
        let mut both = connected("127.0.0.1", 3);
        drop(both.servers.pop());
        // The client's FIN goes out when it closes; until then the server's end waits for it.
        let last = both.clients.pop();
        drop(last);
        assert_eq!(seen(&both), (0, 2, 22, 80));
        let (missing, found, ..) = {
            both.servers.clear();
            seen(&both)
        };
        assert!(missing + found == 2, "{missing} and {found}");
    }

    #[test]
    fn ends_that_are_not_to_be_seen_are_missing_and_not_zero() {
        let both = connected("127.0.0.1", 2);
        let open: Vec<_> = both.clients.iter().map(AsRawFd::as_raw_fd).collect();
        let inodes = open.iter().filter_map(|of| inode(*of)).collect();
        let theirs = sockets(Port::Remote(both.port)).expect("this kernel has sock_diag");
        let tally = tally(open.len(), &inodes, &theirs, &[]);
        assert_eq!((tally.missing, tally[Counter::Connections]), (2, 0));
    }

    #[test]
    fn an_end_that_is_shown_twice_counts_once() {
        let both = connected("127.0.0.1", 1);
        let inodes = [inode(both.clients[0].as_raw_fd()).expect("a socket")].into();
        let ends = |port| sockets(port).expect("this kernel has sock_diag");
        let (remote, local) = (ends(Port::Remote(both.port)), ends(Port::Local(both.port)));
        let twice = [local.clone(), local].concat();
        let tally = tally(1, &inodes, &remote, &twice);
        assert_eq!((tally.missing, tally[Counter::Up], tally[Counter::Down]), (0, 11, 40));
    }
}
