//! A trial over pipes in memory, judged as every other: the same settings for the server, the same
//! books, checks, figures and model.
//!
//! What only processes and sockets have is absent from its record: work, memory, the kernel's books.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use pushbench_load::in_memory::{self, Pipes};
use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Cursor, ServerDocument, ServerStats, TopicNames};
use pushbench_scenario::{Scenario, Shard, round_seed};
use pushbench_store::wall_clock::now_rfc3339;
use pushbench_store::{CellV1, TrialV2};
use pushbench_tls::Certificate;

use crate::options::Options;
use crate::samples::{Samples, sums};
use crate::server_document::document;
use crate::target::TargetTls;
use crate::trial::{Ending, Reach, Trial};
use crate::{RunError, Target, tls};

/// Ports that the clients' requests name. Nobody listens there.
const PORTS: [u16; 2] = [10_000, 10_001];

/// A server in this process that was told a document, and whose pipes are open.
pub struct PipedServer {
    /// Opens a connection in clear text, or in TLS; gives the client's end.
    pub open: Rc<dyn Fn(bool) -> in_memory::Pipe>,
    /// What it shows in TLS, if it has that.
    pub certificate: Option<Certificate>,
    /// Its books as they stand.
    pub stats: Arc<dyn Fn() -> ServerStats + Send + Sync>,
    /// Ends it in order; gives its books once every connection is closed.
    pub end: Pin<Box<dyn Future<Output = ServerStats>>>,
}

impl std::fmt::Debug for PipedServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PipedServer")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// Plays one trial of a scenario, that of its first round, against a server that `serve` starts.
/// Needs a `LocalSet` of tokio, and a clock that goes with the runtime's timer; on one that is paused
/// the trial takes as long as its work does.
///
/// # Errors
///
/// If the trial is to be in TLS and the server has no certificate.
pub async fn play_piped(
    scenario: &Scenario,
    transport: usize,
    options: &Options,
    clock: Clock,
    serve: impl FnOnce(&ServerDocument) -> PipedServer,
) -> Result<TrialV2, RunError> {
    let topic_names = TopicNames::PLAIN;
    let (cell, shard) = (CellV1::new(), Shard::WHOLE);
    let trial = Trial { scenario, cell, transport, round: 0, topic_names, shard, options };
    let mut scenario = scenario.clone();
    scenario.workload.seed = round_seed(scenario.workload.seed, 0);
    let transport = scenario.transports[transport].clone();
    let kind = transport.settings.kind();
    let started_at = now_rfc3339();
    let server = serve(&document(&scenario, &transport));
    let [address, tls_address] =
        PORTS.map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    let target = Target {
        address,
        host: address.to_string(),
        tls: server.certificate.map(|certificate| TargetTls {
            address: tls_address,
            host: tls_address.to_string(),
            certificate,
        }),
        publish_token: None,
    };
    let tls = tls::tls_target(&transport, &target)?;
    let is_tls = tls.is_some();
    let cursors = vec![Cursor::OLDEST; scenario.workload.topics.get() as usize];
    let reach = Reach { target, tls, via: None, adapted: None };
    let plan = trial.plan(scenario, &transport, &reach, cursors);
    let (for_clients, for_publisher) = (Rc::clone(&server.open), server.open);
    let stats = server.stats;
    let pipes = Pipes {
        client: Rc::new(move || for_clients(is_tls)),
        publisher: Rc::new(move || for_publisher(false)),
        books: Arc::new(move || Some(sums(&stats(), kind))),
    };
    let outcome = in_memory::play(plan.clone(), &pipes, clock).await;
    let samples = Samples::at_the_end(&server.end.await, kind);
    let ending = Ending {
        is_complete: true,
        server_death: None,
        server_end: None,
        link: None,
        proxy: None,
        late: None,
    };
    trial.record(started_at, &plan, &reach.target, &outcome, &samples, ending)
}
