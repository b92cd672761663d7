//! What the machine must offer, and what it lacks.

use std::fmt;
use std::net::Ipv4Addr;

use crate::Scenario;

/// Files that each side opens beside its clients' connections: the publisher's and the control
/// connection, one event queue and one waker a worker, the standard streams, `/proc`.
const SPARE_FILES: u64 = 128;

/// Source addresses there are: 127.0.0.1, then 127.0.1.1 to 127.0.255.254.
const SOURCE_ADDRESSES: u32 = 1 + 255 * 254;

/// The range of ports that the system gives to outgoing connections, both ends included.
///
/// Linux: `net.ipv4.ip_local_port_range`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl PortRange {
    /// What Linux is set to unless someone changed it: 28,232 ports.
    pub const LINUX: Self = Self { first: 32_768, last: 60_999 };

    /// Ports in the range.
    pub fn ports(self) -> u32 {
        (u32::from(self.last) + 1).saturating_sub(u32::from(self.first))
    }

    /// Clients of so many connections each that may share one source address: 35 % of the ports, at
    /// least one.
    ///
    /// `connect()` prefers one parity of the ports. Beyond half of the range it walks all of that
    /// half before it tries the other, and a connect becomes ten times dearer: 45 microseconds
    /// became 500 to 780, measured on Linux with 16,667 connections an address. So the next
    /// address is taken well before, with room for ports that are in use or in `TIME_WAIT`.
    pub fn clients_per_address(self, connections: u32) -> u32 {
        (self.ports() * 35 / 100 / connections).max(1)
    }
}

/// What the machine has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Machine {
    /// Files that a process may open: the hard limit if the soft one will be raised to it.
    pub open_files_limit: u64,
    /// Ports of outgoing connections.
    pub ports: PortRange,
}

/// What a scenario needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Needs {
    /// Files that the load generator opens.
    pub open_files_load: u64,
    /// Files that the server opens.
    pub open_files_server: u64,
    /// Loopback addresses that clients connect from.
    pub source_addresses: u32,
}

/// A limit of the machine that is too small for the scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// How much there is.
    pub limit: u64,
    /// How much is needed.
    pub need: u64,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, limit, need, remedy } = self;
        write!(f, "{what} is {limit}, expected at least {need}\n  help: {remedy}")
    }
}

/// What the scenario needs of a machine with these ports.
pub fn needs(scenario: &Scenario, ports: PortRange) -> Needs {
    let clients = scenario.workload.clients.get();
    // Of the transport that has most. Clients that share a connection also share its address.
    let transports = scenario.transports.iter();
    let (groups, connections) = transports
        .map(|transport| {
            let groups = clients.div_ceil(transport.carriage.clients_per_connection.get());
            (groups, transport.settings.kind().connections_per_client())
        })
        .max_by_key(|(groups, connections)| u64::from(*groups) * u64::from(*connections))
        .unwrap_or((clients, 1));
    let open_files = u64::from(groups) * u64::from(connections) + SPARE_FILES;
    Needs {
        open_files_load: open_files,
        open_files_server: open_files,
        source_addresses: groups.div_ceil(ports.clients_per_address(connections)),
    }
}

/// The limits of the machine that are too small; empty if the scenario can be run.
pub fn limits(needs: &Needs, machine: &Machine) -> Vec<Limit> {
    let files = |what, need| Limit {
        what,
        limit: machine.open_files_limit,
        need,
        remedy: format!(
            "raise the limit with `ulimit -Hn {need}` as root, or give fewer workload.clients"
        ),
    };
    let mut limits = vec![
        files("open files of the load generator", needs.open_files_load),
        files("open files of the server", needs.open_files_server),
        Limit {
            what: "number of loopback source addresses",
            limit: u64::from(SOURCE_ADDRESSES),
            need: u64::from(needs.source_addresses),
            remedy: "give each more ports with \
                     `sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"`"
                .to_owned(),
        },
    ];
    limits.retain(|limit| limit.limit < limit.need);
    limits
}

/// The loopback address that a client connects from: 127.0.0.1 for the first `per_address`
/// clients, then 127.0.1.1, 127.0.1.2 and so on.
///
/// # Panics
///
/// If `per_address` is 0; [`PortRange::clients_per_address`] never is.
pub fn source_address(client: u32, per_address: u32) -> Ipv4Addr {
    match client / per_address {
        0 => Ipv4Addr::LOCALHOST,
        place => {
            let place = (place - 1) % (SOURCE_ADDRESSES - 1);
            // In range: `place` is below 255 * 254, so the octets are at most 255 and 254.
            Ipv4Addr::new(127, 0, (place / 254 + 1) as u8, (place % 254 + 1) as u8)
        }
    }
}
