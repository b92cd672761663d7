//! Looks at server, load generator and machine between the phases of a trial.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pushbench_link::Namespace;
use pushbench_load::ServerSums;
use pushbench_protocol::{
    ClassStats, ConnectionClass, HandshakeStats, Phase, ServerStats, TransportKind, clock,
};
use pushbench_store::{MachineTimeV2, MachineV2, ProcessWorkV2, UpstreamV2, WorkV2};

use crate::control::Control;
use crate::processes::{Whose, resident_of};
use crate::sockets::{Others, SocketSample, again_by_phase};
use crate::upstream;
use crate::work::{self, KernelLook, ProcessSample, StealLook};

/// How long the server may take to notice that its clients are gone.
const GONE_BOUND: Duration = Duration::from_secs(3);

/// What is looked at.
pub(crate) struct Sampler {
    /// Whose work is the server's, if that is known.
    pub(crate) server: Option<Whose>,
    pub(crate) control: Control,
    pub(crate) kind: TransportKind,
    /// Where the clients connect.
    pub(crate) clients: SocketAddr,
    /// Whether nobody else uses the server, so that its books are of our clients only.
    pub(crate) is_ours: bool,
    /// Where the server listens, whoever connects there.
    pub(crate) server_port: u16,
    /// Whose work is the proxy's that the clients connect to; `None` without one.
    pub(crate) proxy: Option<Whose>,
    /// Where the clients' sockets are, if not where the sampler is.
    pub(crate) far: Option<Arc<Namespace>>,
}

/// When it is looked at.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Moment {
    /// Before the first client connects.
    Before,
    /// All are connected.
    Connected,
    /// The measure phase begins.
    MeasureBegins,
    /// It ends.
    MeasureEnds,
    /// All messages have come, nothing is under way, and all clients are still connected.
    Rest,
}

/// Times that the server was asked for its books in vain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unreported {
    pub(crate) times: u64,
    /// Why, the first time.
    pub(crate) first: String,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    server: BTreeMap<Moment, ProcessSample>,
    /// The server's processes at the last look at them.
    server_pids: Vec<u32>,
    load: BTreeMap<Moment, ProcessSample>,
    proxy: BTreeMap<Moment, ProcessSample>,
    /// The proxy's processes at the last look at them.
    proxy_pids: Vec<u32>,
    /// What was between the proxy and the server, at the end of each phase that ends at rest.
    upstream: BTreeMap<Phase, UpstreamV2>,
    kernel: BTreeMap<Moment, KernelLook>,
    steal: BTreeMap<Moment, StealLook>,
    /// Highest resident memory of the measure phase: the server's, the load generator's, the proxy's.
    under_load: [Option<u64>; 3],
    /// Both ends of the clients' connections, at the end of each phase.
    sockets: BTreeMap<Phase, SocketSample>,
    is_ipv6: bool,
    /// Sockets towards the server that are no client's.
    others: Others,
    /// The server's books of our transport once all was closed, since our first look.
    pub(crate) closed: Option<ServerSums>,
    /// What the server's books had before our first client.
    before: Option<ServerSums>,
    /// What a server of ours did not say of its books.
    unreported: RefCell<Option<Unreported>>,
    /// Whether the kernel told of the server's ends when it was asked, or why not.
    pub(crate) server_ends: Option<Result<(), String>>,
    /// The server's books of connections that came for a ticket only, at the end.
    pub(crate) tickets: Option<ServerSums>,
    /// TLS handshakes that the server counted, at the end; its process is as old as the trial.
    pub(crate) handshakes: Option<HandshakeStats>,
    /// Length of each phase that was played.
    pub(crate) phase_seconds: BTreeMap<Phase, f64>,
}

impl Samples {
    pub(crate) fn new(sampler: &Sampler) -> Self {
        let mut samples = Self::default();
        if sampler.is_ours {
            samples.before = samples.stats(sampler).map(|stats| sums(&stats, sampler.kind));
        }
        samples
    }

    /// Of a server that ran in this process for one trial, and has ended: its last books.
    pub(crate) fn at_the_end(stats: &ServerStats, kind: TransportKind) -> Self {
        let mut samples = Self::default();
        samples.close_with(stats, sums(stats, kind));
        samples
    }

    /// The books of a server of ours; that it does not say them is taken note of.
    fn stats(&self, sampler: &Sampler) -> Option<ServerStats> {
        let stats = sampler.control.stats();
        if let Err(error) = &stats {
            let mut unreported = self.unreported.borrow_mut();
            let first = || Unreported { times: 0, first: error.to_string() };
            unreported.get_or_insert_with(first).times += 1;
        }
        stats.ok()
    }

    /// What a server of ours did not say of its books, if it did not always.
    pub(crate) fn unreported(&self) -> Option<Unreported> {
        self.unreported.borrow().clone()
    }

    /// Looks at the processes, the kernel and the machine.
    pub(crate) fn take(&mut self, moment: Moment, sampler: &Sampler) {
        if let Some(server) = &sampler.server {
            let (look, pids) = server.look();
            self.server.insert(moment, look);
            self.server_pids = pids;
        }
        if let Some(proxy) = &sampler.proxy {
            let (look, pids) = proxy.look();
            self.proxy.insert(moment, look);
            self.proxy_pids = pids;
        }
        self.load.insert(moment, work::look_at(std::process::id()));
        self.kernel.insert(moment, work::look_at_kernel());
        if let Some(look) = work::look_at_steal() {
            self.steal.insert(moment, look);
        }
    }

    /// Remembers which connections to the clients' port are none of theirs. To be called when the
    /// publisher has connected, and before the first client does.
    pub(crate) fn tell_clients_from_others(&mut self, sampler: &Sampler) {
        self.others = Others::look(sampler.clients.port());
        self.is_ipv6 = sampler.clients.is_ipv6();
    }

    /// Looks at both ends of the clients' connections, at the end of a phase.
    pub(crate) fn sample_sockets(&mut self, phase: Phase, sampler: &Sampler) {
        self.sockets.extend(
            SocketSample::take(sampler.clients.port(), &self.others, sampler.far.as_deref())
                .map(|l| (phase, l)),
        );
    }

    /// What the server's kernel sent again in each phase, as far as it is known.
    pub(crate) fn sent_again(&self) -> BTreeMap<Phase, u64> {
        again_by_phase(&self.sockets)
    }

    /// Looks at what both sides hold while they are used. To be called through the measure phase.
    pub(crate) fn sample(&mut self) {
        // The processes that there were when the phase began: to look for others takes time.
        let now = [
            resident_of(&self.server_pids),
            work::resident(std::process::id()),
            resident_of(&self.proxy_pids),
        ];
        for (highest, now) in self.under_load.iter_mut().zip(now) {
            *highest = (*highest).max(now);
        }
    }

    /// Looks at what is between the proxy and the server, if there is one. To be called while nothing is
    /// published and no poll is due.
    pub(crate) fn sample_upstream(&mut self, phase: Phase, sampler: &Sampler) {
        let Some(proxy) = &sampler.proxy else { return };
        // Its workers may be others than a moment ago.
        self.proxy_pids = proxy.look().1;
        let books = || {
            let stats = self.stats(sampler)?;
            let mut look = UpstreamV2::default();
            for class in of_kind(&stats, sampler.kind) {
                look.accepted += class.accepted;
                look.open += class.open;
                look.up += class.received_bytes;
                look.down += class.sent_bytes;
            }
            Some(look)
        };
        let look = upstream::look(sampler.server_port, &self.proxy_pids, books);
        self.upstream.extend(look.map(|look| (phase, look)));
    }

    /// What the proxy cost, and what was behind it.
    pub(crate) fn behind_proxy(&self) -> (ProcessWorkV2, BTreeMap<Phase, UpstreamV2>) {
        let [.., held] = self.under_load;
        (process_work(&self.proxy, held), self.upstream.clone())
    }

    /// What the server has carried for our transport since our first look; `None` from a server
    /// without books, or one that has just died.
    pub(crate) fn server_sums(&self, sampler: &Sampler) -> Option<ServerSums> {
        let before = self.before?;
        Some(since(before, sums(&self.stats(sampler)?, sampler.kind)))
    }

    /// Asks for the server's books once it has noticed that all clients are gone.
    pub(crate) fn close(&mut self, sampler: &Sampler) {
        let Some(before) = self.before else { return };
        let begin = clock::now();
        while let Some(stats) = self.stats(sampler) {
            let open: u64 = of_kind(&stats, sampler.kind).map(|class| class.open).sum();
            if open == 0 || clock::now().since(begin) > GONE_BOUND {
                return self.close_with(&stats, since(before, sums(&stats, sampler.kind)));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Takes the server's last books; `closed` is what it has carried for the trial's clients.
    fn close_with(&mut self, stats: &ServerStats, closed: ServerSums) {
        self.closed = Some(closed);
        self.tickets = stats
            .connections
            .get(&ConnectionClass::HandshakeOnly)
            .map(|class| ServerSums { received: class.received_bytes, sent: class.sent_bytes });
        self.handshakes = Some(stats.handshakes);
    }

    /// What it cost to run; `worker_cpu` is that of each load worker over the measure phase.
    pub(crate) fn work(&self, worker_cpu: &[Duration]) -> WorkV2 {
        let [server_held, load_held, _] = self.under_load;
        let under_load = self.sockets.get(&Phase::Measure);
        let mut worker_cpu_ns: Vec<_> =
            worker_cpu.iter().map(|cpu| cpu.as_nanos() as u64).collect();
        worker_cpu_ns.sort_unstable();
        let load = ProcessWorkV2 {
            worker_cpu_ns,
            sockets: under_load.and_then(|look| look.client),
            ..process_work(&self.load, load_held)
        };
        WorkV2 {
            server: (!self.server.is_empty()).then(|| process_work(&self.server, server_held)),
            servers: Vec::new(),
            load: vec![load],
            // Before a proxy these are its ends of the connections.
            server_sockets: under_load
                .filter(|_| self.proxy.is_empty())
                .and_then(|look| look.server),
        }
    }

    /// Readings of this machine; `None` if it was not looked at.
    pub(crate) fn machine(&self) -> Option<MachineV2> {
        let before = self.kernel.get(&Moment::Before)?;
        let connected = self.kernel.get(&Moment::Connected);
        Some(MachineV2 {
            name: None,
            slab_before_bytes: before.slab,
            slab_connected_bytes: connected.and_then(|look| look.slab),
            tcp_buffers_connected_bytes: connected.and_then(|look| look.tcp_buffers),
            socket_structures_bytes: work::socket_structures(self.is_ipv6),
            time: self.time(),
        })
    }

    /// The machine's time over the measure phase.
    fn time(&self) -> Option<MachineTimeV2> {
        let before = self.steal.get(&Moment::MeasureBegins)?;
        let after = self.steal.get(&Moment::MeasureEnds)?;
        let all_ticks = after.all.checked_sub(before.all).filter(|all| *all > 0)?;
        Some(MachineTimeV2 { stolen_ticks: after.stolen.saturating_sub(before.stolen), all_ticks })
    }
}

/// The classes of a transport's clients; in TLS those too that have not asked for anything yet.
fn of_kind(stats: &ServerStats, kind: TransportKind) -> impl Iterator<Item = ClassStats> {
    let classes = kind.properties().openings.iter().map(|opening| opening.class);
    classes
        .chain([ConnectionClass::Silent])
        .map(|class| stats.connections.get(&class).copied().unwrap_or_default())
}

fn since(before: ServerSums, now: ServerSums) -> ServerSums {
    ServerSums { received: now.received - before.received, sent: now.sent - before.sent }
}

/// What a server has carried for clients of a kind.
pub(crate) fn sums(stats: &ServerStats, kind: TransportKind) -> ServerSums {
    of_kind(stats, kind).fold(ServerSums::default(), |sums, class| ServerSums {
        received: sums.received + class.received_bytes,
        sent: sums.sent + class.sent_bytes,
    })
}

/// What a process has done between the looks at it.
pub(crate) fn process_work(
    samples: &BTreeMap<Moment, ProcessSample>,
    under_load: Option<u64>,
) -> ProcessWorkV2 {
    let at = |moment| samples.get(&moment).copied().unwrap_or_default();
    let (begins, ends) = (at(Moment::MeasureBegins), at(Moment::MeasureEnds));
    let spent = |before: Option<u64>, after: Option<u64>| after?.checked_sub(before?);
    let tick_ns = 1_000_000_000 / rustix::param::clock_ticks_per_second();
    ProcessWorkV2 {
        cpu_ns: spent(begins.cpu_ns, ends.cpu_ns),
        cpu_user_ns: spent(begins.user_ticks, ends.user_ticks).map(|ticks| ticks * tick_ns),
        cpu_system_ns: spent(begins.system_ticks, ends.system_ticks).map(|ticks| ticks * tick_ns),
        resident_before_bytes: at(Moment::Before).resident,
        resident_connected_bytes: at(Moment::Connected).resident,
        resident_load_bytes: under_load.max(ends.resident),
        resident_rest_bytes: at(Moment::Rest).resident,
        resident_end_bytes: ends.resident,
        resident_peak_bytes: ends.resident_peak,
        worker_cpu_ns: Vec::new(),
        sockets: None,
    }
}
