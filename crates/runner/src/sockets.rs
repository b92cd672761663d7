//! Both ends of the clients' connections as the kernel of this host knows them: the memory that is
//! charged to them, and what the server's ends have sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;

use pushbench_link::Namespace;
use pushbench_protocol::Phase;
use pushbench_store::SocketMemoryV1;
use pushbench_wire::sock_diag::{Port, SocketEnd, sockets};

use crate::server_ends::inode_in;

/// When the sockets are looked at: at the ends of the phases.
const PHASES: [Phase; 4] = [Phase::Connect, Phase::WarmUp, Phase::Measure, Phase::Drain];

/// The sockets at the end of one phase.
#[derive(Clone, Debug, Default)]
pub(crate) struct SocketSample {
    pub(crate) client: Option<SocketMemoryV1>,
    /// Absent where the server's ends are not on this host, or in another network namespace.
    pub(crate) server: Option<SocketMemoryV1>,
    /// What each of the server's ends has sent again so far, by its cookie.
    again: BTreeMap<u64, u64>,
}

/// This process's sockets towards the server that are no client's: the publisher's, and the one that
/// asks for the server's books.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others(BTreeSet<u64>);

impl Others {
    /// Those that are open before the first client connects. `port` is where the clients will.
    pub(crate) fn look(port: u16) -> Self {
        Self(sockets(Port::Remote(port)).unwrap_or_default().iter().map(|end| end.cookie).collect())
    }
}

impl SocketSample {
    /// Looks at the sockets of this process's clients, connected to `port`, which are in the namespace
    /// `far`, or in the caller's. `None` if the kernel does not tell.
    pub(crate) fn take(port: u16, others: &Others, far: Option<&Namespace>) -> Option<Self> {
        let ours = inodes_of(&[std::process::id()]);
        let clients = {
            let _far = far.map(Namespace::enter).transpose().ok()?;
            sockets(Port::Remote(port)).ok()?
        };
        let is_ours =
            |end: &&SocketEnd| ours.contains(&end.inode) && !others.0.contains(&end.cookie);
        let clients: Vec<_> = clients.iter().filter(is_ours).copied().collect();
        Some(Self::of(&clients, &sockets(Port::Local(port)).ok()?))
    }

    /// Of the clients' ends, and of whatever ends have the server's port.
    fn of(clients: &[SocketEnd], candidates: &[SocketEnd]) -> Self {
        let pairs: BTreeSet<(SocketAddr, SocketAddr)> =
            clients.iter().map(|end| (end.remote, end.local)).collect();
        let is_other_end = |end: &&SocketEnd| pairs.contains(&(end.local, end.remote));
        let servers: Vec<_> = candidates.iter().filter(is_other_end).copied().collect();
        let again = servers.iter().map(|end| Some((end.cookie, end.info?.bytes_retransmitted)));
        Self {
            client: memory(clients),
            server: memory(&servers),
            again: again.collect::<Option<_>>().unwrap_or_default(),
        }
    }

    /// What was sent again since an earlier look; `None` where an end has gone since, with what it
    /// had sent, or where no end was seen.
    fn again_since(&self, earlier: &Self) -> Option<u64> {
        let has_all = earlier.again.keys().all(|cookie| self.again.contains_key(cookie));
        let since = |(cookie, now): (&u64, &u64)| {
            now.saturating_sub(earlier.again.get(cookie).copied().unwrap_or(0))
        };
        (has_all && !self.again.is_empty()).then(|| self.again.iter().map(since).sum())
    }
}

/// What the server's ends have sent again in each phase, as far as it is known.
pub(crate) fn again_by_phase(samples: &BTreeMap<Phase, SocketSample>) -> BTreeMap<Phase, u64> {
    let mut again = BTreeMap::new();
    let mut earlier = Some(&SocketSample::default());
    for phase in PHASES {
        let now = samples.get(&phase);
        if let Some(bytes) = now.zip(earlier).and_then(|(now, earlier)| now.again_since(earlier)) {
            again.insert(phase, bytes);
        }
        earlier = now;
    }
    again
}

fn memory(ends: &[SocketEnd]) -> Option<SocketMemoryV1> {
    let bytes = ends.iter().map(|end| end.memory).sum::<Option<u64>>()?;
    (!ends.is_empty()).then_some(SocketMemoryV1 { sockets: ends.len() as u64, bytes })
}

/// Inodes of the sockets of some processes (proc(5), `/proc/pid/fd`).
pub(crate) fn inodes_of(pids: &[u32]) -> BTreeSet<u32> {
    let descriptors = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).ok());
    let inode = |path: std::path::PathBuf| inode_in(&fs::read_link(path).ok()?);
    descriptors.flatten().flatten().filter_map(|entry| inode(entry.path())).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use pushbench_wire::tcp_info::TcpInfo;

    use super::*;

    fn end(cookie: u64, local: u16, remote: u16, again: u64) -> SocketEnd {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        SocketEnd {
            local: address(local),
            remote: address(remote),
            cookie,
            inode: 1,
            memory: Some(100 * cookie),
            info: Some(TcpInfo { bytes_retransmitted: again, ..TcpInfo::default() }),
        }
    }

    #[test]
    fn the_servers_ends_are_those_that_our_clients_are_connected_to() {
        let clients = [end(1, 5_001, 80, 9), end(2, 5_002, 80, 9)];
        let candidates = [end(3, 80, 5_001, 7), end(4, 80, 5_002, 0), end(5, 80, 6_000, 1_000)];
        let look = SocketSample::of(&clients, &candidates);
        assert_eq!(look.client, Some(SocketMemoryV1 { sockets: 2, bytes: 300 }));
        assert_eq!(look.server, Some(SocketMemoryV1 { sockets: 2, bytes: 700 }));
        assert_eq!(look.again_since(&SocketSample::default()), Some(7));
    }

    #[test]
    fn what_was_sent_again_belongs_to_the_phase_in_which_it_was() {
        let look = |again: [u64; 2]| {
            let clients = [end(1, 5_001, 80, 0), end(2, 5_002, 80, 0)];
            SocketSample::of(&clients, &[end(3, 80, 5_001, again[0]), end(4, 80, 5_002, again[1])])
        };
        let samples = BTreeMap::from([
            (Phase::Connect, look([0, 5])),
            (Phase::WarmUp, look([0, 5])),
            (Phase::Measure, look([3, 9])),
        ]);
        let expected = [(Phase::Connect, 5), (Phase::WarmUp, 0), (Phase::Measure, 7)];
        assert_eq!(again_by_phase(&samples), BTreeMap::from(expected));
    }

    #[test]
    fn what_an_end_that_has_gone_had_sent_again_is_not_known() {
        let clients = [end(1, 5_001, 80, 0), end(2, 5_002, 80, 0)];
        let both = SocketSample::of(&clients, &[end(3, 80, 5_001, 1), end(4, 80, 5_002, 1)]);
        let one = SocketSample::of(&clients, &[end(3, 80, 5_001, 1)]);
        assert_eq!(one.again_since(&both), None);
        assert_eq!(SocketSample::of(&clients, &[]).again_since(&SocketSample::default()), None);
        assert_eq!(memory(&[]), None, "no socket is unknown and not nothing");
    }

    #[test]
    fn the_sockets_of_this_process_are_seen_but_not_those_that_were_there_before() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        let _publisher = TcpStream::connect(address).expect("listening");
        let others = Others::look(address.port());
        let _clients = [(); 3].map(|()| TcpStream::connect(address).expect("listening"));
        let look = SocketSample::take(address.port(), &others, None).expect("this kernel tells");
        assert_eq!(look.client.map(|ends| ends.sockets), Some(3));
        assert_eq!(look.server.map(|ends| ends.sockets), Some(3), "accepted or not");
    }
}
