//! Plays a trial on one thread: the worker, the publisher's schedule and the server of these tests.

use std::rc::Rc;
use std::sync::{Arc, mpsc as mpsc_std};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Cursor, Envelope, Phase, PublishNumber, Timestamp, TlsUse, TopicNames};
use pushbench_scenario::{PayloadWriter, Scenario, Transport, due_times_until};
use pushbench_tls::{Connector, Identity, Protocol};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::accounts::published::{Published, Sent, digest};
use crate::accounts::timeline::Timeline;
use crate::carrier::network::Network;
use crate::command::{Command, Reply, Standing, Status};
use crate::in_memory::stand_in::{Manners, StandIn};
use crate::worker::{self, Role, Surroundings};
use crate::{Boundary, Outcome, Plan, TlsTarget};

/// What was seen of a trial.
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    /// Bytes that the server has read and written.
    pub(super) served: (u64, u64),
    /// Where the clients' books stood at each boundary.
    pub(super) boundaries: Vec<(Boundary, Standing)>,
}

/// The time of the paused clock; in no trial does it go back.
fn now() -> Timestamp {
    thread_local! {
        static BEGIN: tokio::time::Instant = instant();
    }
    let passed = BEGIN.with(|begin| instant().saturating_duration_since(*begin));
    Timestamp::from_nanos(1_000_000_000).plus(passed)
}

#[expect(clippy::disallowed_methods, reason = "the clock of these tests is the runtime's")]
fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Longer than anything takes that is under way.
const QUIET: Duration = Duration::from_millis(200);

/// Plays a trial to its end.
pub(super) fn play(scenario: &Scenario, transport: &Transport, manners: Manners) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, conduct(scenario, transport, manners))
}

async fn conduct(scenario: &Scenario, transport: &Transport, manners: Manners) -> Seen {
    let identity = Identity::of_this_host(since_1970()).expect("a certificate");
    let plan = Arc::new(plan(scenario, transport, &identity));
    let stand_in = Rc::new(StandIn::new(transport.carriage, &identity, manners));
    let topics: Arc<[_]> = plan.topic_counts().into();
    let published = Arc::new(Published::new(&topics));
    let (commands, received) = unbounded_channel();
    let network = Network::Memory({
        let stand_in = Rc::clone(&stand_in);
        Rc::new(move || StandIn::accept(&stand_in))
    });
    let role =
        Role { index: 0, plan: Arc::clone(&plan), topics, published: Arc::clone(&published) };
    let surroundings = Surroundings { clock: Clock::read_by(now), network };
    let worker = tokio::task::spawn_local(worker::play(role, surroundings, received));
    let _ = commands.send(Command::Connect);
    let clients = u64::from(scenario.workload.clients.get());
    while let Status { connected, failed, .. } = ask(&commands, Command::Report).await
        && connected + failed < clients
    {}
    let mut boundaries = vec![close(&commands, Boundary::Connected).await];
    let mut timeline = Timeline::new(plan.warm_up_end(), plan.measure_end());
    timeline.warm_up_at = Some(begin(&commands, Phase::WarmUp));
    publish(&plan, &timeline, &published, &stand_in).await;
    boundaries.push(close(&commands, Boundary::WarmedUp).await);
    timeline.measure_at = Some(begin(&commands, Phase::Measure));
    publish(&plan, &timeline, &published, &stand_in).await;
    tokio::time::sleep(scenario.workload.drain).await;
    boundaries.push(close(&commands, Boundary::Drained).await);
    let outcome = ask(&commands, Command::Finish).await;
    worker.await.expect("the worker ends");
    Seen { outcome, served: stand_in.served(), boundaries }
}

#[expect(clippy::disallowed_methods, reason = "a certificate is good for days of the calendar")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970")
}

fn plan(scenario: &Scenario, transport: &Transport, identity: &Identity) -> Plan {
    let address = "127.0.0.1:1".parse().expect("an address");
    let protocol = match transport.carriage.http {
        pushbench_protocol::HttpVersion::Http11 => Protocol::Http11,
        pushbench_protocol::HttpVersion::Http2 => Protocol::Http2,
    };
    let tls = (transport.carriage.tls != TlsUse::None).then(|| TlsTarget {
        address,
        host: "localhost".to_owned(),
        connector: Connector::new(identity.certificate(), "localhost", protocol).expect("a client"),
    });
    Plan {
        transport: transport.settings,
        carriage: transport.carriage,
        target: address,
        host: "localhost".to_owned(),
        tls,
        publish_token: None,
        dues: due_times_until(scenario, Plan::publish_until(scenario, transport.settings)),
        topic_names: TopicNames::PLAIN,
        start_cursors: vec![Cursor::OLDEST],
        workers: 1,
        clients_per_address: 1,
        scenario: scenario.clone(),
    }
}

/// Sends a command and waits for its reply.
async fn ask<T>(
    commands: &UnboundedSender<Command>,
    command: impl FnOnce(Reply<T>) -> Command,
) -> T {
    let (reply, told) = mpsc_std::sync_channel(1);
    assert!(commands.send(command(reply)).is_ok(), "the worker takes commands");
    loop {
        match told.try_recv() {
            Ok(told) => return told,
            Err(mpsc_std::TryRecvError::Empty) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(error) => panic!("the worker is gone: {error}"),
        }
    }
}

/// Takes a boundary once all is quiet.
async fn close(commands: &UnboundedSender<Command>, boundary: Boundary) -> (Boundary, Standing) {
    tokio::time::sleep(QUIET).await;
    let (verdict, told) = mpsc_std::channel();
    verdict.send(true).expect("the worker has not read it yet");
    (boundary, ask(commands, |reply| Command::Close { boundary, reply, told }).await)
}

/// Lets a part of the schedule begin.
fn begin(commands: &UnboundedSender<Command>, phase: Phase) -> Timestamp {
    let at = now().plus(Duration::from_millis(30));
    let _ = commands.send(Command::Begin(phase, at));
    at
}

/// Publishes what is due in the part of the schedule that began last, and waits for its end.
async fn publish(plan: &Plan, timeline: &Timeline, published: &Published, stand_in: &StandIn) {
    let payloads = PayloadWriter::of(&plan.scenario.workload);
    let is_measure = timeline.measure_at.is_some();
    let is_of_part = |at: Duration| (at >= plan.warm_up_end()) == is_measure;
    for due in plan.dues.iter().filter(|due| is_of_part(due.at)) {
        let due_at = timeline.moment(due.at).expect("its part has begun");
        tokio::time::sleep(due_at.since(now())).await;
        let number = PublishNumber(due.number);
        let mut payload = Vec::new();
        payloads.write(Envelope { number, due_at }, &mut payload);
        let sent = Sent { sent_at: now(), due_at, digest: digest(&payload) };
        published.set(due.topic, number, sent);
        stand_in.publish(payload);
    }
    let end = if is_measure { plan.measure_end() } else { plan.warm_up_end() };
    let begun = if is_measure { plan.warm_up_end() } else { Duration::ZERO };
    let at = timeline.moment(begun).expect("it has begun").plus(end - begun);
    tokio::time::sleep(at.since(now())).await;
}
