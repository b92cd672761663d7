//! One thread of clients: a single-threaded runtime, a task for each client, and the books that
//! they share.

mod client;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Direction, Layer, Phase, Timestamp, clock};
use pushbench_wire::Ledger;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};

use crate::accounts::Accounts;
use crate::accounts::age::TopicDues;
use crate::accounts::comebacks::Comebacks;
use crate::accounts::published::Published;
use crate::accounts::recorder::Recorder;
use crate::accounts::sockets::Sockets;
use crate::accounts::timeline::Timeline;
use crate::bounds;
use crate::carrier::network::Network;
use crate::command::{Command, Standing, Status};
use crate::fault::Fault;
use crate::outcome::{Boundary, WorkerOutcome};
use crate::plan::{Plan, TopicCount};
use crate::publisher::subscribers::ToPublish;
use crate::ticker::Ticker;
use crate::transport::adapted::hidden::hide;
use crate::transport::context::ClientContext;
use crate::witness::counted::{Counted, Tally};
use crate::witness::list::WitnessName;
use client::{bounded, play_client};

/// What one worker plays.
#[derive(Clone)]
pub(crate) struct Role {
    /// Which of the plan's workers it is.
    pub(crate) index: u32,
    pub(crate) plan: Arc<Plan>,
    pub(crate) topics: Arc<[TopicCount]>,
    pub(crate) published: Arc<Published>,
    /// What clients are to publish over their own connections.
    pub(crate) to_publish: Arc<ToPublish>,
}

/// What a worker goes by.
pub(crate) struct Surroundings {
    pub(crate) clock: Clock,
    pub(crate) network: Network,
}

/// A running worker.
pub(crate) struct Worker {
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that plays every `workers`-th client from `index` on.
    pub(crate) fn start(role: Role) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (commands, received) = mpsc::unbounded_channel();
        // What the thread opens and starts is there. It is gone with the thread.
        let namespace = role.plan.namespace.clone();
        let (entered, told) = std::sync::mpsc::sync_channel(1);
        let thread =
            std::thread::Builder::new().name(format!("load-{}", role.index)).spawn(move || {
                let enters = namespace.map_or(Ok(()), |namespace| namespace.enter_for_good());
                let is_there = enters.is_ok();
                let _ = entered.send(enters);
                if !is_there {
                    return;
                }
                let local = tokio::task::LocalSet::new();
                let host = Surroundings { clock: Clock::HOST, network: Network::Host };
                local.block_on(&runtime, play(role, host, received));
            })?;
        told.recv().unwrap_or_else(|_| Err(std::io::Error::other("the thread has ended")))?;
        Ok(Self { commands, thread: Some(thread) })
    }

    /// Waits for the thread after it was told to finish, unless it stands still.
    pub(crate) fn join(mut self) {
        if let Some(thread) =
            self.thread.take().filter(|t| bounds::ends_within(t, bounds::UNBLOCKED))
        {
            // How it ended is known by whether it replied.
            let _ = thread.join();
        }
    }
}

/// Plays a worker's part, command by command, until it is told to finish.
pub(crate) async fn play(
    role: Role,
    Surroundings { clock, network }: Surroundings,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let accounts = Rc::new(accounts(&role, clock));
    let Role { index, plan, to_publish, .. } = role;
    let timer = network.timer();
    let context = Rc::new(ClientContext::new(plan, to_publish, Rc::clone(&accounts), network));
    let ticker = Rc::new(Ticker::default());
    let grid = tokio::task::spawn_local({
        let context = Rc::clone(&context);
        async move { context.grid.run(timer).await }
    });
    let (connect, told) = oneshot::channel();
    let mut connect = Some(connect);
    let clients = tokio::task::spawn_local(connect_all(index, Rc::clone(&context), told));
    let mut outcome = WorkerOutcome::default();
    while let Some(command) = commands.recv().await {
        match command {
            Command::Connect => {
                if let Some(connect) = connect.take() {
                    let _ = connect.send(());
                }
            }
            Command::Report(reply) => {
                let _ = reply.try_send(status(&accounts));
            }
            Command::ReportBytes(reply) => {
                let bytes = Some(accounts.sockets.bytes());
                let _ = reply.try_send(Status { bytes, ..status(&accounts) });
            }
            Command::Close { boundary, decide } => {
                // The thread is about to be stopped, by us.
                ticker.stop();
                let (sums, measured) = accounts.sockets.sums();
                // No client of this thread goes on before the conductor has compared.
                let open = accounts.sockets.open();
                let standing = Standing::of(sums, &accounts.ledger.borrow(), open);
                let (turning, in_part) = (accounts.presence.turning(), accounts.sockets.in_part());
                if decide(Standing { turning, in_part, ..standing }) {
                    if boundary == Boundary::Drained {
                        accounts.sockets.end_measure();
                        outcome.boundaries.insert(Boundary::Measured, measured);
                        let in_flight = accounts.sockets.in_flight();
                        outcome.in_flight.extend(in_flight.map(|of| (Boundary::Measured, of)));
                    }
                    outcome.boundaries.insert(boundary, sums);
                    accounts.open_from(boundary.opens());
                }
            }
            Command::Begin(phase, at) => {
                let mut timeline = accounts.timeline();
                match phase {
                    Phase::WarmUp => timeline.warm_up_at = Some(at),
                    Phase::Measure => {
                        timeline.measure_at = Some(at);
                        ticker.begin(at);
                        let (ticker, accounts) = (Rc::clone(&ticker), Rc::clone(&accounts));
                        tokio::task::spawn_local(async move { ticker.run(&accounts).await });
                    }
                    Phase::Connect | Phase::Drain | Phase::Close => {}
                }
                context.grid.set_timeline(timeline);
            }
            Command::Finish { still, reply } => {
                // Whoever was never told to connect has nothing to end.
                drop(connect.take());
                ticker.stop();
                context.close();
                end(clients, grid, &context, still).await;
                outcome.boundaries.insert(Boundary::Closed, accounts.sockets.sums().0);
                outcome.stall = ticker.longest();
                let _ = reply.try_send(finish(&context, outcome));
                return;
            }
        }
    }
}

/// Empty accounts of a worker.
fn accounts(role: &Role, clock: Clock) -> Accounts {
    let Role { plan, topics, published, .. } = role;
    let network = plan.scenario.network;
    let (topics, published) = (Arc::clone(topics), Arc::clone(published));
    let workload = &plan.scenario.workload;
    let recorder = Recorder::new(workload.deliver, topics, published);
    let recorder = match workload.payload.content.is_tokens() {
        true => recorder.of_tokens(),
        false => recorder,
    };
    Accounts::new(
        clock,
        Timeline::new(plan.warm_up_end(), plan.measure_end()),
        plan.carriage.clients_per_connection.get() > 1,
        recorder,
        Sockets::new(
            plan.subscribers_target().is_ipv6(),
            network.mss,
            plan.carriage.client.has_own_sockets(),
        ),
    )
    .with_comebacks(
        plan.carriage.reconnect.map(|reconnect| Comebacks::new(reconnect, workload.seed)),
    )
}

/// How things stand, but for bytes: nothing of it takes longer the more clients there are.
fn status(accounts: &Accounts) -> Status {
    let recorder = accounts.recorder.borrow();
    let presence = &accounts.presence;
    Status {
        connected: presence.connected(),
        failed: presence.failed(),
        in_flight: presence.in_flight()
            + presence.turning()
            + accounts.comebacks.as_ref().map_or(0, Comebacks::away),
        waiting_for_last: recorder.waiting_for_last(),
        duplicates: recorder.counts.duplicates,
        responses: recorder.counts.answers.values().sum(),
        bytes: None,
        delivered: recorder.counts.deliveries_in_measure,
        cpu: clock::thread_cpu_time(),
        late: recorder.poll_lateness.max(),
        so_far: recorder.so_far(&accounts.ledger.borrow()),
    }
}

/// Waits for all clients to end, and for the timer; whoever takes too long is cut off and counted.
async fn end(
    clients: tokio::task::JoinHandle<JoinSet<()>>,
    grid: tokio::task::JoinHandle<()>,
    context: &ClientContext,
    still: Duration,
) {
    let begin = context.accounts.now();
    let mut clients = clients.await.expect("clients are only started here");
    end_all(&mut clients, begin, context, still).await;
    // A connection that clients shared ends after the last of them.
    end_all(&mut context.carriers.take_tasks(), begin, context, still).await;
    grid.await.expect("the grid ends when it is closed");
}

/// Waits for tasks to end as long as any does, or any byte moves, before `still` has passed.
async fn end_all(
    tasks: &mut JoinSet<()>,
    begin: Timestamp,
    context: &ClientContext,
    still: Duration,
) {
    let count = |ended: Result<(), JoinError>| {
        if ended.is_err_and(|error| error.is_panic()) {
            context.accounts.fault(Fault::Panic);
        }
    };
    let mut bytes = context.accounts.sockets.bytes();
    loop {
        let left = bounds::ENDING.saturating_sub(context.accounts.now().since(begin));
        match tokio::time::timeout(left.min(still), tasks.join_next()).await {
            Ok(Some(ended)) => count(ended),
            Ok(None) => return,
            Err(_) if bytes != context.accounts.sockets.bytes() && !left.is_zero() => {
                bytes = context.accounts.sockets.bytes();
            }
            Err(_) => break,
        }
    }
    for _ in 0..tasks.len() {
        context.accounts.fault(Fault::CloseTimeout);
    }
    tasks.shutdown().await;
}

fn finish(context: &ClientContext, books: WorkerOutcome) -> WorkerOutcome {
    let ClientContext { plan, accounts, .. } = context;
    let mut dues = vec![TopicDues::default(); plan.scenario.workload.topics.get() as usize];
    for due in &plan.dues {
        dues[due.topic as usize].0.push(due.at);
    }
    let nothing = Arc::new(Published::new(&[]));
    let empty = Recorder::new(plan.scenario.workload.deliver, Arc::from([]), nothing);
    let recorder = accounts.recorder.replace(empty);
    // The drain is the last that is played.
    let is_complete = accounts.earliest() == Boundary::Drained.opens();
    let ledger = *accounts.ledger.borrow();
    let mut outcome = WorkerOutcome {
        ledger,
        boundaries: with_codec(books.boundaries, &ledger),
        sample: accounts.sample.take(),
        headers: accounts.headers.get(),
        unexpected: accounts.take_unexpected(),
        connecting_segments: accounts.sockets.connecting_segments(),
        stall: books.stall,
        handshakes: context.carriers.handshakes(),
        ..recorder.finish(&accounts.timeline(), &dues, is_complete)
    };
    hide(plan, &mut outcome);
    outcome
}

/// Each boundary's books with the codec's, which is known only now: a byte belongs to the phase in
/// whose books it is, whenever it passed.
fn with_codec(
    mut boundaries: BTreeMap<Boundary, Counted>,
    ledger: &Ledger,
) -> BTreeMap<Boundary, Counted> {
    for (boundary, counted) in &mut boundaries {
        let until = |way| {
            let phases = Phase::ALL.iter().filter(|phase| **phase <= boundary.closes());
            phases.map(|phase| ledger.kinds(*phase, way).layer(Layer::Stream)).sum()
        };
        let codec = Tally::of_bytes(until(Direction::Up), until(Direction::Down));
        *counted = counted.with(WitnessName::Codec, codec);
    }
    boundaries
}

/// Starts this worker's clients at their share of the scenario's connect rate, once told to.
async fn connect_all(
    index: u32,
    context: Rc<ClientContext>,
    told: oneshot::Receiver<()>,
) -> JoinSet<()> {
    if told.await.is_err() {
        return JoinSet::new();
    }
    let plan = Arc::clone(&context.plan);
    let workers = NonZeroU32::new(plan.workers).unwrap_or(NonZeroU32::MIN);
    let shard = plan.shard.worker(index, workers);
    let rate = f64::from(plan.scenario.load.connects_per_second.get()) / f64::from(shard.of());
    let begin = context.accounts.now();
    let mut tasks = JoinSet::new();
    // Clients of one connection are played by one worker.
    let mine = shard.clients(&plan.scenario.workload, plan.carriage.clients_per_connection);
    for (place, client) in mine.enumerate() {
        let due = begin.plus(Duration::from_secs_f64(place as f64 / rate));
        let left = due.since(context.accounts.now());
        if !left.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = context.closed() => {}
            }
        }
        if context.accounts.is_closing() {
            break;
        }
        let subscriber_id = context.accounts.subscriber_id(plan.topic_of(client));
        let context = Rc::clone(&context);
        tasks.spawn_local(async move {
            let played = play_client(&context, client, subscriber_id);
            if let Err(fault) = bounded(&context, subscriber_id, played).await {
                context.accounts.fault(fault);
            }
        });
    }
    tasks
}
