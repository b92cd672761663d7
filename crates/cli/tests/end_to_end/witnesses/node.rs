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
