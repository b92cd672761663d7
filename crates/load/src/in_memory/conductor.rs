//! The phases of a trial over pipes. Each does what [`crate::Load`] does in its phase, and waits on
//! the runtime's clock.

use std::collections::BTreeMap;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel, sync_channel};
use std::time::Duration;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Phase, Timestamp};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::pipes::Pipes;
use super::publisher::PipePublisher;
use crate::accounts::published::Published;
use crate::boundary::Attempts;
use crate::carrier::network::Network;
use crate::command::{Command, Reply, Status};
use crate::load::LEAD;
use crate::outcome::InFlight;
use crate::rest::Rest;
use crate::worker::{self, Role, Surroundings};
use crate::{Boundary, Counted, Outcome, Plan, ServerSums, ServerWitnesses, Tally, bounds};

/// Between two samples. Nobody works meanwhile, so looking costs nothing.
const LOOK: Duration = Duration::from_millis(5);

struct Conductor {
    plan: Arc<Plan>,
    clock: Clock,
    pipes: Pipes,
    commands: UnboundedSender<Command>,
    rest: Rest,
    server: BTreeMap<Boundary, Counted>,
    in_flight: BTreeMap<Boundary, InFlight>,
}

/// A server in this process, which no kernel stands before.
struct Books(Arc<dyn Fn() -> Option<ServerSums> + Send + Sync>);

impl ServerWitnesses for Books {
    fn sockets(&mut self) -> Option<ServerSums> {
        (self.0)()
    }

    fn kernel(&mut self, _: &[RawFd]) -> Option<Tally> {
        None
    }
}

pub(super) async fn conduct(plan: Plan, pipes: &Pipes, clock: Clock) -> Outcome {
    let plan = Arc::new(plan);
    let topics: Arc<[_]> = plan.topic_counts().into();
    let published = Arc::new(Published::new(&topics));
    let (commands, received) = unbounded_channel();
    let network = Network::Memory(Rc::clone(&pipes.client));
    let role = Role {
        index: 0,
        plan: Arc::clone(&plan),
        topics,
        published: Arc::clone(&published),
        to_publish: Arc::default(),
    };
    let played = worker::play(role, Surroundings { clock, network }, received);
    let worker = tokio::task::spawn_local(played);
    let mut publisher =
        PipePublisher::new(Arc::clone(&plan), published, clock, (pipes.publisher)());
    let mut conductor = Conductor {
        plan,
        clock,
        pipes: pipes.clone(),
        commands,
        rest: Rest::default(),
        server: BTreeMap::new(),
        in_flight: BTreeMap::new(),
    };
    conductor.connect().await;
    conductor.warm_up(&mut publisher).await;
    conductor.measure_and_drain(&mut publisher).await;
    let outcome =
        conductor.ask(|reply| Command::Finish { still: bounds::ENDING_STILL, reply }).await;
    worker.await.expect("the worker ends once it is told to finish");
    let Conductor { server, in_flight, .. } = conductor;
    let publisher = publisher.finish().await;
    Outcome {
        workers: vec![outcome],
        server,
        in_flight,
        publisher: Some(publisher),
        ..Outcome::default()
    }
}

impl Conductor {
    async fn connect(&mut self) {
        let _ = self.commands.send(Command::Connect);
        let clients = u64::from(self.plan.clients());
        let arrived = |status: &Status| status.connected + status.failed >= clients;
        self.wait(bounds::connect(&self.plan), arrived).await;
        self.settle().await;
        self.close(Boundary::Connected).await;
    }

    async fn warm_up(&mut self, publisher: &mut PipePublisher) {
        let end = self.plan.warm_up_end();
        let at = self.begin(Phase::WarmUp);
        publisher.begin_topics(at).await;
        publisher.publish(end, Duration::ZERO, at, &mut watch::channel(false).1).await;
        self.sleep_until(at.plus(end)).await;
        self.settle().await;
        self.close(Boundary::WarmedUp).await;
    }

    async fn measure_and_drain(&mut self, publisher: &mut PipePublisher) {
        let (from, until) = (self.plan.warm_up_end(), self.plan.measure_end());
        let at = self.begin(Phase::Measure);
        let end = at.plus(until - from);
        let (is_enough, mut enough) = watch::channel(false);
        publisher.publish(until, from, at, &mut enough).await;
        self.sleep_until(end).await;
        // What is due after that is published on while the last of the phase is waited for.
        let on = publisher.publish(Duration::MAX, until, end, &mut enough);
        let drained = async {
            let all_hold = |status: &Status| status.waiting_for_last == 0 && status.in_flight == 0;
            self.wait(self.plan.scenario.workload.drain, all_hold).await;
            is_enough.send_replace(true);
        };
        tokio::join!(on, drained);
        self.settle().await;
        self.close(Boundary::Drained).await;
    }

    /// Lets a part of the schedule begin; gives when it does.
    fn begin(&self, phase: Phase) -> Timestamp {
        let at = self.clock.now().plus(LEAD);
        let _ = self.commands.send(Command::Begin(phase, at));
        at
    }

    async fn sleep_until(&self, moment: Timestamp) {
        tokio::time::sleep(moment.since(self.clock.now())).await;
    }

    /// Waits until it is done, or for `bound`.
    async fn wait(&self, bound: Duration, is_done: impl Fn(&Status) -> bool) {
        let begin = self.clock.now();
        while !is_done(&self.ask(Command::Report).await) && self.clock.now().since(begin) < bound {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until all is quiet.
    async fn settle(&mut self) {
        self.rest.begin(self.clock.now());
        loop {
            let status = self.ask(Command::ReportBytes).await;
            if self.rest.is_settled(&self.plan, &status, self.clock.now()) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Closes the books of a boundary at a moment at which both sides have counted the same, or as
    /// well as it can be done.
    async fn close(&mut self, boundary: Boundary) {
        self.rest.begin(self.clock.now());
        loop {
            let demand = self.rest.demand(self.clock.now());
            let mut books = Books(Arc::clone(&self.pipes.books));
            let (taken_out, taken) = channel();
            let decide = Box::new(move |standing| {
                // Nothing is on its way in a pipe, so one attempt is judged like any other.
                let taken = Attempts::default().judge(&standing, demand, &mut books);
                let is_taken = taken.is_some();
                let _ = taken_out.send(taken);
                is_taken
            });
            let _ = self.commands.send(Command::Close { boundary, decide });
            let status = self.ask(Command::ReportBytes).await;
            // Commands are done in their order, so this has been decided.
            if let Some(taken) = taken.try_recv().expect("the worker decides") {
                self.server.insert(boundary, taken.server);
                self.in_flight.extend(taken.in_flight.map(|in_flight| (boundary, in_flight)));
                return;
            }
            self.rest.look(&status, self.clock.now());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends a command and waits for its reply.
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> T {
        let (reply, told) = sync_channel(1);
        assert!(self.commands.send(command(reply)).is_ok(), "the worker takes commands");
        loop {
            match told.try_recv() {
                Ok(told) => return told,
                // Time passes only where all wait for it.
                Err(TryRecvError::Empty) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(TryRecvError::Disconnected) => panic!("the worker ends before it replies"),
            }
        }
    }
}
