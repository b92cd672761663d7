//! One thread of clients: a single-threaded runtime, a task for each client, and the books that
//! they share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, mpsc as mpsc_std};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt;
use pushbench_protocol::heads::FieldList;
use pushbench_protocol::{ByteKind, Direction, Phase, RequestHead, Timestamp, clock};
use pushbench_scenario::TransportSettings;
use pushbench_wire::Ledger;
use pushbench_wire::segments::{SegmentHeaders, segments_for};
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};

use crate::accounts::hiccup::{Hiccups, TICK};
use crate::accounts::published::Published;
use crate::accounts::recorder::{Recorder, TopicDues};
use crate::accounts::timeline::Timeline;
use crate::boundary::{Booked, Standing};
use crate::carrier::connection::{Connection, Probe};
use crate::carrier::http1::answer::Unfinished;
use crate::carrier::http2::{Http2Drivers, Http2Groups};
use crate::carrier::tls::Tls;
use crate::content_coding::Offer;
use crate::fault::Fault;
use crate::grid::Grid;
use crate::outcome::{Boundary, Http2Counts, Outcome, SampleHeads, SocketSums};
use crate::plan::{Plan, TopicCount};
use crate::transport::deflated;
use crate::transport::long_poll;
use crate::transport::nudge;
use crate::transport::poll::{offer, poll_heads, poll_lists};
use crate::transport::short_poll;
use crate::transport::sse;
use crate::transport::stream;
use crate::transport::streamed;
use crate::transport::websocket;
use crate::{Unexpected, bounds};

/// Memory that reads of one worker go through; a connection at rest holds none.
const SCRATCH_LEN: usize = 64 * 1024;

/// Where a worker's reply goes: a channel that holds one, so that nobody waits to send it.
pub(crate) type Reply<T> = mpsc_std::SyncSender<T>;

/// What the conductor tells a worker.
pub(crate) enum Command {
    /// Begin to connect.
    Connect,
    /// Say how things stand.
    Report(Reply<Status>),
    /// Stop, say where the books stand, and close those of a boundary if then told so.
    Close { boundary: Boundary, reply: Reply<Standing>, told: mpsc_std::Receiver<bool> },
    /// A part of the schedule begins at this moment.
    Begin(Phase, Timestamp),
    /// End all connections and give the outcome.
    Finish(Reply<Outcome>),
}

/// How things stand at one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Status {
    pub(crate) connected: u64,
    pub(crate) failed: u64,
    /// Polls sent and not answered.
    pub(crate) in_flight: u64,
    /// Clients that do not hold the last message of their topic.
    pub(crate) waiting_for_last: u64,
    /// Bytes that all sockets carried.
    pub(crate) bytes: u64,
    pub(crate) delivered: u64,
    pub(crate) cpu: Duration,
    /// The latest poll of the measure phase, from due to sent.
    pub(crate) late: Option<Duration>,
}

/// What the clients of one worker share. One thread owns it, so nothing here is locked.
pub(crate) struct Shared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) grid: Grid,
    pub(crate) recorder: RefCell<Recorder>,
    pub(crate) ledger: RefCell<Ledger>,
    pub(crate) scratch: RefCell<Vec<u8>>,
    /// Heads of polls by topic; empty where nothing is polled.
    pub(crate) poll_heads: RefCell<Vec<RequestHead>>,
    /// The same as HTTP/2 sends them.
    pub(crate) poll_lists: RefCell<Vec<FieldList>>,
    /// What polls say that they take.
    pub(crate) offer: Rc<Offer>,
    /// The first response that was not expected, for each fault.
    unexpected: RefCell<BTreeMap<Fault, Unexpected>>,
    pub(crate) http2: Cell<Http2Counts>,
    pub(crate) http2_groups: Http2Groups,
    pub(crate) http2_drivers: Http2Drivers,
    closing: Notify,
    is_closing: Cell<bool>,
    /// The earliest phase whose books are open.
    earliest: Cell<Phase>,
    pub(crate) in_flight: Cell<u64>,
    pub(crate) sample: RefCell<Option<SampleHeads>>,
    pub(crate) upgrade_heads: Cell<Option<(u64, u64)>>,
    connected: Cell<u64>,
    failed: Cell<u64>,
    /// Whether the client of each seat has come to be open, and when the last one has.
    open: RefCell<Vec<bool>>,
    last_opened: Cell<Timestamp>,
    probes: RefCell<Vec<Rc<Probe>>>,
    /// Books of the connections that were closed after one poll.
    folded: Cell<SocketSums>,
    connecting_segments: Cell<u64>,
    /// The tick of this thread, from the beginning of the measure phase until its last message has
    /// been waited for.
    hiccups: Cell<Option<Hiccups>>,
    is_ticking: Cell<bool>,
    /// Absent in clear text.
    tls: Option<Tls>,
    /// Books of the connections that have passed [`Boundary::Measured`].
    measured: Cell<SocketSums>,
}

impl Shared {
    /// The phase that a moment belongs to: the schedule's, but none whose books are closed.
    pub(crate) fn phase_at(&self, moment: Timestamp) -> Phase {
        if self.is_closing.get() {
            return Phase::Close;
        }
        self.grid.timeline().phase_at(moment).max(self.earliest.get())
    }

    /// The phase in whose books a connection's bytes are that are read now: its measure phase goes on
    /// until its books are closed.
    pub(crate) fn phase_on(&self, probe: &Probe) -> Phase {
        match self.phase_at(clock::now()) {
            Phase::Drain if !probe.is_measured.get() => Phase::Measure,
            phase => phase,
        }
    }

    /// The phase itself, unless its books were closed since it was found.
    pub(crate) fn open_phase(&self, phase: Phase) -> Phase {
        phase.max(self.earliest.get())
    }

    pub(crate) fn book(&self, phase: Phase, direction: Direction, kind: ByteKind, bytes: u64) {
        self.ledger.borrow_mut().book(self.open_phase(phase), direction, kind, bytes);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        let counts = &mut self.recorder.borrow_mut().counts;
        let is_of_the_end = self.is_closing.get() && fault.is_of_the_end();
        let faults = if is_of_the_end { &mut counts.close_faults } else { &mut counts.faults };
        *faults.entry(fault).or_default() += 1;
        self.failed.set(self.failed.get() + 1);
    }

    /// Keeps what came instead of what was expected, if it is the first for its fault.
    pub(crate) fn keep_unexpected(&self, fault: Fault, what: impl FnOnce() -> Unexpected) {
        self.unexpected.borrow_mut().entry(fault).or_insert_with(what);
    }

    /// Books what came of a response that did not become whole, its heads as `heads`, and keeps its
    /// beginning. What it would have been is not known: it brought nothing new.
    pub(crate) fn book_unfinished(
        &self,
        phase: Phase,
        heads: ByteKind,
        fault: Fault,
        unfinished: &Unfinished,
    ) {
        self.book(phase, Direction::Down, heads, unfinished.header);
        self.book(phase, Direction::Down, ByteKind::Framing, unfinished.framing);
        self.book(phase, Direction::Down, ByteKind::Repeat, unfinished.rest);
        if !unfinished.beginning.is_empty() {
            self.keep_unexpected(fault, || Unexpected::of(&unfinished.beginning));
        }
    }

    /// Opens a client's connection and enters it in the books.
    pub(crate) async fn connect(&self, client: u32) -> Result<Connection, Fault> {
        let connector = match &self.tls {
            None => None,
            Some(tls) => Some(tls.ready(&self.plan, client).await?),
        };
        let begin = clock::now();
        let connection = Connection::open(&self.plan, client).await?;
        self.recorder.borrow_mut().connect_tcp.record(clock::now().since(begin));
        {
            let mut probes = self.probes.borrow_mut();
            connection.probe().place.set(probes.len());
            probes.push(Rc::clone(connection.probe()));
        }
        let (Some(tls), Some(connector)) = (&self.tls, connector) else { return Ok(connection) };
        let begin = clock::now();
        let connection = tls.secure(connection, &connector).await?;
        self.recorder.borrow_mut().connect_tls.record(clock::now().since(begin));
        Ok(connection)
    }

    /// The same for one poll, whose phase is known. What is opened after the measure phase has no
    /// part in it.
    pub(crate) async fn connect_in(&self, phase: Phase, client: u32) -> Result<Connection, Fault> {
        let connection = self.connect(client).await?;
        let probe = connection.probe();
        probe.is_measured.set(phase > Phase::Measure);
        if phase == Phase::Measure {
            self.recorder.borrow_mut().counts.connects += 1;
            self.connecting(probe.sums().segments());
        }
        Ok(connection)
    }

    /// Ends a connection that has carried its one poll, in order, and keeps its books among those of
    /// the connections that are no more.
    pub(crate) async fn disconnect(
        &self,
        phase: Phase,
        mut connection: Connection,
    ) -> Result<(), Fault> {
        let before = connection.probe().sums().segments();
        let ended = tokio::time::timeout(bounds::CLOSE_OF_POLL, connection.end()).await;
        let ended = ended.unwrap_or(Err(Fault::CloseTimeout));
        let ended = ended.and_then(|unasked| self.refuse_unasked(connection.probe(), &unasked));
        self.close(phase, connection, before);
        ended
    }

    /// Ends our side of a connection between two polls, since the server has ended its own or has
    /// said something unasked.
    ///
    /// # Errors
    ///
    /// If it has said something else than that it ends the connection, 408: nothing was asked that
    /// it could belong to, so it is no response (RFC 9112, section 9.2).
    pub(crate) async fn discard(&self, mut connection: Connection) -> Result<(), Fault> {
        let probe = Rc::clone(connection.probe());
        let phase = self.phase_on(&probe);
        let before = probe.sums().segments();
        let unasked = connection.hear_out().await;
        // A connection that was reset has nothing to shut down.
        let _ = connection.shutdown().await;
        let is_timeout = Unexpected::of(&unasked).status == Some(408);
        let refused = self.refuse_unasked(&probe, &unasked);
        self.close(phase, connection, before);
        if is_timeout { Ok(()) } else { refused }
    }

    /// Books what came though nothing was asked.
    ///
    /// # Errors
    ///
    /// If there is any.
    pub(crate) fn refuse_unasked(&self, probe: &Probe, unasked: &[u8]) -> Result<(), Fault> {
        if unasked.is_empty() {
            return Ok(());
        }
        let phase = self.phase_on(probe);
        self.book(phase, Direction::Down, ByteKind::Repeat, unasked.len() as u64);
        self.keep_unexpected(Fault::Malformed, || Unexpected::of(unasked));
        Err(Fault::Malformed)
    }

    /// Closes a connection, and keeps its books among those of the connections that are no more.
    fn close(&self, phase: Phase, connection: Connection, segments_before: u64) {
        let probe = Rc::clone(connection.probe());
        drop(connection);
        if phase == Phase::Measure {
            self.connecting(probe.sums().segments() - segments_before);
        }
        self.fold(&probe);
    }

    fn connecting(&self, segments: u64) {
        self.connecting_segments.set(self.connecting_segments.get() + segments);
    }

    /// Takes a closed connection off the list, so that the list is as long as there are clients,
    /// however many connections each has had.
    fn fold(&self, probe: &Probe) {
        let mut probes = self.probes.borrow_mut();
        let place = probe.place.get();
        probes.swap_remove(place);
        if let Some(moved) = probes.get(place) {
            moved.place.set(place);
        }
        let sums = probe.sums();
        let mut closed = self.folded.get();
        closed += sums;
        self.folded.set(closed);
        if !probe.is_measured.get() {
            let mut measured = self.measured.get();
            measured += sums;
            self.measured.set(measured);
        }
    }

    /// Waits until connections are to be ended.
    pub(crate) async fn closed(&self) {
        // One thread: nothing can come between the look and the wait.
        if !self.is_closing.get() {
            self.closing.notified().await;
        }
    }

    /// The client of this seat is ready for messages.
    pub(crate) fn is_connected(&self, seat: usize) {
        self.connected.set(self.connected.get() + 1);
        self.open.borrow_mut()[seat] = true;
        self.last_opened.set(clock::now());
    }

    /// Seats a client.
    fn seat(&self, client: u32) -> usize {
        self.open.borrow_mut().push(false);
        self.recorder.borrow_mut().seat(self.plan.topic_of(client))
    }

    /// Closes the measure phase's books of one connection, unless they are closed.
    pub(crate) fn close_measure(&self, probe: &Probe) {
        self.close_measure_before(probe, 0);
    }

    /// The same on the books as they were before the last `received` bytes, which came alone.
    pub(crate) fn close_measure_before(&self, probe: &Probe, received: u64) {
        if !probe.is_measured.replace(true) {
            let ipv6 = self.plan.subscribers_target().is_ipv6();
            let headers = SegmentHeaders { ipv6, timestamps: true };
            let data = headers.data_per_segment(self.plan.scenario.network.mss);
            let tls = if received > 0 { probe.tls_heard() } else { 0 };
            let received = received + tls;
            let mut sums = self.measured.get();
            sums += probe.sums().before(received, tls, segments_for(received, data));
            self.measured.set(sums);
        }
    }

    /// The books of all connections, and what they would be at [`Boundary::Measured`] if it were
    /// now for those that have not passed it.
    fn sums(&self) -> (SocketSums, SocketSums) {
        let mut sums = self.folded.get();
        let mut measured = self.measured.get();
        for probe in self.probes.borrow().iter() {
            let of_probe = probe.sums();
            sums += of_probe;
            if !probe.is_measured.get() {
                measured += of_probe;
            }
        }
        (sums, measured)
    }

    /// No connection passes [`Boundary::Measured`] any more.
    fn end_measure(&self) {
        for probe in self.probes.borrow().iter() {
            probe.is_measured.set(true);
        }
    }

    /// Bytes that all sockets carried.
    fn bytes(&self) -> u64 {
        self.folded.get().bytes()
            + self.probes.borrow().iter().map(|probe| probe.bytes()).sum::<u64>()
    }

    fn status(&self) -> Status {
        let recorder = self.recorder.borrow();
        Status {
            connected: self.connected.get(),
            failed: self.failed.get(),
            in_flight: self.in_flight.get(),
            waiting_for_last: recorder.waiting_for_last(),
            bytes: self.bytes(),
            delivered: recorder.counts.deliveries_in_measure,
            cpu: clock::thread_cpu_time(),
            late: recorder.poll_lateness.max(),
        }
    }
}

/// A running worker.
pub(crate) struct Worker {
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that plays every `workers`-th client from `index` on.
    pub(crate) fn start(
        index: u32,
        plan: Arc<Plan>,
        topics: Arc<[TopicCount]>,
        times: Arc<Published>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (commands, received) = mpsc::unbounded_channel();
        let thread =
            std::thread::Builder::new().name(format!("load-{index}")).spawn(move || {
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, play(index, plan, topics, times, received));
            })?;
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

async fn play(
    index: u32,
    plan: Arc<Plan>,
    topics: Arc<[TopicCount]>,
    times: Arc<Published>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let recorder = Recorder::new(plan.scenario.workload.deliver, topics, times);
    let poll_heads = poll_heads(&plan);
    let poll_lists = poll_lists(&plan);
    let offer = Rc::new(offer(&plan));
    let timeline = Timeline::new(plan.warm_up_end(), plan.measure_end());
    let tls = plan.tls.as_ref().map(|target| Tls::new(target, plan.resumes()));
    let shared = Rc::new(Shared {
        plan,
        grid: Grid::new(timeline),
        recorder: RefCell::new(recorder),
        ledger: RefCell::default(),
        scratch: RefCell::new(vec![0; SCRATCH_LEN]),
        poll_heads: RefCell::new(poll_heads),
        poll_lists: RefCell::new(poll_lists),
        offer,
        unexpected: RefCell::default(),
        http2: Cell::default(),
        http2_groups: RefCell::default(),
        http2_drivers: RefCell::default(),
        closing: Notify::new(),
        is_closing: Cell::new(false),
        earliest: Cell::new(Phase::Connect),
        in_flight: Cell::new(0),
        sample: RefCell::default(),
        upgrade_heads: Cell::default(),
        connected: Cell::new(0),
        failed: Cell::new(0),
        open: RefCell::default(),
        last_opened: Cell::default(),
        probes: RefCell::default(),
        folded: Cell::default(),
        connecting_segments: Cell::default(),
        hiccups: Cell::default(),
        is_ticking: Cell::new(false),
        tls,
        measured: Cell::default(),
    });
    let grid = tokio::task::spawn_local({
        let shared = Rc::clone(&shared);
        async move { shared.grid.run().await }
    });
    let (connect, told) = oneshot::channel();
    let mut connect = Some(connect);
    let clients = tokio::task::spawn_local(connect_all(index, Rc::clone(&shared), told));
    let mut outcome = Outcome::default();
    while let Some(command) = commands.recv().await {
        match command {
            Command::Connect => {
                if let Some(connect) = connect.take() {
                    let _ = connect.send(());
                }
            }
            Command::Report(reply) => {
                let _ = reply.try_send(shared.status());
            }
            Command::Close { boundary, reply, told } => {
                // The thread is about to be stopped, by us.
                shared.is_ticking.set(false);
                let (sums, measured) = shared.sums();
                let booked = Booked::in_all(&shared.ledger.borrow());
                let _ = reply.try_send(Standing { sums, booked });
                // No client of this thread goes on before the conductor has compared.
                if told.recv_timeout(bounds::WORKER).unwrap_or(false) {
                    if boundary == Boundary::Drained {
                        shared.end_measure();
                        outcome.boundaries.insert(Boundary::Measured, measured);
                    }
                    outcome.boundaries.insert(boundary, sums);
                    shared.earliest.set(boundary.opens());
                }
            }
            Command::Begin(phase, at) => {
                let mut timeline = shared.grid.timeline();
                match phase {
                    Phase::WarmUp => timeline.warm_up_at = Some(at),
                    Phase::Measure => {
                        timeline.measure_at = Some(at);
                        shared.is_ticking.set(true);
                        shared.hiccups.set(Some(Hiccups::since(at)));
                        tokio::task::spawn_local(tick(Rc::clone(&shared)));
                    }
                    Phase::Connect | Phase::Drain | Phase::Close => {}
                }
                shared.grid.set_timeline(timeline);
            }
            Command::Finish(reply) => {
                // Whoever was never told to connect has nothing to end.
                drop(connect.take());
                shared.is_ticking.set(false);
                shared.is_closing.set(true);
                shared.grid.close();
                shared.closing.notify_waiters();
                end(clients, grid, &shared).await;
                outcome.boundaries.insert(Boundary::Closed, shared.sums().0);
                let _ = reply.try_send(finish(&shared, outcome));
                return;
            }
        }
    }
}

/// Ticks until told to stop.
async fn tick(shared: Rc<Shared>) {
    loop {
        tokio::time::sleep(TICK).await;
        if !shared.is_ticking.get() {
            return;
        }
        let hiccups = shared.hiccups.get().map(|mut hiccups| {
            hiccups.tick(clock::now());
            hiccups
        });
        shared.hiccups.set(hiccups);
    }
}

/// Waits for all clients to end, and for the timer; whoever takes too long is cut off and counted.
async fn end(
    clients: tokio::task::JoinHandle<JoinSet<()>>,
    grid: tokio::task::JoinHandle<()>,
    shared: &Shared,
) {
    let begin = clock::now();
    let mut clients = clients.await.expect("clients are only started here");
    end_all(&mut clients, begin, shared).await;
    // A connection that clients shared ends after the last of them.
    end_all(&mut shared.http2_drivers.take(), begin, shared).await;
    grid.await.expect("the grid ends when it is closed");
}

/// Waits for tasks to end as long as any does, or any byte moves.
async fn end_all(tasks: &mut JoinSet<()>, begin: Timestamp, shared: &Shared) {
    let count = |ended: Result<(), JoinError>| {
        if ended.is_err_and(|error| error.is_panic()) {
            shared.fault(Fault::Panic);
        }
    };
    let mut bytes = shared.bytes();
    loop {
        let left = bounds::ENDING.saturating_sub(clock::now().since(begin));
        match tokio::time::timeout(left.min(bounds::ENDING_STILL), tasks.join_next()).await {
            Ok(Some(ended)) => count(ended),
            Ok(None) => return,
            Err(_) if bytes != shared.bytes() && !left.is_zero() => bytes = shared.bytes(),
            Err(_) => break,
        }
    }
    for _ in 0..tasks.len() {
        shared.fault(Fault::CloseTimeout);
    }
    tasks.shutdown().await;
}

fn finish(shared: &Shared, books: Outcome) -> Outcome {
    let timeline = shared.grid.timeline();
    let mut dues = vec![TopicDues::default(); shared.plan.scenario.workload.topics.get() as usize];
    for due in &shared.plan.dues {
        dues[due.topic as usize].0.push(due.at);
    }
    let empty = Recorder::new(
        shared.plan.scenario.workload.deliver,
        Arc::from([]),
        Arc::new(Published::new(&[])),
    );
    let recorder = shared.recorder.replace(empty);
    // The drain is the last that is played.
    let is_complete = shared.earliest.get() == Boundary::Drained.opens();
    Outcome {
        ledger: *shared.ledger.borrow(),
        boundaries: books.boundaries,
        sample: shared.sample.take(),
        http2: shared.http2.get(),
        unexpected: shared.unexpected.take(),
        upgrade_heads: shared.upgrade_heads.get(),
        connecting_segments: shared.connecting_segments.get(),
        worker_stall: shared.hiccups.get().map(|hiccups| hiccups.longest()),
        handshakes: shared.tls.as_ref().map(Tls::handshakes),
        ..recorder.finish(&timeline, &dues, is_complete)
    }
}

/// Starts this worker's clients at their share of the scenario's connect rate, once told to.
async fn connect_all(index: u32, shared: Rc<Shared>, told: oneshot::Receiver<()>) -> JoinSet<()> {
    if told.await.is_err() {
        return JoinSet::new();
    }
    let plan = Arc::clone(&shared.plan);
    let workers = plan.workers;
    let rate = f64::from(plan.scenario.load.connects_per_second.get()) / f64::from(workers);
    let begin = clock::now();
    let mut tasks = JoinSet::new();
    // Clients of one connection are played by one worker.
    let clients = plan.scenario.workload.clients.get();
    let shared_by = plan.carriage.clients_per_connection.get();
    let mine = (index..clients.div_ceil(shared_by)).step_by(workers as usize);
    let mine = mine.flat_map(|group| group * shared_by..((group + 1) * shared_by).min(clients));
    for (place, client) in mine.enumerate() {
        let due = begin.plus(Duration::from_secs_f64(place as f64 / rate));
        let left = due.since(clock::now());
        if !left.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = shared.closed() => {}
            }
        }
        if shared.is_closing.get() {
            break;
        }
        let seat = shared.seat(client);
        let shared = Rc::clone(&shared);
        tasks.spawn_local(async move {
            let played = play_client(&shared, client, seat);
            if let Err(fault) = bounded(&shared, seat, played).await {
                shared.fault(fault);
            }
        });
    }
    tasks
}

/// Plays a client to its end. One that panics is a fault; the others go on.
async fn play_client(shared: &Rc<Shared>, client: u32, seat: usize) -> Result<(), Fault> {
    let play = async {
        match shared.plan.transport {
            TransportSettings::ShortPoll(poll) => {
                short_poll::play(shared, client, seat, poll).await
            }
            TransportSettings::LongPoll(poll) => long_poll::play(shared, client, seat, poll).await,
            TransportSettings::Sse(_) => streamed::play::<sse::Events>(shared, client, seat).await,
            TransportSettings::Stream(_) => {
                streamed::play::<stream::Lines>(shared, client, seat).await
            }
            TransportSettings::WebSocket(socket) => match socket.deflate {
                None => websocket::play(shared, client, seat).await,
                Some(deflate) => deflated::play(shared, client, seat, deflate.terms()).await,
            },
            TransportSettings::Nudge(_) => nudge::play(shared, client, seat).await,
        }
    };
    AssertUnwindSafe(play).catch_unwind().await.unwrap_or(Err(Fault::Panic))
}

/// Plays a client, and gives it up if it does not come to be open while nobody else does, or if all
/// are to end before it is.
async fn bounded(
    shared: &Shared,
    seat: usize,
    play: impl Future<Output = Result<(), Fault>>,
) -> Result<(), Fault> {
    let mut play = pin!(play);
    let began = clock::now();
    loop {
        let now = clock::now();
        let left = began.max(shared.last_opened.get()).plus(bounds::OPEN).since(now);
        if left.is_zero() || shared.is_closing.get() && now.since(began) >= bounds::OPEN {
            return Err(Fault::OpenTimeout);
        }
        if shared.is_closing.get() {
            return Ok(());
        }
        let opening = poll_fn(|cx| match play.as_mut().poll(cx) {
            Poll::Ready(played) => Poll::Ready(Some(played)),
            Poll::Pending if shared.open.borrow()[seat] => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        tokio::select! {
            biased;
            opened = opening => match opened {
                Some(played) => return played,
                None => return play.await,
            },
            () = shared.closed() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}
