//! npm's `ws`, the server and client that most of the field measures itself against.

use std::process::{Command, Stdio};

use super::{check_subscriber, installed, needs_all, server, source};
use crate::support::{Bench, Running, trial};

fn node(program: &str) -> Option<Command> {
    let modules = installed("node_modules/ws")?;
    needs_all(&["node", "curl"]).then(|| {
        let mut command = Command::new("node");
        command.arg(source(program)).arg(modules);
        command
    })
}

#[test]
fn npm_ws_listens_pings_sends_fragments_and_closes() {
    let (_bench, server) = server(&[]);
    let Some(mut client) = node("client.mjs") else { return };
    client.args([&format!("ws://{}/topics/news/ws", server.address), "3"]);
    let said = check_subscriber(&server, &mut client);
    assert_eq!(said[0]["extensions"], "");
}

#[test]
fn npm_ws_agrees_and_understands_what_is_deflated() {
    for (flags, options, agreed) in [
        (&["--deflate"][..], "true", "permessage-deflate"),
        (
            &["--deflate"],
            r#"{"threshold": 0, "serverMaxWindowBits": 10, "clientMaxWindowBits": 10}"#,
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10",
        ),
        (
            &["--deflate"],
            r#"{"threshold": 0, "serverNoContextTakeover": true, "clientNoContextTakeover": true}"#,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            &["--deflate", "--deflate-no-context-takeover", "--deflate-threshold", "1024"],
            r#"{"threshold": 0}"#,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
    ] {
        let (_bench, server) = server(flags);
        let Some(mut client) = node("client.mjs") else { return };
        client.args([&format!("ws://{}/topics/news/ws", server.address), "3"]);
        client.arg(format!(r#"{{"perMessageDeflate": {options}}}"#));
        let said = check_subscriber(&server, &mut client);
        assert_eq!(said[0]["extensions"], "permessage-deflate", "{said:?}");
        assert_eq!(said[0]["answer"]["sec-websocket-extensions"], agreed, "{said:?}");
    }
}

const FEED: &str = r#"question = "What does a server of another hand send?"

[workload]
clients = 20
publish = { every = "200ms" }
payload = { bytes = 20 }
deliver = "every"
warm_up = "400ms"
measure = "2s"
rounds = 1

[[transport]]
kind = "websocket"
"#;

/// A server of another hand, and the process it is.
fn feed(options: &str) -> Option<(Running, String)> {
    let mut command = node("server.mjs")?;
    command.arg(options);
    let running = Running::start_with(&mut command, Stdio::piped());
    let url = format!("http://{}", running.first_line());
    Some((running, url))
}

#[test]
fn npm_ws_as_a_server_sends_what_ours_sends() {
    let Some((_server, url)) = feed("{}") else { return };
    let bench = Bench::with(FEED);
    let (ended, theirs) = bench.valid_run(&["--target", &url]);
    let (_, ours) = bench.valid_run(&[]);
    let theirs = trial(&theirs, "websocket");
    let counts = &theirs.counts;
    assert_eq!((counts.delivered, counts.expected), (200, 200), "{ended}");
    assert_eq!(counts.lost + counts.duplicates + counts.out_of_order, 0, "{counts:?}");
    assert!(theirs.books.reconciliations.iter().all(|pair| pair.left == pair.right));
    assert!(
        theirs.books.reconciliations.iter().any(|pair| pair.pair == "client sockets = kernel"),
        "{:?}",
        theirs.books.reconciliations
    );
    for figure in ["framing_bytes_per_delivery", "stream_bytes_per_delivery"] {
        assert_eq!(theirs.figures[figure], trial(&ours, "websocket").figures[figure], "{figure}");
    }
}

/// Messages of a server of another hand, compressed by zlib itself, and ours beside them.
#[test]
fn npm_ws_as_a_server_deflates_what_we_inflate() {
    const BODIES: &str = r#"
question = "What does a server of another hand compress?"

[workload]
clients = 10
publish = { every = "200ms" }
payload = { bytes = 2_000, content = "json" }
deliver = "every"
warm_up = "400ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "websocket"
compression = "deflate"
"#;
    for (options, sets) in [
        (r#"{"threshold": 0}"#, &[][..]),
        (r#"{"threshold": 0, "serverMaxWindowBits": 10}"#, &["transport.websocket.window_bits=10"]),
        (
            r#"{"threshold": 0, "serverNoContextTakeover": true}"#,
            &["transport.websocket.context_takeover=false"],
        ),
    ] {
        let deflate = format!(r#"{{"perMessageDeflate": {options}}}"#);
        let Some((_server, url)) = feed(&deflate) else { return };
        let bench = Bench::with(BODIES);
        let sets: Vec<_> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let (ended, theirs) = bench.valid_run(&[&["--target", &url], &sets[..]].concat());
        let (_, ours) = bench.valid_run(&sets);
        let [theirs, ours] = [&theirs, &ours].map(|run| trial(run, "websocket"));
        assert_eq!((theirs.counts.delivered, theirs.counts.expected), (50, 50), "{ended}");
        assert!(theirs.books.reconciliations.iter().all(|pair| pair.left == pair.right));
        let figure = |trial: &pushbench_store::TrialV2| trial.figures["payload_bytes_per_delivery"];
        let (theirs, ours) = (figure(theirs), figure(ours));
        assert!(theirs < 1_000.0 && ours < 1_000.0, "{options}: {theirs} and {ours}");
        // Two programs for one algorithm, at the same level.
        assert!((theirs / ours - 1.0).abs() < 0.15, "{options}: {theirs} and {ours}");
    }
}
