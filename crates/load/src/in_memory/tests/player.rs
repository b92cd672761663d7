//! Plays a trial against the stand-in on a paused clock.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pushbench_protocol::{Cursor, TlsUse, TopicNames};
use pushbench_scenario::{Scenario, Shard, Transport, due_times_until};
use pushbench_tls::{Connector, Identity};

use super::stand_in::{Manners, StandIn};
use crate::in_memory::{CLOCK, Pipes};
use crate::{Adapted, Outcome, Plan, ServerSums, TlsTarget};

/// What was seen of a trial.
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    /// Bytes that the server has read and written.
    pub(super) served: (u64, u64),
    /// What it was told in requests of their own.
    pub(super) received: Vec<String>,
}

/// Plays a trial to its end.
pub(super) fn play(scenario: &Scenario, transport: &Transport, manners: Manners) -> Seen {
    play_by(scenario, transport, manners, None)
}

/// The same as a third-party server's adapter says.
pub(super) fn play_adapted(
    scenario: &Scenario,
    transport: &Transport,
    manners: Manners,
    adapted: Adapted,
) -> Seen {
    play_by(scenario, transport, manners, Some(Arc::new(adapted)))
}

fn play_by(
    scenario: &Scenario,
    transport: &Transport,
    manners: Manners,
    adapted: Option<Arc<Adapted>>,
) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let identity = Identity::of_this_host(since_1970()).expect("a certificate");
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let stand_in = Rc::new(StandIn::new(transport, &identity, manners));
        let counters = stand_in.counters();
        let pipes = Pipes {
            client: Rc::new({
                let stand_in = Rc::clone(&stand_in);
                move || StandIn::accept(&stand_in)
            }),
            publisher: Rc::new({
                let stand_in = Rc::clone(&stand_in);
                move || StandIn::accept_publisher(&stand_in)
            }),
            books: Arc::new(move || {
                let (received, sent) = (counters.bytes_read(), counters.bytes_written());
                Some(ServerSums { received, sent })
            }),
        };
        let plan = Plan { adapted, ..plan(scenario, transport, &identity) };
        let outcome = crate::in_memory::play(plan, &pipes, CLOCK).await;
        Seen { outcome, served: stand_in.served(), received: stand_in.received() }
    })
}

#[expect(clippy::disallowed_methods, reason = "a certificate is good for days of the calendar")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970")
}

fn plan(scenario: &Scenario, transport: &Transport, identity: &Identity) -> Plan {
    let address = "127.0.0.1:1".parse().expect("an address");
    let protocol = transport.carriage.http;
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
        via: None,
        publish_token: None,
        dues: due_times_until(scenario, Plan::publish_until(scenario, transport.settings)),
        topic_names: TopicNames::PLAIN,
        start_cursors: vec![Cursor::OLDEST],
        shard: Shard::WHOLE,
        workers: 1,
        adapted: None,
        clients_per_address: 1,
        namespace: None,
        scenario: scenario.clone(),
    }
}
