//! The caller's environment: what it may change, and that it changes nothing else.

use std::collections::BTreeSet;
use std::process::Command;

use pushbench_store::TrialV2;

use crate::support::{Bench, Running, Server, trial};

/// Commands whose options a run has no use for.
const OTHERS: [&str; 9] =
    ["serve", "check", "report", "anatomy", "plan", "compare", "results", "adapters", "lab"];

/// Every environment variable that these commands read.
fn variables(bench: &Bench) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for command in OTHERS {
        let help = bench.play(&[command, "--help"]).stdout;
        let named = help.split("[env:").skip(1).filter_map(|rest| rest.split('=').next());
        let before = all.len();
        all.extend(named.map(|name| name.trim().to_owned()));
        assert!(all.len() > before, "{command} names no variable: {help}");
    }
    all
}

/// A value that does harm where it is read.
fn odd(name: &str) -> &'static str {
    match name.rsplit_once('_').map_or(name, |(_, last)| last) {
        "HEARTBEAT" => "100ms",
        "CONFLATE" => "500ms",
        "MSS" => "536",
        "QUEUE" | "LOG" => "1",
        "LISTEN" => "127.0.0.1:1",
        "UNCHANGED" => "empty",
        "DELIVER" => "every",
        "COMPRESSION" => "gzip",
        "DEFLATE" => "true",
        _ => "odd",
    }
}

/// Bytes that hang on nothing but the settings.
fn bytes(trial: &TrialV2) -> Vec<(String, Option<f64>)> {
    let sample = trial.sample.as_ref();
    let request = sample.map(|sample| sample.request_bytes as f64);
    let response = sample.map(|sample| sample.response_bytes as f64);
    let mut bytes = vec![("request".to_owned(), request), ("response".to_owned(), response)];
    // How many polls there were hangs on their phases; a push is the same for every delivery.
    if trial.transport == "websocket" {
        for name in ["stream_bytes_per_delivery", "framing_bytes_per_delivery"] {
            assert_eq!(trial.figures.get(name), trial.model.figures.get(name), "{name}");
            bytes.push((name.to_owned(), trial.figures.get(name).copied()));
        }
        let kinds = &trial.books.phases[&pushbench_protocol::Phase::Measure];
        bytes.push(("control".to_owned(), Some((kinds.up.control + kinds.down.control) as f64)));
    }
    bytes
}

#[test]
fn a_hostile_environment_changes_no_byte_of_a_run() {
    let bench = Bench::new();
    let (_, clean) = bench.valid_run(&[]);

    let arguments = ["run", "small.toml"];
    let mut program: Command = bench.program(&arguments);
    for variable in variables(&bench) {
        // Older releases read it without the command's name.
        let (_, option) = variable["PUSHBENCH_".len()..].split_once('_').expect("a command");
        program.env(format!("PUSHBENCH_{option}"), odd(&variable));
        program.env(&variable, odd(&variable));
    }
    program.env("MALLOC_ARENA_MAX", "1").env("LANG", "zh_CN.UTF-8").env("TZ", "Asia/Shanghai");
    let ended = Running::start(&mut program).end();
    assert!([0, 98].contains(&ended.code), "{ended}");
    let (_, hostile) = bench.newest_record();
    assert_ne!(clean.id, hostile.id);

    for transport in ["short-poll", "websocket"] {
        let (clean, hostile) = (trial(&clean, transport), trial(&hostile, transport));
        assert_eq!(bytes(clean), bytes(hostile), "{transport}");
        assert_eq!(clean.server, hostile.server, "{transport}");
        let server = hostile.server.as_ref().expect("the server was ours");
        assert_eq!(server.config["deliver"], "latest");
        assert_eq!(server.config.get("heartbeat"), None);
        assert_eq!(server.config["listen"], "127.0.0.1:0");
    }
}

#[test]
fn a_server_takes_its_settings_from_a_document_and_announces_them() {
    let bench = Bench::new();
    let file = bench.path().join("server.toml");
    let document = "listen = \"127.0.0.1:0\"\nqueue = 7\nheartbeat = \"15s\"\n\
                    publish_token = \"secret\"\n";
    std::fs::write(&file, document).expect("a file");
    let arguments = ["serve", "--config", "server.toml", "--heartbeat", "20s"];
    let mut program = bench.program(&arguments);
    program.env("PUSHBENCH_SERVE_LOG", "99").env("PUSHBENCH_SERVE_HEARTBEAT", "25s");
    let running = Running::start(&mut program);
    let line = running.first_line();
    let announced: pushbench_protocol::Announcement =
        serde_json::from_str(&line).expect("an announcement");
    let config = announced.config;
    // The file, the environment over the file, and the flag over both.
    assert_eq!((config.queue.get(), config.log.get()), (7, 99));
    assert_eq!(config.heartbeat.map(|every| every.as_secs()), Some(20));
    assert!(!line.contains("secret"), "{line}");
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.end().code, 0);

    for (document, parts) in [
        ("qeue = 7\n", &["server.toml", "qeue", "queue"][..]),
        ("queue = \"seven\"\n", &["server.toml", "`queue`", "seven"]),
    ] {
        std::fs::write(&file, document).expect("a file");
        let ended = bench.play(&["serve", "--config", "server.toml"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended}");
        for part in parts {
            assert!(ended.stderr.contains(part), "{part}: {ended}");
        }
    }
}

#[test]
fn a_server_without_a_document_announces_its_defaults() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    assert_eq!(server.config.log.get(), 4_096);
    assert_eq!(server.end().code, 0);
}
