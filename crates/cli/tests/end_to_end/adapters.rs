//! `pushbench adapters`: what ships, and what a person writes.

use std::fs;

use crate::support::Bench;

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
