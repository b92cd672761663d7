//! `pushbench adapters`: what ships, and what a person writes.

use std::fs;

use crate::support::{Bench, Running};

#[test]
fn adapters_are_listed_printed_and_checked() {
    let bench = Bench::new();
    let list = bench.play(&["adapters"]);
    assert_eq!(list.code, 0, "{list}");
    for name in ["nchan ", "socket-io ", "faye ", "nats ", "pushbench "] {
        assert!(list.stdout.lines().any(|line| line.starts_with(name)), "{name}: {list}");
    }

    let printed = bench.play(&["adapters", "nchan"]);
    assert_eq!(printed.code, 0, "{printed}");
    let mine = bench.path().join("mine.toml");
    fs::write(&mine, &printed.stdout).expect("a file");
    let checked = bench.play(&["adapters", "--check", "mine.toml"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked}");
    assert_eq!(checked.stdout, "mine.toml: ok, websocket, sse, long-poll\n");
}

#[test]
fn an_adapter_with_problems_is_104_with_all_of_them_and_their_places() {
    let bench = Bench::new();
    let text = "about = \"x\"\n\n[transport.websocket]\nurl = \"/${chanel}\"\nspilt = \"lines\"\n";
    fs::write(bench.path().join("mine.toml"), text).expect("a file");
    let refused = bench.play(&["adapters", "--check", "mine.toml"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (104, ""), "{refused}");
    for told in [
        "mine.toml:1:1: documents is missing",
        "mine.toml:4:7: transport.websocket.url is",
        "did you mean `${channel}`?",
        "mine.toml:5:1: transport.websocket.spilt is unknown",
        "did you mean `transport.websocket.split`?",
    ] {
        assert!(refused.stderr.contains(told), "{told}: {refused}");
    }
}

#[test]
fn an_adapter_that_is_not_there_is_an_error_that_names_it() {
    let bench = Bench::new();
    let absent = bench.play(&["adapters", "--check", "absent.toml"]);
    assert_eq!(absent.code, 1, "{absent}");
    assert!(absent.stderr.contains("cannot read the adapter absent.toml"), "{absent}");
    let unknown = bench.play(&["adapters", "socketio"]);
    assert_eq!(unknown.code, 2, "{unknown}");
    assert!(unknown.stderr.contains("did you mean `socket-io`?"), "{unknown}");
}

/// One that the run starts, and a service of one's own that wants a token.
const SERVERS: &str = r#"
question = "What do our orders cost?"
workload = { clients = 5, publish = { every = "1s" } }

[server.nchan]
adapter = "nchan"
url = "http://127.0.0.1:${port}"
start = ["nginx", "-p", "${dir}", "-c", "nginx.conf"]

[server.orders]
url = "https://orders.example.org/v1"
publish = "theirs"
[server.orders.transport.short-poll]
url = "/orders"
headers = { Authorization = "Bearer ${env:PUSHBENCH_TEST_TOKEN}" }
id = "/items/*/id"

[[transport]]
kind = "websocket"
server = "nchan"

[[transport]]
kind = "short-poll"
server = "orders"
"#;

#[test]
fn check_says_which_servers_are_asked_and_what_they_need_of_the_environment() {
    let bench = Bench::with(SERVERS);
    let checked = |token: Option<&str>, only: &[&str]| {
        let mut program = bench.program(&[&["check", "small.toml"], only].concat());
        program.envs(token.map(|token| ("PUSHBENCH_TEST_TOKEN", token)));
        Running::start(&mut program).end()
    };
    let there = checked(Some("hush"), &[]);
    assert_eq!((there.code, there.stderr.as_str()), (0, ""), "{there}");
    for line in [
        "ok, 5 clients, nchan-websocket, orders-short-poll (",
        "\n  server nchan: by the adapter nchan (",
        "at http://127.0.0.1:${port}, started by `nginx -p ${dir} -c nginx.conf`\n",
        "\n  server orders: as the scenario describes it, at https://orders.example.org/v1, which runs \
         already\n",
    ] {
        assert!(there.stdout.contains(line), "{line}: {there}");
    }
    let missing = checked(None, &[]);
    assert_eq!(missing.code, 104, "{missing}");
    let told =
        "server.orders uses `${env:PUSHBENCH_TEST_TOKEN}`, which the environment does not have";
    assert!(missing.stderr.contains(told), "{missing}");
    assert!(!missing.stdout.contains(": ok"), "not ready to run: {missing}");
    // What is not asked needs nothing.
    let without = checked(None, &["--only", "nchan-websocket"]);
    assert_eq!((without.code, without.stderr.as_str()), (0, ""), "{without}");
}

#[test]
fn a_plan_leaves_out_what_there_is_no_model_of() {
    let bench = Bench::with(SERVERS);
    let none = bench.play(&["plan", "--scenario", "small.toml"]);
    assert_eq!((none.code, none.stdout.as_str()), (104, ""), "{none}");
    let with_ours = Bench::with(&format!("{SERVERS}\n[[transport]]\nkind = \"websocket\"\n"));
    let plan = with_ours.play(&["plan", "--scenario", "small.toml"]);
    assert_eq!(plan.code, 0, "{plan}");
    assert!(plan.stderr.contains("nchan-websocket is left out: there is no model"), "{plan}");
    assert!(!plan.stdout.contains("nchan-websocket"), "{plan}");
}
