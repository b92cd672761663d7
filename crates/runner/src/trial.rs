//! One trial: a fresh server, the load generator's phases, and a look at the work between them.

mod phases;
mod reach;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;

use pushbench_load::{Fault, Load, Outcome, Plan, Progress, SampleHeaders, TlsTarget};
use pushbench_model::{Compressed, Subject, predict_trial};
use pushbench_protocol::headers::printable_characters;
use pushbench_protocol::{Announcement, Cursor, Deliver, TopicNames, TransportKind};
use pushbench_scenario::{Scenario, Transport, due_times_until, ports_per_client, round_seed};
use pushbench_store::{CellV1, CountsV1, HistogramV1, ModelV1, SampleV1, TrialV1, WaitingV1};
use pushbench_wire::tcp_info::tcp_info;

use crate::books::{books, compare_tickets, segment_headers};
use crate::control::Control;
use crate::figures::{self, figures};
use crate::judge::{Evidence, as_modelled, failures, judge, on_record};
use crate::machine::machine;
use crate::memory;
use crate::options::Options;
use crate::samples::{Moment, Sampler, Samples};
use crate::server_document::{document, recorded};
use crate::server_process::ServerProcess;
use crate::{RunError, Target, tls};
use phases::play_phases;
use reach::{announced, clients_target, connections_for_one};

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
    pub(crate) options: &'a Options,
}

/// How a trial ended.
pub(crate) struct Ending {
    pub(crate) is_complete: bool,
    pub(crate) server_death: Option<String>,
    pub(crate) server_end: Option<String>,
}

impl Trial<'_> {
    /// Plays the trial. `watch` sees the progress and may end it; the record then has what was
    /// measured until then.
    ///
    /// # Errors
    ///
    /// If it could not begin. What goes wrong later is in the record.
    pub(crate) fn play(
        &self,
        started_at: String,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<TrialV1, RunError> {
        let mut scenario = self.scenario.clone();
        scenario.workload.seed = round_seed(scenario.workload.seed, self.round);
        let transport = scenario.transports[self.transport].clone();
        let settings = transport.settings;
        memory::trim();

        let (mut process, target) = match &self.options.target {
            Some(target) => (None, target.clone()),
            None => {
                let process =
                    ServerProcess::start(&self.options.server, &document(&scenario, &transport))?;
                let target = announced(&process.announcement)?;
                (Some(process), target)
            }
        };
        let server = process.as_ref().map(|process| {
            let Announcement { version, config, .. } = &process.announcement;
            recorded(version, config)
        });
        let sampler = Sampler {
            server: process.as_ref().map(|process| process.announcement.pid),
            control: Control::new(target.address),
            kind: settings.kind(),
            clients: clients_target(&transport, &target),
            is_ours: process.is_some(),
        };
        let tls = tls::tls_target(&transport, &target)?;
        let start_cursors = self.start_cursors(&scenario, settings.kind(), &sampler.control);
        let plan = self.plan(scenario, &transport, &target, tls, start_cursors);
        let mut samples = Samples::new(&sampler);
        let mut load = Load::start(plan.clone())?;
        samples.tell_clients_from_others(&sampler);
        samples.take(Moment::Before, &sampler);
        let mut death = None;
        let played = play_phases(&mut load, &mut samples, &sampler, &mut |progress| {
            death = process.as_mut().and_then(ServerProcess::ended);
            if death.is_some() { ControlFlow::Break(()) } else { watch(progress) }
        });
        let outcome = load.finish();
        if death.is_none() {
            samples.close(&sampler);
            death = process.as_mut().and_then(ServerProcess::ended);
        }
        // A server that is told to end waits a while for open connections, this one among them.
        let is_silent = sampler.control.is_silent();
        drop(sampler);
        let server_end = match (process, &death) {
            (Some(process), None) => process.stop(is_silent).err(),
            _ => None,
        };
        let is_complete = played.is_continue();
        let ending = Ending { is_complete, server_death: death, server_end };
        let trial = self.record(started_at, &plan, &target, &outcome, &samples, ending);
        Ok(TrialV1 { server, ..trial })
    }

    /// What the load generator is to do.
    pub(crate) fn plan(
        &self,
        scenario: Scenario,
        transport: &Transport,
        target: &Target,
        tls: Option<TlsTarget>,
        start_cursors: Vec<Cursor>,
    ) -> Plan {
        let machine = machine();
        Plan {
            dues: due_times_until(&scenario, Plan::publish_until(&scenario, transport.settings)),
            transport: transport.settings,
            carriage: transport.carriage,
            target: target.address,
            host: target.host.clone(),
            tls,
            publish_token: target.publish_token.clone(),
            topic_names: self.topic_names,
            start_cursors,
            workers: self.options.workers(&scenario),
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
    ) -> TrialV1 {
        let workload = &plan.scenario.workload;
        let clients = u64::from(workload.clients.get());
        let headers = segment_headers(outcome, plan.subscribers_target().is_ipv6());
        let counts = counts(plan, outcome, ending.is_complete);
        let mut books = books(outcome, samples.closed, &samples.sent_again(), headers);
        books.reconciliations.extend(compare_tickets(outcome, samples.tickets));
        let busy = samples.busy(outcome);
        let work = samples.work(busy);
        let figures = figures(&figures::Source {
            clients,
            connections: clients.div_ceil(u64::from(plan.carriage.clients_per_connection.get())),
            payload_bytes: workload.payload.bytes,
            // Populations are cut by due time, so a phase that was played to its end is as long as
            // the schedule says, to the nanosecond.
            measure_seconds: if ending.is_complete {
                workload.measure.as_secs_f64()
            } else {
                samples.measure_seconds()
            },
            time_scale: f64::from(workload.time_scale.get()),
            is_poll: plan.transport.kind().polls(),
            is_compressed: Compressed::of(plan.transport) != Compressed::Nothing,
            counts: &counts,
            books: &books,
            outcome,
            headers,
            work: &work,
        });
        let evidence = Evidence {
            scenario: &plan.scenario,
            transport: plan.transport,
            tls: plan.carriage.tls,
            handshakes: samples.handshakes,
            unreported: samples.unreported(),
            outcome,
            counts: &counts,
            books: &books,
            busy,
            kernel_refusal: kernel_refusal(),
            steal: samples.steal_share(),
            is_complete: ending.is_complete,
            server_death: ending.server_death,
            server_end: ending.server_end,
        };
        let mut checks = judge(&evidence);
        let transport = &self.scenario.transports[self.transport];
        let is_ours = self.options.target.is_none();
        let host = plan.head_target("").host;
        let link = tls::tls_link(transport, target, is_ours);
        let scenario = &plan.scenario;
        let subject =
            Subject { scenario, transport, host, headers, tls: link, started_at: &started_at };
        if is_ours {
            checks.extend(as_modelled(&evidence, &subject));
        }
        let model = predict_trial(&subject);
        TrialV1 {
            transport: transport.label.clone(),
            round: self.round + 1,
            cell: self.cell.clone(),
            started_at,
            clients,
            phase_seconds: samples.phase_seconds.clone(),
            counts,
            books,
            waiting: waiting(outcome),
            work,
            server: None,
            sample: outcome.sample.as_ref().map(sample),
            tls: tls::record(outcome, is_ours),
            unexpected: on_record(outcome),
            checks,
            figures,
            model: ModelV1 { figures: model },
        }
    }
}

/// Why this kernel gives no `TCP_INFO`, if it does not: asked of a socket that is certainly ours.
fn kernel_refusal() -> Option<String> {
    let socket = match std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)) {
        Ok(socket) => socket,
        Err(error) => return Some(format!("no socket to ask of: {error}")),
    };
    tcp_info(socket.as_raw_fd()).err().map(|error| error.to_string())
}

fn counts(plan: &Plan, outcome: &Outcome, is_complete: bool) -> CountsV1 {
    let counts = &outcome.counts;
    let measured = plan.warm_up_end()..plan.measure_end();
    // What was never due is no message of a trial that was broken off.
    let published = match is_complete {
        true => plan.dues.iter().filter(|due| measured.contains(&due.at)).count() as u64,
        false => outcome.publisher.published_in_measure,
    };
    CountsV1 {
        published,
        expected: counts.expected,
        delivered: counts.delivered,
        superseded: counts.superseded,
        lost: counts.lost,
        duplicates: counts.duplicates,
        out_of_order: counts.out_of_order,
        foreign: counts.foreign,
        altered: Some(counts.altered),
        deliveries_in_measure: counts.deliveries_in_measure,
        uncompressed_payload_bytes_in_measure: Some(counts.uncompressed_payload_in_measure),
        polls: counts.polls,
        empty_polls: counts.empty_polls,
        heartbeats: Some(counts.heartbeats),
        connects: Some(counts.connects),
        retries: Some(counts.retries).filter(|retries| *retries > 0),
        answers: counts.answers.clone(),
        gap_messages: counts.gap_messages,
        errors: failures(outcome),
        close_errors: close_errors(outcome),
    }
}

/// Connections that did not end in order when all was over.
fn close_errors(outcome: &Outcome) -> BTreeMap<String, u64> {
    let faults = outcome.counts.close_faults.iter();
    let mut errors: BTreeMap<_, _> = faults.map(|(fault, count)| (fault.label(), *count)).collect();
    if outcome.publisher.close_unanswered {
        errors.insert(format!("publisher-{}", Fault::CloseTimeout.label()), 1);
    }
    errors
}

fn waiting(outcome: &Outcome) -> WaitingV1 {
    let histograms = figures::distributions(outcome)
        .into_iter()
        .filter(|(_, histogram)| !histogram.is_empty())
        .map(|(name, histogram)| {
            let stored =
                HistogramV1 { count: histogram.count(), hdr_v2_deflate: histogram.encode() };
            (name.to_owned(), stored)
        })
        .collect();
    WaitingV1 {
        histograms,
        age_ns_mean: outcome.age.mean().map(|seconds| seconds * 1e9),
        version_age_mean: outcome.version_age.mean(),
    }
}

fn sample(headers: &SampleHeaders) -> SampleV1 {
    SampleV1 {
        request_characters: printable_characters(&headers.request) as u64,
        response_characters: printable_characters(&headers.response) as u64,
        request_bytes: headers.request.len() as u64,
        response_bytes: headers.response.len() as u64,
        body_bytes: headers.body_len,
        request_head: String::from_utf8_lossy(&headers.request).into_owned(),
        response_head: String::from_utf8_lossy(&headers.response).into_owned(),
    }
}
