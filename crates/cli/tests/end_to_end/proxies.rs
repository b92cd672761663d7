//! Proxies between the clients and the server: nginx, HAProxy and Caddy, as `scenarios/proxies` sets them
//! up. `scripts/setup-tests` installs them.

use std::path::Path;

use pushbench_protocol::Phase;
use pushbench_store::{CheckV1, ProxyV2, RunV2, TrialV2, Verdict};

use crate::shards::in_seconds;
use crate::support::{Bench, Running, invalid_checks, skip, trial};

/// The configurations that ship: the program, and the file.
const SHIPPED: [(&str, &str); 7] = [
    ("nginx", "nginx.conf"),
    ("nginx", "nginx-unbuffered.conf"),
    ("nginx", "nginx-gzip.conf"),
    ("nginx", "nginx-gzip-unbuffered.conf"),
    ("haproxy", "haproxy.cfg"),
    ("haproxy", "haproxy-no-delay.cfg"),
    ("caddy", "Caddyfile"),
];

/// Whether a daemon is there; that it is not is said loudly, and fails in CI.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let is_there = folders.any(|folder| folder.join(program).is_file());
    if !is_there {
        skip(&format!("{program} is not installed; scripts/setup-tests installs it"));
    }
    is_there
}

fn shipped(config: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/proxies").join(config);
    file.into_os_string().into_string().expect("UTF-8")
}

/// A scenario of these transports, each through this proxy.
fn scenario(program: &str, config: &str, transports: &[&str]) -> String {
    let mut text = format!(
        "question = \"What does a proxy do?\"\n[workload]\nclients = 6\npublish = {{ every = \"250ms\" }}\n\
         payload = {{ bytes = 100 }}\ndeliver = \"every\"\nwarm_up = \"500ms\"\nmeasure = \"1s\"\nrounds = 1\n\
         [proxy.front]\nkind = \"{program}\"\nconfig = \"{config}\"\n"
    );
    for transport in transports {
        text += &format!("[[transport]]\nproxy = \"front\"\n{transport}\n");
    }
    text
}

fn played(program: &str, config: &str, transports: &[&str]) -> RunV2 {
    let bench = Bench::with(&scenario(program, &shipped(config), transports));
    let (_, record) = bench.valid_run(&[]);
    record
}

fn check<'t>(trial: &'t TrialV2, name: &str) -> &'t CheckV1 {
    let mut checks = trial.checks.iter();
    checks.find(|check| check.check == name).unwrap_or_else(|| panic!("no {name}"))
}

fn proxy(trial: &TrialV2) -> &ProxyV2 {
    trial.proxy.as_ref().unwrap_or_else(|| panic!("{} had no proxy", trial.transport))
}

/// Nothing is lost, both sides have books of their own, and nobody holds one against the other.
fn check_books(trial: &TrialV2) {
    let name = &trial.transport;
    assert_eq!(trial.counts.delivered, trial.counts.expected, "{name}: {:?}", trial.counts);
    assert!(trial.counts.expected >= 6, "{name}");
    let pairs = || trial.books.reconciliations.iter();
    let clients_against_server =
        ["client sockets = server sockets", "client sockets = server kernel"];
    assert!(pairs().all(|of| !clients_against_server.contains(&of.pair.as_str())), "{name}");
    assert!(pairs().all(|of| of.left == of.right), "{name}: {:?}", trial.books.reconciliations);
    assert_eq!(check(trial, "books-balance").verdict, Verdict::Ok, "{name}");
    assert!(trial.model.figures.is_empty(), "{name}: nobody knows what a proxy does");
    let ProxyV2 { work, upstream, version, .. } = proxy(trial);
    assert!(version.as_ref().is_some_and(|version| version.contains('.')), "{name}: {version:?}");
    assert!(work.cpu_ns.is_some_and(|cpu| cpu > 0), "{name}: {work:?}");
    assert!(work.resident_load_bytes.is_some_and(|bytes| bytes > 100_000), "{name}: {work:?}");
    let (before, after) = (&upstream[&Phase::WarmUp], &upstream[&Phase::Drain]);
    let payload = 100 * trial.counts.expected;
    assert!(after.down - before.down >= payload, "{name}: {before:?} {after:?}");
    assert!(after.accepted > 0, "{name}: {after:?}");
}

#[test]
fn every_transport_goes_through_each_proxy_with_books_on_both_sides() {
    for (program, config) in SHIPPED {
        if !is_there(program) {
            continue;
        }
        let [websocket, stream] = ["kind = \"websocket\"", "kind = \"stream\""];
        let sse = "kind = \"sse\"\nheartbeat = \"500ms\"";
        let transports = match config {
            // It sends the headers of a response with the first bytes of its body, so that without a
            // heartbeat no stream would open.
            "nginx.conf" => vec![websocket, sse],
            // What is compressed and buffered is held back for good where nothing follows.
            "nginx-gzip.conf" => vec![websocket],
            _ => vec![websocket, sse, stream],
        };
        let record = played(program, config, &transports);
        for trial in &record.trials {
            check_books(trial);
            // A connection of the proxy's for each client, open from the beginning to the end, so that
            // both kernels have counted all that the sockets carried.
            assert_eq!(check(trial, "server-kernel").verdict, Verdict::Ok, "{config}");
            assert_eq!(check(trial, "proxy-books").verdict, Verdict::Ok, "{config}");
            let look = &proxy(trial).upstream[&Phase::Drain];
            assert_eq!([look.accepted, look.open], [6, 6], "{config}: {look:?}");
            assert_eq!(look.by_kernel(), Some([look.up, look.down]), "{config}: {look:?}");
        }
    }
}

#[test]
fn polls_go_through_each_proxy_over_connections_that_it_keeps_or_opens_anew() {
    for (program, config) in SHIPPED {
        if !is_there(program) {
            continue;
        }
        let transports = [
            "kind = \"short-poll\"\ninterval = \"100ms\"",
            "kind = \"long-poll\"",
            "kind = \"nudge\"",
        ];
        let record = played(program, config, &transports);
        for trial in &record.trials {
            check_books(trial);
        }
        let polls = trial(&record, "front-short-poll");
        let look = &proxy(polls).upstream[&Phase::Drain];
        // nginx tells the server to close after each response, unless it is told to keep connections.
        match config {
            "nginx.conf" => assert!(look.accepted >= polls.counts.polls, "{look:?}"),
            "nginx-unbuffered.conf" | "haproxy.cfg" | "haproxy-no-delay.cfg" | "Caddyfile" => {
                assert!(look.accepted <= 12, "{config}: {look:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn what_haproxy_holds_back_by_default_is_late_and_a_tunnel_is_not() {
    if !is_there("haproxy") {
        return;
    }
    let transports = ["kind = \"sse\"", "kind = \"websocket\""];
    let [delayed, at_once] = ["haproxy.cfg", "haproxy-no-delay.cfg"]
        .map(|config| played("haproxy", config, &transports));
    let p50 = |run: &RunV2, label: &str| trial(run, label).figures["latency.p50"];
    // 200 ms until what waits for more is sent (tcp(7), TCP_CORK): of messages 250 ms apart, each.
    let late = p50(&delayed, "front-sse");
    assert!((0.15..0.4).contains(&late), "{late} s");
    for (run, label) in
        [(&delayed, "front-websocket"), (&at_once, "front-sse"), (&at_once, "front-websocket")]
    {
        assert!(p50(run, label) < late / 2.0, "{label}: {} s", p50(run, label));
    }
}

#[test]
fn the_report_says_what_a_proxy_added_and_what_it_cost() {
    if !is_there("nginx") {
        return;
    }
    let text =
        scenario("nginx", &shipped("nginx.conf"), &["kind = \"short-poll\"\ninterval = \"100ms\""]);
    let bench = Bench::with(&text);
    let (ended, record) = bench.valid_run(&["--summary", "full"]);
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("front: nginx version: nginx/"), "{ended}");
    assert!(
        said.contains("opens more connections to the server than clients open to it"),
        "{ended}"
    );
    assert!(said.contains("CPU per delivery"), "{ended}");
    let pages = bench.play(&["report", "latest:small", "--summary", "full"]);
    assert!(pages.stdout.contains("Proxies"), "{pages}");
    assert_eq!(invalid_checks(&record), [""; 0]);
}

#[test]
fn a_proxy_that_does_not_start_is_told_with_what_it_said_and_nothing_is_left() {
    if !is_there("nginx") {
        return;
    }
    let bench = Bench::with(&scenario("nginx", "wrong.conf", &["kind = \"sse\""]));
    let wrong = "no_such_word ${port} ${upstream};\n";
    std::fs::write(bench.path().join("wrong.conf"), wrong).expect("written");
    let ended = Running::start(&mut bench.program(&["run", "small.toml"])).end();
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.stderr.contains("proxy.front: it ended before it was ready"), "{ended}");
    assert!(ended.stderr.contains("unknown directive \"no_such_word\""), "{ended}");
}

#[test]
fn a_proxy_before_a_server_that_runs_already_or_without_its_program_is_refused() {
    if !is_there("caddy") {
        return;
    }
    let bench = Bench::with(&scenario("caddy", &shipped("Caddyfile"), &["kind = \"sse\""]));
    let target = vec!["--target", "http://127.0.0.1:1"];
    let soon = in_seconds(60);
    let shard = vec!["--shard", "1/2", "--begin-at", &soon];
    for given in [target, shard] {
        let refused = bench.play(&[vec!["run", "small.toml"], given].concat());
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains("front-sse goes through proxy.front"), "{refused}");
    }
    // What starts the program is found in the same PATH.
    let bin = bench.path().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    std::os::unix::fs::symlink("/usr/bin/env", bin.join("env")).expect("a link");
    let mut without = bench.program(&["run", "small.toml"]);
    without.env("PATH", &bin);
    let refused = Running::start(&mut without).end();
    assert_eq!(refused.code, 104, "{refused}");
    assert!(refused.stderr.contains("proxy.front: `caddy` is no program"), "{refused}");
}
