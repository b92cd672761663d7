//! Transports in TLS: books, model, tickets, certificates, and curl as a client we did not write.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use pushbench_protocol::{Direction, Layer, Phase, figure};
use pushbench_store::{RunV2, TrialV2};

use crate::support::{Bench, Ended, Running, Server, invalid_checks, needs};
use crate::{piped, turncoat};

/// Every kind, with a session of its own at each connection, and two that resume one.
const SCENARIO: &str = r#"
question = "What does TLS cost?"

[workload]
clients = 12
topics = 2
publish = { every = "250ms" }
payload = { bytes = 40 }
deliver = "every"
warm_up = "500ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
interval = "500ms"
tls = "full"

[[transport]]
kind = "long-poll"
tls = "full"

[[transport]]
kind = "sse"
tls = "full"

[[transport]]
kind = "stream"
tls = "full"

[[transport]]
kind = "websocket"
tls = "full"

[[transport]]
kind = "nudge"
tls = "full"

[[transport]]
name = "resumed-poll"
kind = "short-poll"
interval = "500ms"
tls = "resumed"

[[transport]]
name = "resumed-websocket"
kind = "websocket"
tls = "resumed"
"#;

/// Transports whose every message has writes of its own, so that each byte of it is predicted.
const ONE_BY_ONE: [&str; 6] =
    ["long-poll", "sse", "stream", "websocket", "nudge", "resumed-websocket"];

/// How far the mean length of a handshake's signature may be from the model's.
const SIGNATURE_SPREAD: f64 = 1.5;

/// Of the witnesses so many pairs are compared in all five phases.
fn all_balance(trial: &TrialV2, pairs_of_clients: usize) {
    let pairs = &trial.books.reconciliations;
    // Those of tickets are beside them.
    let of_phases = pairs.iter().filter(|pair| pair.phases != "tickets");
    assert_eq!(of_phases.count(), piped::comparisons(pairs_of_clients), "{}", trial.transport);
    for pair in pairs {
        assert_eq!(pair.left, pair.right, "{}: {pair:?}", trial.transport);
    }
}

/// Measured and modelled bytes of TLS, of the stream, and of both, for each delivery.
fn agrees(trial: &TrialV2) {
    for sum in ["tls", Layer::Stream.label(), Layer::Socket.label()] {
        for direction in [None, Some(Direction::Up), Some(Direction::Down)] {
            let name = figure::bytes_per(sum, direction, "delivery");
            let (measured, modelled) = (trial.figures.get(&name), trial.model.figures.get(&name));
            assert!(measured.is_some(), "{} {name}", trial.transport);
            assert_eq!(measured, modelled, "{} {name}", trial.transport);
        }
    }
}

#[test]
fn books_balance_and_the_model_agrees_for_every_kind_in_tls() {
    let run = piped::valid_run(SCENARIO, &[]);
    assert_eq!(run.trials.len(), 8);
    look_at(&run, 1);
}

#[test]
fn the_kernel_agrees_where_connections_are_two_and_where_they_resume() {
    let (_, run) = Bench::with(SCENARIO).valid_run(&["--only", "nudge,resumed-websocket"]);
    assert_eq!(run.trials.len(), 2);
    look_at(&run, 2);
}

/// Looks at a run; of its witnesses so many pairs are compared in all five phases.
fn look_at(run: &RunV2, pairs_of_clients: usize) {
    for trial in &run.trials {
        let label = trial.transport.as_str();
        all_balance(trial, pairs_of_clients);
        assert_eq!((trial.counts.lost, trial.counts.delivered), (0, 48), "{label}");
        if ONE_BY_ONE.contains(&label) {
            agrees(trial);
        }
        // Two polls a second find two messages each: 22 bytes for a request and an answer.
        if label.ends_with("poll") && label != "long-poll" {
            assert_eq!(trial.figures["tls_bytes_per_delivery"], 22.0, "{label}");
        }

        let connections = if label == "nudge" { 24 } else { 12 };
        let tls = trial.tls.as_ref().expect("it was played in TLS");
        let name = "connect_tls_bytes_per_connection";
        let off = trial.figures[name] - trial.model.figures[name];
        let (full, resumed, spread) = if label.starts_with("resumed") {
            assert_eq!(tls.preliminary_handshakes, 12, "{label}");
            let tickets =
                trial.books.reconciliations.iter().filter(|pair| pair.phases == "tickets");
            let tickets: Vec<_> = tickets.collect();
            // Sockets with the server's, and with the kernel's if there is one, both ways, and bytes
            // in each.
            assert_eq!(tickets.len(), 2 * pairs_of_clients, "{label}: {tickets:?}");
            assert!(tickets.iter().all(|pair| pair.left == pair.right && pair.left > 0), "{label}");
            assert!(tls.preliminary_bytes_down.is_some_and(|bytes| bytes > 12 * 500), "{label}");
            (0, connections, 0.0)
        } else {
            assert_eq!(tls.preliminary_handshakes, 0, "{label}");
            (connections, 0, SIGNATURE_SPREAD * connections as f64 / 12.0)
        };
        assert!(off.abs() <= spread, "{label}: {name} is {off} off");
        assert_eq!((tls.full_handshakes, tls.resumed_handshakes), (full, resumed), "{label}");
        let share = f64::from(u8::from(resumed > 0));
        assert_eq!(trial.figures["resumed_handshakes"], share, "{label}");
        let check = trial.checks.iter().find(|check| check.check == "tls-handshakes");
        assert!(check.is_some(), "{label}");

        // Goodbye is said both ways, and nothing else of TLS.
        let close = &trial.books.phases[&Phase::Close];
        let overhead = match label {
            // Their last words: a close frame each way, or the last chunk.
            "websocket" | "resumed-websocket" | "nudge" => (12 * 22, 12 * 22),
            _ => (0, 0),
        };
        let goodbyes = connections * 24;
        let expected = (Some(goodbyes + overhead.0), Some(goodbyes + overhead.1));
        assert_eq!((close.up.tls, close.down.tls), expected, "{label}");
    }
}

/// Plays messages of one kind around the edges of records.
fn check_edges(transport: &str) {
    // With its frame header, its chunk or its event's fields one of these fills a record to the
    // last byte, and the next has a byte too many.
    for payload in [16_300, 16_346, 16_347, 16_375, 16_376, 16_380, 16_381, 32_764, 32_765] {
        let set = format!("workload.payload.bytes={payload}");
        let fast = ["--set", "workload.clients=2", "--set", "workload.topics=1", "--set", &set];
        let arguments = [&["--quiet", "--only", transport], &fast[..]].concat();
        let run = piped::valid_run(SCENARIO, &arguments);
        let [trial] = &run.trials[..] else { panic!("{} trials", run.trials.len()) };
        all_balance(trial, 1);
        agrees(trial);
    }
}

#[test]
fn an_event_at_the_edge_of_a_record_costs_what_the_model_says() {
    check_edges("sse");
}

#[test]
fn a_line_at_the_edge_of_a_record_costs_what_the_model_says() {
    check_edges("stream");
}

#[test]
fn a_frame_at_the_edge_of_a_record_costs_what_the_model_says() {
    check_edges("websocket");
}

/// `serve --tls` with its certificate written where curl finds it.
fn serve(bench: &Bench) -> Server {
    Server::start(bench, &["--tls-listen", "127.0.0.1:0", "--certificate-out", "server.pem"])
}

/// Runs curl in the bench's folder; gives its exit code, and what it wrote.
fn curl(bench: &Bench, arguments: &[&str]) -> Ended {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "60"]).args(arguments);
    Running::start(command.current_dir(bench.path())).end()
}

#[test]
fn curl_polls_and_upgrades_with_the_certificate_and_not_without() {
    if !needs("curl") {
        return;
    }
    let bench = Bench::new();
    let server = serve(&bench);
    let url = |path: &str| format!("https://{}{path}", server.tls());
    let publish = format!("http://{}/topics/news/messages", server.address);
    let published = curl(&bench, &["--data-binary", "hello, world, 16+", &publish]);
    assert_eq!(published.code, 0, "{published}");

    let poll = url("/topics/news/poll?after=0000000000000000");
    let polled = curl(&bench, &["--cacert", "server.pem", &poll]);
    assert_eq!((polled.code, polled.stdout.as_str()), (0, "hello, world, 16+"), "{polled}");
    let localhost = poll.replace("127.0.0.1", "localhost");
    let polled = curl(&bench, &["--cacert", "server.pem", &localhost]);
    assert_eq!((polled.code, polled.stdout.as_str()), (0, "hello, world, 16+"), "{polled}");

    let upgrade = [
        "--include",
        "--http1.1",
        "--cacert",
        "server.pem",
        "--header",
        "Connection: Upgrade",
        "--header",
        "Upgrade: websocket",
        "--header",
        "Sec-WebSocket-Version: 13",
        "--header",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "--max-time",
        "2",
    ];
    let socket = url("/topics/news/ws?after=0000000000000000");
    let upgraded = curl(&bench, &[&upgrade[..], &[&socket]].concat());
    assert!(upgraded.stdout.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{upgraded}");

    // 60: the certificate is not trusted; 35: the handshake failed. See curl(1).
    let distrusted = curl(&bench, &[&poll]);
    assert_eq!(distrusted.code, 60, "{distrusted}");
    let old = curl(&bench, &["--cacert", "server.pem", "--tls-max", "1.2", &poll]);
    assert_eq!(old.code, 35, "{old}");

    let stats = server.stats();
    assert_eq!(stats.handshakes.full, 3, "{stats:?}");
    assert!(stats.handshakes.failed >= 2, "{stats:?}");
    let ended = server.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended}");
}

#[test]
fn no_key_and_no_certificate_is_written_unless_asked_for() {
    let bench = Bench::new();
    let before = files(bench.path());
    let server = Server::start(&bench, &["--tls-listen", "127.0.0.1:0"]);
    assert_eq!(files(bench.path()), before);
    server.end();
    let server = serve(&bench);
    let written: Vec<_> =
        files(bench.path()).into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(written, ["server.pem"]);
    let pem = fs::read_to_string(bench.path().join("server.pem")).expect("it was written");
    assert!(!pem.contains("PRIVATE KEY"), "{pem}");
    server.end();
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into()).collect()
}

/// Runs the WebSocket transport in TLS against a server that runs already, and listens for TLS there.
fn against(bench: &Bench, server: &Server, tls: SocketAddr, certificate: &str) -> Ended {
    let (clear, secure) = (server.url(), format!("https://{tls}"));
    let target = ["--target", &clear, "--target-tls", &secure, "--target-certificate", certificate];
    let arguments = [&target[..], &["--quiet", "--only", "websocket"]].concat();
    bench.play(&[&["run", "small.toml"], &arguments[..]].concat())
}

#[test]
fn a_target_is_played_in_tls_with_its_certificate_and_refused_with_another() {
    let (bench, other) = (Bench::with(SCENARIO), Bench::new());
    let (server, stranger) = (serve(&bench), serve(&other));
    let strange = other.path().join("server.pem").display().to_string();

    let ended = against(&bench, &server, server.tls(), &strange);
    assert_eq!(ended.code, 1, "{ended}");
    let why = "websocket: the TLS handshake failed (nobody who is trusted vouches for the server's";
    assert!(ended.stderr.contains(why), "{ended}");
    assert!(ended.stderr.contains("--target-certificate"), "{ended}");
    assert!(bench.records().is_empty(), "{ended}");

    // Somebody else's certificate only once the run has begun: the first connection only finds that
    // somebody listens, and the second is that of the first message.
    let changed = turncoat::by_connection(2, server.tls(), stranger.tls());
    let ended = against(&bench, &server, changed, "server.pem");
    let (_, run) = bench.newest_record();
    assert_eq!(ended.code, 98, "{ended}");
    assert!(invalid_checks(&run).contains(&"errors".to_owned()), "{ended}");
    assert_eq!(run.trials[0].counts.errors["tls"], 12, "{:?}", run.trials[0].counts);

    let ended = against(&bench, &server, server.tls(), "server.pem");
    let (_, run) = bench.newest_record();
    // A busy machine may have made it late; nothing else may be wrong.
    let invalid = invalid_checks(&run);
    assert!(invalid.iter().all(|check| check.ends_with("lateness")), "{invalid:?} {ended}");
    assert_eq!(run.trials[0].counts.delivered, 48, "{ended}");
    // How long another's handshake is nobody knows before.
    let model = &run.trials[0].model.figures;
    assert!(!model.contains_key("connect_tls_bytes_per_connection"));
    assert_eq!(model["tls_bytes_per_delivery"], 22.0);
    assert!(run.trials[0].figures["connect_tls_bytes_per_connection"] > 0.0);
    drop((server, stranger));
}

#[test]
fn a_target_without_tls_is_refused_for_a_transport_in_tls() {
    let bench = Bench::with(SCENARIO);
    let server = Server::start(&bench, &[]);
    let clear = server.url();
    let play = |target: &[&str]| {
        bench.play(&[&["run", "small.toml", "--quiet", "--only", "websocket"], target].concat())
    };
    let ended = play(&["--target", &clear]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.stderr.contains("websocket is to be played in TLS"), "{ended}");
    assert!(ended.stderr.contains("--target-tls"), "{ended}");
    let ended = play(&["--target", &clear.replace("http", "https")]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.stderr.contains("--target-certificate"), "{ended}");
}

#[test]
fn a_certificate_goes_with_its_key_and_with_tls() {
    let bench = Bench::new();
    for (arguments, code, said) in [
        (&["serve", "--tls", "--certificate", "x.pem"][..], 2, "--key"),
        (&["serve", "--certificate-out", "x.pem"], 2, "no effect without --tls"),
        (&["serve", "--tls", "--certificate", "x.pem", "--key", "x.pem"], 1, "cannot read x.pem"),
    ] {
        let ended = bench.play(arguments);
        assert_eq!(ended.code, code, "{ended}");
        assert!(ended.stderr.contains(said), "{ended}");
    }
}
