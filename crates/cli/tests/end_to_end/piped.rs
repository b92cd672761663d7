//! The own server and the load generator over pipes in memory, on a clock that stands still while
//! anybody works: a trial takes as long as its work does, and nothing is late.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pushbench_load::in_memory::CLOCK;
use pushbench_protocol::ServerDocument;
use pushbench_runner::{Options, PipedServer, ServerCommand, play_piped};
use pushbench_scenario::{Scenario, Source, read};
use pushbench_server::{Arrival, Server, ServerConfig};
use pushbench_store::wall_clock::since_epoch;
use pushbench_store::{EnvironmentV1, ReconciliationV1, RunV2, ToolV1, TrialV2, Verdict};
use pushbench_tls::Identity;
use tokio::sync::{mpsc, oneshot};

use crate::quiet::making_way;

/// Bytes that a pipe takes before whoever writes has to wait.
const PIPE: usize = 64 * 1024;

/// Plays each transport of a scenario once, with the arguments of `run` that change it (`--set` and
/// `--only`), and asserts that nothing is wrong. The record is as a run's, without what needs
/// processes or a kernel.
pub(crate) fn valid_run(scenario: &str, arguments: &[&str]) -> RunV2 {
    let (mut overrides, mut only) = (Vec::new(), Vec::new());
    let mut arguments = arguments.iter().filter(|argument| **argument != "--quiet");
    while let Some(argument) = arguments.next() {
        let mut value = || *arguments.next().unwrap_or_else(|| panic!("{argument} has no value"));
        match argument.split_once('=') {
            Some(("--only", labels)) => only.extend(labels.split(',').map(str::to_owned)),
            _ if *argument == "--set" => overrides.push(value().to_owned()),
            _ if *argument == "--only" => only.extend(value().split(',').map(str::to_owned)),
            _ => panic!("{argument} is nothing for a trial over pipes"),
        }
    }
    let path = Path::new("small.toml");
    let read_file = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let source =
        Source { path, text: scenario, overrides: &overrides, only: &only, read_file: &read_file };
    let scenario = read(&source).unwrap_or_else(|refused| panic!("{refused}"));
    let mut run = pushbench_runner::begin(&scenario, &options(String::new()));
    for transport in 0..scenario.transports.len() {
        let trial = play_against(&scenario, transport, |_| {});
        assert_eq!(faults(&trial), [""; 0], "{}", trial.transport);
        run.trials.push(trial);
    }
    run
}

/// Plays a trial of a scenario's only transport.
pub(crate) fn play(scenario: &Scenario) -> TrialV2 {
    play_against(scenario, 0, |_| {})
}

/// Plays a trial of a transport against a server whose settings may be other than it was told.
pub(crate) fn play_against(
    scenario: &Scenario,
    transport: usize,
    change: impl FnOnce(&mut ServerConfig),
) -> TrialV2 {
    play_and_let_go(scenario, transport, change, None)
}

/// The same, whose server lets all subscribers go when it has run for so long.
pub(crate) fn play_and_let_go(
    scenario: &Scenario,
    transport: usize,
    change: impl FnOnce(&mut ServerConfig),
    lets_go_after: Option<Duration>,
) -> TrialV2 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let options = options(String::new());
    let serve = |document: &ServerDocument| serve(document, change, lets_go_after);
    let trial = play_piped(scenario, transport, &options, CLOCK, serve);
    let trial = making_way(|| tokio::task::LocalSet::new().block_on(&runtime, trial));
    trial.unwrap_or_else(|error| panic!("{error}"))
}

/// Starts a server that is told this, and that takes its connections from pipes.
fn serve(
    document: &ServerDocument,
    change: impl FnOnce(&mut ServerConfig),
    lets_go_after: Option<Duration>,
) -> PipedServer {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    let identity =
        || IDENTITY.get_or_init(|| Identity::of_this_host(since_epoch()).expect("a certificate"));
    let identity = document.wants_tls().then(identity);
    let mut config = ServerConfig::of(document, identity.cloned()).expect("settings");
    assert_eq!(config.document(document), *document, "it has understood all of it");
    change(&mut config);
    let (arrivals, incoming) = mpsc::unbounded_channel();
    let server = Server::over(incoming, config, CLOCK).expect("a server");
    let books = server.books();
    if let Some(after) = lets_go_after {
        let books = books.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            books.let_subscribers_go();
        });
    }
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(async {
        let _ = stopped.await;
    }));
    PipedServer {
        open: Rc::new(move |is_tls| {
            let (client, stream) = tokio::io::duplex(PIPE);
            let arrival = Arrival { stream, listener: None, is_tls };
            assert!(arrivals.send(arrival).is_ok(), "the server serves");
            client
        }),
        certificate: identity.map(|identity| identity.certificate().clone()),
        stats: Arc::new(move || books.stats()),
        end: Box::pin(async {
            let _ = stop.send(());
            let ended = serving.await.expect("the server does not panic");
            assert_eq!(ended.cut_off, 0, "connections that had not ended by themselves");
            ended.stats
        }),
    }
}

/// How a run is carried out that is not the command's.
pub(crate) fn options(file: String) -> Options {
    Options {
        server: ServerCommand {
            program: env!("CARGO_BIN_EXE_pushbench").into(),
            arguments: ["serve", "--config", "-"].map(str::to_owned).to_vec(),
        },
        floor: ServerCommand {
            program: env!("CARGO_BIN_EXE_pushbench").into(),
            arguments: ["floor", "--side"].map(str::to_owned).to_vec(),
        },
        shards: None,
        part: None,
        target: None,
        cores: 2,
        placement: None,
        file,
        files: Vec::new(),
        overrides: Vec::new(),
        tags: std::collections::BTreeMap::new(),
        environment: EnvironmentV1 {
            link: "loopback".to_owned(),
            build: "debug".to_owned(),
            ..EnvironmentV1::default()
        },
        tool: ToolV1 { name: "pushbench".to_owned(), version: "test".to_owned(), commit: None },
    }
}

/// How often pairs of witnesses are compared, both ways, where so many pairs of the clients' are over
/// all five phases: with a kernel there are two, and it is asked of the server's ends too.
pub(crate) const fn comparisons(pairs_of_clients: usize) -> usize {
    // The server says what it has carried at the ends of four spans, the kernel of its ends of three.
    let of_server_ends = if pairs_of_clients > 1 { 3 } else { 0 };
    2 * (pairs_of_clients * 5 + 4 + of_server_ends)
}

/// What is wrong with a trial over pipes; empty if nothing is. Nothing can be late or disturbed, so
/// nothing is excused: books that were not compared are at fault, and so is a warning.
pub(crate) fn faults(trial: &TrialV2) -> Vec<String> {
    let mut faults = Vec::new();
    let pairs = &trial.books.reconciliations;
    let apart = pairs.iter().filter(|pair| pair.left != pair.right);
    faults.extend(apart.map(|pair| format!("books do not balance: {pair:?}")));
    for witnesses in ["codec = client sockets", "client sockets = server sockets"] {
        let is_it = |pair: &&ReconciliationV1| {
            pair.pair == witnesses && pair.phases.starts_with("measure") && pair.left > 0
        };
        if !pairs.iter().any(|pair| is_it(&pair)) {
            faults
                .push(format!("`{witnesses}` was not compared over the measure phase: {pairs:?}"));
        }
    }
    for check in &trial.checks {
        let is_fault = match check.check.as_str() {
            // There is no kernel to ask: of its books that check has nothing but a warning.
            "books-balance" => check.verdict == Verdict::Invalid,
            _ => matches!(check.verdict, Verdict::Invalid | Verdict::Warning),
        };
        if is_fault {
            faults.push(format!("{}: {:?}: {}", check.check, check.verdict, check.text));
        }
    }
    let counts = &trial.counts;
    let all = counts.delivered + counts.superseded == counts.expected && counts.duplicates == 0;
    if !all || !counts.errors.is_empty() || !counts.close_errors.is_empty() {
        faults.push(format!("not all was delivered once and in order: {counts:?}"));
    }
    faults
}
