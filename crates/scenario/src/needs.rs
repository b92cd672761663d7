//! What the machine must offer, and what it lacks.

use std::fmt;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::ConnectionUse;
use pushbench_protocol::number::thousands;

use crate::{MOST_SHARDS, MemoryNeeds, Scenario, Shards, Transport, TransportSettings, Workload};

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

    /// Clients of so many ports each that may share one source address: 35 % of the ports, at least
    /// one.
    ///
    /// `connect()` prefers one parity of the ports. Beyond half of the range it walks all of that
    /// half before it tries the other, and a connect becomes ten times dearer: 45 microseconds
    /// became 500 to 780, measured on Linux with 16,667 connections an address. So the next
    /// address is taken well before, with room for ports that are in use or in `TIME_WAIT`.
    pub fn clients_per_address(self, ports: u32) -> u32 {
        (self.easily_found() / ports).max(1)
    }

    /// Ports of one source address that may be taken before connecting becomes dear.
    fn easily_found(self) -> u32 {
        self.ports() * 35 / 100
    }
}

/// What the machine has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Machine {
    /// Files that a process may open: the hard limit if the soft one will be raised to it.
    pub open_files_limit: u64,
    /// Files that all processes together may open (`fs.file-max`); `None` where nobody knows.
    pub open_files_of_all: Option<u64>,
    /// Ports of outgoing connections.
    pub ports: PortRange,
    /// How long ports stay taken after their connections were closed.
    pub time_wait: TimeWait,
    /// Bytes of memory that can be had without swapping; `None` where nobody knows.
    pub memory_available: Option<u64>,
}

/// How long the port of a closed connection cannot be used again for the same target. It is the side
/// that closes first that has to wait (RFC 9293, section 3.6.1), and that is the client here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeWait {
    /// Where both ends are of this machine's loopback.
    pub loopback: Duration,
    /// Where they are not.
    pub beyond: Duration,
}

impl TimeWait {
    /// Linux holds a port for a minute (`TCP_TIMEWAIT_LEN`).
    const WHOLE: Duration = Duration::from_secs(60);
    /// With timestamps it may be used again in the second after next, as far as
    /// `net.ipv4.tcp_tw_reuse` goes: on loopback only, or everywhere.
    const REUSED: Duration = Duration::from_secs(2);
    /// What Linux is set to unless someone changed it.
    pub const LINUX: Self = Self { loopback: Self::REUSED, beyond: Self::WHOLE };

    /// What `net.ipv4.tcp_tw_reuse` and `net.ipv4.tcp_timestamps` make of it.
    pub fn new(reuse: u8, timestamps: bool) -> Self {
        let (loopback, beyond) = match reuse {
            _ if !timestamps => (Self::WHOLE, Self::WHOLE),
            0 => (Self::WHOLE, Self::WHOLE),
            2 => (Self::REUSED, Self::WHOLE),
            _ => (Self::REUSED, Self::REUSED),
        };
        Self { loopback, beyond }
    }
}

/// What a scenario needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Needs {
    /// Parts that a trial is split into: pairs of a load process and a server process.
    pub shards: NonZeroU32,
    /// Files that the load generator opens: one of its processes.
    pub open_files_load: u64,
    /// Files that the server opens, likewise.
    pub open_files_server: u64,
    /// Whether `load.shards = "auto"` may be tried where there are too few files.
    pub may_be_split: bool,
    /// Loopback addresses that clients connect from.
    pub source_addresses: u32,
    /// Ports that one client takes at a time, those of closed connections included.
    pub ports_per_client: u32,
    /// Memory that it takes.
    pub memory: MemoryNeeds,
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

impl Limit {
    /// What it says of a value that a search would play next, if there were room.
    pub fn of_more(&self) -> String {
        let Self { what, limit, need, .. } = self;
        format!(
            "{what}: more would need {}, and the limit is {}",
            thousands(*need),
            thousands(*limit)
        )
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, limit, need, remedy } = self;
        write!(f, "{what} is {limit}, expected at least {need}\n  help: {remedy}")
    }
}

/// What the scenario needs of a machine: each as its transport that needs most of that. Files are those
/// of one process, of as many as there are [`shards`].
pub fn needs(scenario: &Scenario, machine: &Machine) -> Needs {
    let workload = &scenario.workload;
    let shards = shards(scenario, machine);
    let most =
        |of: &dyn Fn(&Transport) -> u32| scenario.transports.iter().map(of).max().unwrap_or(1);
    let ports = |transport: &Transport| {
        ports_per_client(transport.settings, workload, machine.time_wait.loopback)
    };
    let Files { load, server } = Files::of(scenario, shards);
    Needs {
        shards,
        open_files_load: load,
        open_files_server: server,
        may_be_split: scenario.find.is_none()
            && scenario.load.shards != Shards::Auto
            && scenario.transports.iter().all(|of| of.server.is_none()),
        source_addresses: most(&|transport| {
            let per_address = machine.ports.clients_per_address(ports(transport));
            groups(transport, workload).div_ceil(per_address)
        }),
        ports_per_client: most(&ports),
        memory: MemoryNeeds::of(scenario, shards),
    }
}

/// How many shards a trial of the scenario is split into on a machine.
pub fn shards(scenario: &Scenario, machine: &Machine) -> NonZeroU32 {
    let fits = |shards: &NonZeroU32| {
        let Files { load, server } = Files::of(scenario, *shards);
        load.max(server) <= machine.open_files_limit
    };
    match scenario.load.shards {
        Shards::Exactly(shards) => shards,
        Shards::Auto => {
            let most = MOST_SHARDS.min(most_shards(scenario));
            let mut counts = (1..=most).filter_map(NonZeroU32::new);
            // Where the most are too few, it is the limit that is told.
            counts.find(fits).or(NonZeroU32::new(most)).unwrap_or(NonZeroU32::MIN)
        }
    }
}

/// Whether any trial of the scenario is split into shards on a machine.
pub fn is_split(scenario: &Scenario, machine: &Machine) -> bool {
    scenario.with_cells().any(|cell| shards(cell, machine).get() > 1)
}

/// How many shards a trial of the scenario may be split into, so that each has a client: as many as there
/// are groups of clients that share a connection.
pub fn most_shards(scenario: &Scenario) -> u32 {
    let groups = scenario.transports.iter().map(|of| groups(of, &scenario.workload));
    groups.min().unwrap_or(1)
}

/// Files that a process opens in a trial that is split into shards.
struct Files {
    load: u64,
    server: u64,
}

impl Files {
    fn of(scenario: &Scenario, shards: NonZeroU32) -> Self {
        let files = |files: &dyn Fn(&Transport) -> u32| {
            let of_all = scenario.transports.iter().map(|transport| {
                let groups = groups(transport, &scenario.workload).div_ceil(shards.get());
                groups.saturating_mul(files(transport))
            });
            u64::from(of_all.max().unwrap_or(1)) + SPARE_FILES
        };
        let connections = |of: &Transport| of.settings.kind().connections_per_client();
        Self {
            // What a library opens for itself is held by a second descriptor, to be asked of.
            load: files(&|of| match of.carriage.client.has_own_sockets() {
                false => connections(of),
                true => 2 * connections(of),
            }),
            // A connection may be closed at the server a moment after the client opened its next one.
            server: files(&|of| match of.settings.connection() {
                ConnectionUse::KeepAlive => connections(of),
                ConnectionUse::PerPoll => 2 * connections(of),
            }),
        }
    }
}

/// Groups of clients that share a connection, and with it its address.
fn groups(transport: &Transport, workload: &Workload) -> u32 {
    workload.clients.get().div_ceil(transport.carriage.clients_per_connection.get())
}

/// Ports that a client of a transport takes at a time: of its connections, and of those that it has
/// closed within `time_wait`.
pub fn ports_per_client(
    settings: TransportSettings,
    workload: &Workload,
    time_wait: Duration,
) -> u32 {
    let open = settings.kind().connections_per_client();
    let polls_per_second = match (settings.connection(), settings.interval(), settings.hold()) {
        (ConnectionUse::PerPoll, Some(interval), _) => 1.0 / interval.as_secs_f64(),
        // A closed loop keeps its connections.
        (ConnectionUse::PerPoll, None, Some(hold)) => {
            workload.publish.rate.per_second() + 1.0 / hold.duration().as_secs_f64()
        }
        (ConnectionUse::KeepAlive | ConnectionUse::PerPoll, _, _) => 0.0,
    };
    let closed = (polls_per_second * time_wait.as_secs_f64()).ceil();
    // Not near the bounds of u32: a poll each 10 ms or a million messages a second, for a minute.
    open.saturating_add(closed as u32)
}

/// What a target beyond loopback lacks room for: there the clients share one source address.
pub fn limit_beyond_loopback(scenario: &Scenario, machine: &Machine) -> Option<Limit> {
    let workload = &scenario.workload;
    let ports = |transport: &Transport| {
        let each = ports_per_client(transport.settings, workload, machine.time_wait.beyond);
        u64::from(groups(transport, workload)) * u64::from(each)
    };
    let need = scenario.transports.iter().map(ports).max()?;
    let limit = u64::from(machine.ports.ports());
    (limit < need).then(|| Limit {
        what: "number of ports of outgoing connections",
        limit,
        need,
        remedy: format!("give fewer workload.clients, {PORTS_REMEDY}"),
    })
}

/// What the clients' end of the scenario's link lacks room for: its one address has the ports of a machine
/// that was set up for it.
pub fn limit_over_link(scenario: &Scenario, machine: &Machine) -> Option<Limit> {
    scenario.network.link?;
    let ports = PortRange { first: 1_024, last: u16::MAX };
    let time_wait = TimeWait { beyond: TimeWait::REUSED, ..machine.time_wait };
    limit_beyond_loopback(scenario, &Machine { ports, time_wait, ..*machine })
}

/// What helps where ports run out.
const PORTS_REMEDY: &str = "poll less often or with connection = \"keep-alive\", or let ports be used \
     again sooner with `sysctl -w net.ipv4.tcp_tw_reuse=1`";

/// The limits of the machine that are too small; empty if the scenario can be run.
pub fn limits(needs: &Needs, machine: &Machine) -> Vec<Limit> {
    let split = match needs.may_be_split {
        true => "split the clients over several processes with load.shards = \"auto\", ",
        false => "",
    };
    let files = |what, need| Limit {
        what,
        limit: machine.open_files_limit,
        need,
        remedy: format!(
            "raise the limit with `ulimit -Hn {need}` as root, {split}or give fewer workload.clients"
        ),
    };
    let mut limits = vec![
        files("open files of the load generator", needs.open_files_load),
        files("open files of the server", needs.open_files_server),
        Limit {
            what: "number of ports that are easily found at one address",
            limit: u64::from(machine.ports.easily_found()),
            need: u64::from(needs.ports_per_client),
            remedy: PORTS_REMEDY.to_owned(),
        },
        Limit {
            what: "number of loopback source addresses",
            limit: u64::from(SOURCE_ADDRESSES),
            need: u64::from(needs.source_addresses),
            remedy: "give each more ports with \
                     `sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"`"
                .to_owned(),
        },
    ];
    limits.extend(machine.open_files_of_all.map(|limit| {
        let pair = needs.open_files_load.saturating_add(needs.open_files_server);
        let need = pair.saturating_mul(u64::from(needs.shards.get()));
        let remedy =
            format!("raise it with `sysctl -w fs.file-max={need}` or give fewer workload.clients");
        Limit { what: "open files of all processes together", limit, need, remedy }
    }));
    limits.extend(machine.memory_available.map(|limit| Limit {
        what: "bytes of memory that can be had",
        limit,
        need: needs.memory.total(),
        remedy: needs.memory.remedy(),
    }));
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
