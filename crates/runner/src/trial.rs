//! One trial: a fresh server, the load generator's phases, and a look at the work between them.

mod fault;
pub(crate) mod gate;
pub(crate) mod link;
mod phases;
pub(crate) mod planned;
mod reach;
mod server;

use std::ops::ControlFlow;
use std::os::fd::AsRawFd;

use pushbench_load::{Load, Outcome, Plan, Progress, SoFar, Via};
use pushbench_protocol::{Cursor, Deliver, Phase, TopicNames, TransportKind};
use pushbench_scenario::{
    Scenario, Shard, Transport, due_times_until, ports_per_client, round_seed,
};
use pushbench_store::{CellV1, LinkV2, MachineV2, ProxyV2, ShardV2, TrialV2};
use pushbench_wire::tcp_info::tcp_info;

use crate::adapted_server::proxy::RunningProxy;
use crate::control::Control;
use crate::derive::{self, Played};
use crate::judge::Circumstances;
use crate::machine::{machine, machine_name};
use crate::memory;
use crate::options::Options;
use crate::samples::{Moment, Sampler, Samples};
use crate::sums::{Conducted, sums};
use crate::{RunError, Target, tls};
use fault::Disconnect;
use gate::Gate;
use link::TrialLink;
use phases::{Around, play_phases};
pub(crate) use reach::Reach;
use reach::{clients_target, connections_for_one};
pub(crate) use server::TrialServer;

/// How far a trial is whose server is not ready yet.
pub(crate) const NOTHING_YET: Progress = Progress {
    phase: Phase::Connect,
    connected: 0,
    failed: 0,
    delivered: 0,
    share: 0.0,
    late: None,
    so_far: SoFar::NOTHING,
};

/// A trial to play.
pub(crate) struct Trial<'a> {
    pub(crate) scenario: &'a Scenario,
    /// Swept settings; empty without a sweep.
    pub(crate) cell: CellV1,
    /// Place among the scenario's transports.
    pub(crate) transport: usize,
    /// From 0.
    pub(crate) round: u32,
    /// What the topics are called.
    pub(crate) topic_names: TopicNames,
    /// The clients that are played here, against a server of their own.
    pub(crate) shard: Shard,
    pub(crate) options: &'a Options,
}

/// Waits until a server that is started for a trial of this scenario is ready for its clients, or says
/// why it will not be.
pub(crate) type IsReady<'a> = dyn Fn(&TrialServer, &Scenario, &mut dyn FnMut() -> ControlFlow<()>) -> Result<(), RunError>
    + 'a;

/// How a trial ended.
pub(crate) struct Ending {
    pub(crate) is_complete: bool,
    pub(crate) server_death: Option<String>,
    pub(crate) server_end: Option<String>,
    /// What the link saw, if there was one.
    pub(crate) link: Option<LinkV2>,
    /// The proxy that its clients connected to, if there was one.
    pub(crate) proxy: Option<ProxyV2>,
    /// Why it was ended that was to keep to planned moments.
    pub(crate) late: Option<String>,
}

impl Trial<'_> {
    /// Plays the trial, once `is_ready` has found its server so. `watch` sees the progress and may end
    /// it; the record then has what was measured until then.
    ///
    /// # Errors
    ///
    /// If it could not begin. What goes wrong later is in the record.
    pub(crate) fn play(
        &self,
        started_at: String,
        is_ready: &IsReady<'_>,
        gate: &mut dyn Gate,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<TrialV2, RunError> {
        let mut scenario = self.scenario.clone();
        scenario.workload.seed = round_seed(scenario.workload.seed, self.round);
        let transport = scenario.transports[self.transport].clone();
        let settings = transport.settings;
        memory::trim();

        // Both begin with nothing: no port that was used before, no metric of an earlier connection.
        let link = TrialLink::up(&scenario)?;
        // The server, the publisher and whoever samples are started or run by this thread: they are near,
        // as an application beside its server would be.
        let near = link.enter_near()?;

        let mut server =
            TrialServer::of(&scenario, &transport, self.options, &mut || watch(NOTHING_YET))?;
        is_ready(&server, &scenario, &mut || watch(NOTHING_YET))?;
        let topics = scenario.workload.topics.get();
        let mut reach = server.reach(&transport, topics, self.topic_names)?;
        let mut proxy = self.proxy(&transport, &reach, &mut || watch(NOTHING_YET))?;
        reach.via = proxy
            .as_ref()
            .map(|proxy| Via { address: proxy.address, host: proxy.address.to_string() });
        let announced = server.recorded();
        let sampler = Sampler {
            server: server.whose(),
            control: Control::new(reach.target.address),
            kind: settings.kind(),
            clients: clients_target(&reach),
            is_ours: server.is_ours(),
            server_port: reach.target.address.port(),
            proxy: proxy.as_ref().map(RunningProxy::whose),
            far: link.far(),
        };
        let start_cursors = match reach.adapted {
            // Its adapter says where its clients begin.
            Some(_) => vec![Cursor::NOW; topics as usize],
            None => self.start_cursors(&scenario, settings.kind(), &sampler.control),
        };
        let plan = Plan {
            namespace: link.far(),
            ..self.plan(scenario, &transport, &reach, start_cursors)
        };
        let mut samples = Samples::new(&sampler);
        let mut load = Load::start(plan.clone())?;
        samples.tell_clients_from_others(&sampler);
        samples.take(Moment::Before, &sampler);
        let mut death = None;
        let mut disconnect = Disconnect::of(plan.scenario.faults, sampler.server.as_ref());
        let watch = &mut |progress: Progress| {
            death = server.ended().or_else(|| proxy.as_mut().and_then(RunningProxy::ended));
            let is_over = death.is_some() || link.has_failed();
            if is_over { ControlFlow::Break(()) } else { watch(progress) }
        };
        let around = Around { link: &link, gate: &mut *gate, disconnect: &mut disconnect };
        let played = play_phases(&mut load, &mut samples, &sampler, around, watch);
        link.begin(Phase::Close);
        let outcome = load.finish();
        // It may keep its connections to the server for later clients; there are none.
        let proxy = proxy.map(|proxy| {
            let record = on_record(&proxy, &samples);
            proxy.stop();
            record
        });
        if death.is_none() {
            samples.close(&sampler);
            death = server.ended();
        }
        // A server that is told to end waits a while for open connections, this one among them.
        let is_silent = sampler.control.is_silent();
        drop(sampler);
        let server_end = match death {
            None => server.stop(is_silent),
            Some(_) => None,
        };
        // A server that is told to end answers the last packets until then.
        drop(near);
        let link = link.down();
        let is_complete = played.is_continue();
        let late = gate.late();
        let ending = Ending { is_complete, server_death: death, server_end, link, proxy, late };
        let trial = self.record(started_at, &plan, &reach.target, &outcome, &samples, ending)?;
        Ok(TrialV2 { server: announced, ..trial })
    }

    /// What the load generator is to do.
    pub(crate) fn plan(
        &self,
        scenario: Scenario,
        transport: &Transport,
        reach: &Reach,
        start_cursors: Vec<Cursor>,
    ) -> Plan {
        let machine = machine();
        let Reach { target, tls, via, adapted } = reach.clone();
        let is_theirs = adapted.as_ref().is_some_and(|of| of.transport.publishes_by_itself());
        Plan {
            dues: match is_theirs {
                // Nobody knows what will come, or when.
                true => Vec::new(),
                false => {
                    due_times_until(&scenario, Plan::publish_until(&scenario, transport.settings))
                }
            },
            transport: transport.settings,
            carriage: transport.carriage,
            target: target.address,
            host: target.host,
            tls,
            via,
            publish_token: target.publish_token,
            topic_names: self.topic_names,
            start_cursors,
            shard: self.shard,
            workers: self.options.workers(&scenario),
            adapted,
            namespace: None,
            clients_per_address: machine.ports.clients_per_address(
                ports_per_client(
                    transport.settings,
                    &scenario.workload,
                    machine.time_wait.loopback,
                ) * connections_for_one(transport.carriage.tls),
            ),
            scenario,
        }
    }

    /// The proxy that a transport goes through, before the server that is ready.
    fn proxy(
        &self,
        transport: &Transport,
        reach: &Reach,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<RunningProxy>, RunError> {
        let Some(proxy) = &transport.proxy else { return Ok(None) };
        let cpus = self.options.server_cpus();
        RunningProxy::start(proxy, reach.target.address, cpus, watch).map(Some)
    }

    /// Where each topic's subscribers begin.
    fn start_cursors(
        &self,
        scenario: &Scenario,
        kind: TransportKind,
        control: &Control,
    ) -> Vec<Cursor> {
        let topics = scenario.workload.topics.get();
        // A server of our own is fresh, and its logs are empty. Another's may hold older messages.
        let is_fresh = self.options.target.is_none();
        let needs_place = scenario.workload.deliver == Deliver::Every || !kind.has_timer();
        let everywhere = |cursor| vec![cursor; topics as usize];
        if is_fresh || !needs_place {
            everywhere(Cursor::OLDEST)
        } else if kind.pushes() {
            everywhere(Cursor::NOW)
        } else {
            let names: Vec<_> = (0..topics).map(|topic| self.topic_names.name(topic)).collect();
            control.ends_of(&names)
        }
    }

    /// Judges what was seen, and puts it on record.
    pub(crate) fn record(
        &self,
        started_at: String,
        plan: &Plan,
        target: &Target,
        outcome: &Outcome,
        samples: &Samples,
        ending: Ending,
    ) -> Result<TrialV2, RunError> {
        let sums = sums(outcome, self.conducted(plan, outcome, samples, ending.is_complete))?;
        let transport = &self.scenario.transports[self.transport];
        let is_ours = self.options.target.is_none() && transport.server.is_none();
        let played = Played {
            scenario: &plan.scenario,
            transport,
            round: self.round + 1,
            cell: self.cell.clone(),
            started_at,
            host: plan.head_target("").host,
            is_ipv6: plan.subscribers_target().is_ipv6(),
            tls: tls::tls_link(transport, target, is_ours),
            is_ours,
            is_adapted: transport.server.is_some(),
            shard: self.shard,
        };
        let circumstances = Circumstances {
            unreported: samples.unreported(),
            server_ends: samples.server_ends.clone(),
            kernel_refusal: kernel_refusal(),
            server_death: ending.server_death,
            server_end: ending.server_end,
            link: ending.link,
            proxy: ending.proxy,
            late: ending.late,
            lost_shards: None,
        };
        let machine = samples.machine().map(|machine| self.named(machine));
        let shard =
            (!self.shard.is_whole()).then(|| shard_on_record(&played, target, &circumstances));
        let trial = derive::trial(played, sums, machine.into_iter().collect(), &circumstances);
        Ok(TrialV2 { shard, ..trial })
    }

    /// A reading of this machine, by its name where others of the trial may be of the same.
    fn named(&self, machine: MachineV2) -> MachineV2 {
        let name = if self.shard.is_whole() { None } else { machine_name() };
        MachineV2 { name, ..machine }
    }

    /// What is known of the trial beside what the load generator saw.
    fn conducted(
        &self,
        plan: &Plan,
        outcome: &Outcome,
        samples: &Samples,
        is_complete: bool,
    ) -> Conducted {
        let measured = plan.warm_up_end()..plan.measure_end();
        Conducted {
            server: self.shard.index(),
            counts_no_messages: !self.shard.counts_messages(),
            clients: u64::from(plan.clients()),
            connections: u64::from(plan.connections()),
            // What was never due is no message of a trial that was broken off.
            published: match is_complete {
                true => plan.dues.iter().filter(|due| measured.contains(&due.at)).count() as u64,
                false => outcome.publisher.as_ref().map_or(0, |of| of.published_in_measure),
            },
            publishes_by_itself: plan.publishes_by_itself(),
            is_complete,
            phase_seconds: samples.phase_seconds.clone(),
            // What the server carried for a proxy is not held against what the clients did.
            closed: samples.closed.filter(|_| plan.via.is_none()),
            tickets: samples.tickets.filter(|_| plan.via.is_none()),
            handshakes: samples.handshakes.filter(|_| plan.tls.is_some()),
            retransmitted_down: samples.sent_again(),
            work: samples.work(&outcome.worker_cpu),
        }
    }
}

/// What is known of a proxy when the trial is over.
fn on_record(proxy: &RunningProxy, samples: &Samples) -> ProxyV2 {
    let (name, kind, version) = proxy.identity();
    let (work, upstream) = samples.behind_proxy();
    ProxyV2 {
        name: name.to_owned(),
        kind: kind.label().to_owned(),
        version: version.map(str::to_owned),
        work,
        upstream,
    }
}

/// What of a part does not add up.
fn shard_on_record(played: &Played<'_>, target: &Target, circumstances: &Circumstances) -> ShardV2 {
    let is_tls = played.tls.is_some();
    let certificate = target.tls.as_ref().filter(|_| is_tls).map(|tls| tls.certificate.der_len());
    let mut shard = ShardV2 {
        number: played.shard.index() + 1,
        of: played.shard.of(),
        host: played.host.to_owned(),
        ipv6: played.is_ipv6,
        certificate_bytes: certificate.map(|len| len as u64),
        ..ShardV2::default()
    };
    circumstances.put_on_record(&mut shard);
    shard
}

/// Why this kernel gives no `TCP_INFO`, if it does not: asked of a socket that is certainly ours.
fn kernel_refusal() -> Option<String> {
    let socket = match std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)) {
        Ok(socket) => socket,
        Err(error) => return Some(format!("no socket to ask of: {error}")),
    };
    tcp_info(socket.as_raw_fd()).err().map(|error| error.to_string())
}
