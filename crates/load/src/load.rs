//! One trial, phase by phase.

pub(crate) mod preflight;

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use pushbench_protocol::{Phase, Timestamp, clock};

use crate::accounts::published::Published;
use crate::boundary::{Attempts, ServerWitnesses};
use crate::command::{Command, Reply, Status};
use crate::outcome::InFlight;
use crate::publisher::Publisher;
use crate::publisher::subscribers::ToPublish;
use crate::rest::Rest;
use crate::so_far::SoFar;
use crate::worker::{Role, Worker};
use crate::{Boundary, Counted, Outcome, Plan, bounds};

/// How often the conductor looks at its workers.
const LOOK: Duration = Duration::from_millis(20);
/// Between two attempts.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(5);
/// From the order to begin until a part of the schedule begins, so that all hear it before.
pub const LEAD: Duration = Duration::from_millis(30);

/// Why a trial could not be played at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A thread or a runtime could not be made.
    #[error("could not start the load generator: {0}")]
    Start(io::Error),
    /// The publisher could not connect.
    #[error("the publisher could not connect to the server: {0}")]
    Publisher(io::Error),
}

/// Where a trial stands, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// Clients that are connected.
    pub connected: u64,
    /// Clients that failed.
    pub failed: u64,
    /// Deliveries of the measure phase so far.
    pub delivered: u64,
    /// How far the phase is, 0 to 1.
    pub share: f64,
    /// The latest that a poll or a publish of the measure phase was sent after it was due; `None`
    /// before the first.
    pub late: Option<Duration>,
    /// What the measure phase has brought so far.
    pub so_far: SoFar,
}

/// Looks at the progress of a trial and may end it.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// A trial being played. Its methods are its phases, to be called in their order; each blocks until
/// its phase is over. `Break` means that the watch ended the trial: [`Load::finish`] still works.
pub struct Load {
    plan: Arc<Plan>,
    workers: Vec<Worker>,
    /// `None` where the server publishes by itself.
    publisher: Option<Publisher>,
    measure_at: Option<Timestamp>,
    cpu_before: Vec<Duration>,
    worker_cpu: Vec<Duration>,
    server: BTreeMap<Boundary, Counted>,
    in_flight: BTreeMap<Boundary, InFlight>,
    rest: Rest,
    /// Longest time without any client's end while all are to end.
    ending_still: Duration,
}

impl Load {
    /// Starts the publisher and the workers. No client connects yet, so memory can be looked at.
    ///
    /// # Errors
    ///
    /// If a thread cannot be made or the publisher cannot connect.
    pub fn start(plan: Plan) -> Result<Self, LoadError> {
        let plan = Arc::new(plan);
        let topics: Arc<[_]> = plan.topic_counts().into();
        let times = Arc::new(Published::new(&topics));
        let to_publish = Arc::<ToPublish>::default();
        let publisher = Publisher::start(Arc::clone(&plan), Arc::clone(&times), &to_publish)
            .map_err(LoadError::Publisher)?;
        let workers = (0..plan.workers)
            .map(|index| {
                let (plan, topics) = (Arc::clone(&plan), Arc::clone(&topics));
                let (published, to_publish) = (Arc::clone(&times), Arc::clone(&to_publish));
                Worker::start(Role { index, plan, topics, published, to_publish })
            })
            .collect::<Result<_, _>>()
            .map_err(LoadError::Start)?;
        Ok(Self {
            plan,
            workers,
            publisher,
            measure_at: None,
            cpu_before: Vec::new(),
            worker_cpu: Vec::new(),
            server: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            rest: Rest::default(),
            ending_still: bounds::ENDING_STILL,
        })
    }

    /// Connects every client, or counts it as failed, and closes the books of that.
    pub fn connect(
        &mut self,
        server: &mut dyn ServerWitnesses,
        watch: &mut Watch<'_>,
    ) -> ControlFlow<()> {
        let clients = f64::from(self.plan.clients());
        let bound = bounds::connect(&self.plan);
        for worker in &self.workers {
            let _ = worker.commands.send(Command::Connect);
        }
        self.wait(Phase::Connect, bound, watch, |status, _| {
            let arrived = (status.connected + status.failed) as f64;
            arrived / clients
        })?;
        self.settle(Phase::Connect, watch)?;
        self.close(Boundary::Connected, Phase::Connect, server, watch)
    }

    /// Plays the warm-up, whose schedule begins at `at`, and closes its books. That should be at least
    /// [`LEAD`] from now.
    pub fn warm_up(
        &mut self,
        at: Timestamp,
        server: &mut dyn ServerWitnesses,
        watch: &mut Watch<'_>,
    ) -> ControlFlow<()> {
        let end = self.plan.warm_up_end();
        self.begin(Phase::WarmUp, at);
        if let Some(publisher) = &self.publisher {
            publisher.begin_topics(at);
            publisher.publish(Duration::ZERO, end, at);
        }
        self.pass(Phase::WarmUp, at, end, watch)?;
        self.settle(Phase::WarmUp, watch)?;
        self.close(Boundary::WarmedUp, Phase::WarmUp, server, watch)
    }

    /// Lets the measure phase begin at `at`, which should be at least [`LEAD`] from now.
    pub fn begin_measure(&mut self, at: Timestamp) {
        self.cpu_before = self.statuses(Command::Report).iter().map(|status| status.cpu).collect();
        self.begin(Phase::Measure, at);
        let (from, until) = (self.plan.warm_up_end(), self.plan.measure_end());
        if let Some(publisher) = &self.publisher {
            publisher.publish(from, until, at);
            publisher.publish_on(until, at.plus(until - from));
        }
        self.measure_at = Some(at);
    }

    /// Plays the measure phase to its end.
    ///
    /// # Panics
    ///
    /// If it was not begun.
    pub fn measure(&mut self, watch: &mut Watch<'_>) -> ControlFlow<()> {
        let at = self.measure_at.expect("begin_measure comes first");
        let len = self.plan.measure_end() - self.plan.warm_up_end();
        let passed = self.pass(Phase::Measure, at, len, watch);
        let after = self.statuses(Command::Report);
        self.worker_cpu = after
            .iter()
            .zip(&self.cpu_before)
            .map(|(after, before)| after.cpu.saturating_sub(*before))
            .collect();
        passed
    }

    /// Waits for what is still to come, within the scenario's bound, and closes the books.
    pub fn drain(
        &mut self,
        server: &mut dyn ServerWitnesses,
        watch: &mut Watch<'_>,
    ) -> ControlFlow<()> {
        let bound = self.plan.scenario.workload.drain;
        let clients = f64::from(self.plan.clients());
        let mut published = false;
        // Time alone ends this wait when something is lost; the counts then say so.
        self.wait(Phase::Drain, bound, watch, |status, load| {
            published = published || load.publisher.as_ref().is_none_or(Publisher::is_done);
            let arrived = 1.0 - status.waiting_for_last as f64 / clients;
            if published && status.in_flight == 0 { arrived } else { arrived.min(0.999) }
        })?;
        if let Some(publisher) = &self.publisher {
            publisher.end_publishing_on();
        }
        self.settle(Phase::Drain, watch)?;
        self.close(Boundary::Drained, Phase::Drain, server, watch)
    }

    /// Where it stands now, for whoever waits between two phases.
    pub fn look(&self, phase: Phase) -> Progress {
        self.progress(phase, &self.status(), 1.0)
    }

    /// Ends all connections and gives what was seen. Works after any phase.
    pub fn finish(mut self) -> Outcome {
        let mut outcome =
            Outcome { server: self.server, in_flight: self.in_flight, ..Outcome::default() };
        if let Some(publisher) = &mut self.publisher {
            publisher.stop();
        }
        let still = self.ending_still;
        let finish = |reply| Command::Finish { still, reply };
        let replies: Vec<_> = self.workers.iter().map(|w| ask(w, finish)).collect();
        for reply in replies {
            match reply.and_then(|reply| reply.recv_timeout(bounds::WORKER).ok()) {
                Some(worker) => outcome.workers.push(worker),
                None => outcome.workers_gone += 1,
            }
        }
        for worker in self.workers {
            worker.join();
        }
        outcome.worker_cpu = self.worker_cpu;
        outcome.publisher = self.publisher.map(Publisher::finish);
        outcome
    }

    /// Waits until a part of the schedule that began at `at` is `len` old.
    fn pass(
        &mut self,
        phase: Phase,
        at: Timestamp,
        len: Duration,
        watch: &mut Watch<'_>,
    ) -> ControlFlow<()> {
        loop {
            let now = clock::now();
            let passed = now.since(at);
            self.show(phase, passed.as_secs_f64() / len.as_secs_f64().max(1e-9), watch)?;
            let left = at.plus(len).since(now);
            if left.is_zero() {
                return ControlFlow::Continue(());
            }
            // Asking costs the workers something: seldom in the measure phase.
            std::thread::sleep(left.min(LOOK * 10));
        }
    }

    /// Waits until `share` reaches 1, or for `bound`.
    fn wait(
        &mut self,
        phase: Phase,
        bound: Duration,
        watch: &mut Watch<'_>,
        mut share: impl FnMut(&Status, &Self) -> f64,
    ) -> ControlFlow<()> {
        let begin = clock::now();
        loop {
            let status = self.status();
            let reached = share(&status, self);
            watch(self.progress(phase, &status, reached))?;
            if reached >= 1.0 || clock::now().since(begin) >= bound {
                return ControlFlow::Continue(());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until all is quiet.
    fn settle(&mut self, phase: Phase, watch: &mut Watch<'_>) -> ControlFlow<()> {
        self.rest.begin(clock::now());
        loop {
            let status = self.status_with_bytes();
            watch(self.progress(phase, &status, 1.0))?;
            if self.rest.is_settled(&self.plan, &status, clock::now()) {
                return ControlFlow::Continue(());
            }
            std::thread::sleep(LOOK);
        }
    }

    fn show(&self, phase: Phase, share: f64, watch: &mut Watch<'_>) -> ControlFlow<()> {
        watch(self.progress(phase, &self.status(), share.min(1.0)))
    }

    fn begin(&self, phase: Phase, at: Timestamp) {
        for worker in &self.workers {
            let _ = worker.commands.send(Command::Begin(phase, at));
        }
    }

    /// Closes the books of a boundary at a moment at which both sides have counted the same, or
    /// as well as it can be done.
    fn close(
        &mut self,
        boundary: Boundary,
        phase: Phase,
        server: &mut dyn ServerWitnesses,
        watch: &mut Watch<'_>,
    ) -> ControlFlow<()> {
        self.rest.begin(clock::now());
        let mut attempts = Attempts::default();
        loop {
            let demand = self.rest.demand(clock::now());
            let workers = self.workers.iter().map(|worker| &worker.commands);
            if let Some(taken) = attempts.attempt(workers, boundary, demand, server) {
                self.server.insert(boundary, taken.server);
                self.in_flight.extend(taken.in_flight.map(|in_flight| (boundary, in_flight)));
                return ControlFlow::Continue(());
            }
            let status = self.status_with_bytes();
            watch(self.progress(phase, &status, 1.0))?;
            self.rest.look(&status, clock::now());
            std::thread::sleep(ATTEMPT_PAUSE);
        }
    }

    fn statuses(&self, command: fn(Reply<Status>) -> Command) -> Vec<Status> {
        let replies: Vec<_> = self.workers.iter().map(|w| ask(w, command)).collect();
        replies
            .into_iter()
            .map(|reply| {
                // One that is gone is a fault when the trial ends; until then nobody waits for it.
                reply.and_then(|reply| reply.recv_timeout(bounds::WORKER).ok()).unwrap_or_default()
            })
            .collect()
    }

    fn status(&self) -> Status {
        Self::sum(self.statuses(Command::Report))
    }

    /// The same, with how many bytes all sockets carried.
    fn status_with_bytes(&self) -> Status {
        Self::sum(self.statuses(Command::ReportBytes))
    }

    fn sum(statuses: Vec<Status>) -> Status {
        let mut sum = Status::default();
        for status in statuses {
            sum.connected += status.connected;
            sum.failed += status.failed;
            sum.in_flight += status.in_flight;
            sum.waiting_for_last += status.waiting_for_last;
            sum.duplicates += status.duplicates;
            sum.responses += status.responses;
            sum.bytes = sum.bytes.into_iter().chain(status.bytes).reduce(u64::saturating_add);
            sum.delivered += status.delivered;
            sum.cpu += status.cpu;
            sum.late = sum.late.max(status.late);
            sum.so_far += status.so_far;
        }
        sum
    }

    fn progress(&self, phase: Phase, status: &Status, share: f64) -> Progress {
        Progress {
            phase,
            connected: status.connected,
            failed: status.failed,
            delivered: status.delivered,
            share,
            late: status.late.max(self.publisher.as_ref().and_then(Publisher::late)),
            so_far: status.so_far,
        }
    }
}

/// Sends a command that is answered; `None` if the worker has ended.
fn ask<T>(worker: &Worker, command: impl FnOnce(Reply<T>) -> Command) -> Option<Receiver<T>> {
    let (reply, answer) = sync_channel(1);
    worker.commands.send(command(reply)).ok().map(|()| answer)
}
