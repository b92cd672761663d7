//! `pushbench new`: a scenario from what a browser saved.

use std::fs;
use std::path::Path;

use pushbench_protocol::RequestProfile;

use crate::support::Bench;

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../import/tests/samples");
    samples.join(name).display().to_string()
}

#[test]
fn a_recording_becomes_two_files_without_its_secrets_and_nothing_is_overwritten() {
    let bench = Bench::new();
    let made = bench.play(&["new", "orders.toml", "--from-har", &sample("chrome-polling.har")]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made}");
    for told in [
        "orders.toml and orders.head are written",
        "the interval of 5s is the median of 6 gaps",
        "set API_EXAMPLE_COM_COOKIE before a run",
    ] {
        assert!(made.stdout.contains(told), "{told}: {made}");
    }
    let read = |name| fs::read_to_string(bench.path().join(name)).expect("it is written");
    let (scenario, headers) = (read("orders.toml"), read("orders.head"));
    for secret in ["eyJ", "4f1c0b2a9d8e7f6a"] {
        assert!(!scenario.contains(secret) && !headers.contains(secret), "{secret}");
        assert!(!made.stdout.contains(secret), "{made}");
    }
    assert!(scenario.contains("request = \"orders.head\""), "{scenario}");
    RequestProfile::parse("orders", &headers).expect("a header file");

    let again = bench.play(&["new", "orders.toml", "--from-har", &sample("chrome-polling.har")]);
    assert_eq!(again.code, 1, "{again}");
    assert!(again.stderr.contains("cannot write orders.head: File exists"), "{again}");
    fs::remove_file(bench.path().join("orders.head")).expect("it was written");
    let again = bench.play(&["new", "orders.toml", "--from-har", &sample("chrome-polling.har")]);
    assert_eq!(again.code, 1, "{again}");
    assert!(again.stderr.contains("cannot write orders.toml: File exists"), "{again}");
    assert!(!bench.path().join("orders.head").exists(), "half of a pair is left");
}

#[test]
fn an_adapter_is_written_once_and_the_check_says_what_to_fill_in() {
    let bench = Bench::new();
    let made = bench.play(&["new", "--adapter", "orders"]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made}");
    let check = || bench.play(&["adapters", "--check", "orders.toml"]);
    let refused = check();
    assert_eq!(refused.code, 104, "{refused}");
    assert!(refused.stderr.contains("transport.websocket.url is \"\""), "{refused}");
    let again = bench.play(&["new", "--adapter", "orders"]);
    assert_eq!(again.code, 1, "{again}");
    let path = bench.path().join("orders.toml");
    let text = fs::read_to_string(&path).expect("it is written");
    let text = text.replace("= \"\"", "= \"/orders\"");
    fs::write(&path, text).expect("it can be");
    let accepted = check();
    assert_eq!(accepted.code, 0, "{accepted}");
    assert!(accepted.stdout.contains("orders.toml: ok, websocket"), "{accepted}");
    for name in ["", "../orders", "or ders"] {
        let refused = bench.play(&["new", "--adapter", name]);
        assert_eq!(refused.code, 2, "{name}: {refused}");
    }
}

#[test]
fn a_copied_request_names_its_file_after_the_service() {
    let bench = Bench::new();
    let made = bench.play(&["new", "--from-curl", &sample("safari-poll.curl")]);
    assert_eq!(made.code, 0, "{made}");
    for name in ["example-com.toml", "example-com.head"] {
        assert!(bench.path().join(name).is_file(), "{name}: {made}");
    }
}

#[test]
fn several_candidates_are_listed_and_one_is_chosen_by_its_url() {
    let bench = Bench::new();
    let several = sample("several.har");
    let refused = bench.play(&["new", "--from-har", &several]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    for listed in ["short-poll, 7 times: GET https://api.example.com/v1/items", "websocket, once"] {
        assert!(refused.stderr.contains(listed), "{listed}: {refused}");
    }
    let unknown = bench.play(&["new", "--from-har", &several, "--url", "/nowhere"]);
    assert_eq!(unknown.code, 2, "{unknown}");
    assert!(unknown.stderr.contains("no request has `/nowhere` in its URL"), "{unknown}");
    let chosen = bench.play(&["new", "x.toml", "--from-har", &several, "--url", "/ws"]);
    assert_eq!(chosen.code, 0, "{chosen}");
    let scenario = fs::read_to_string(bench.path().join("x.toml")).expect("it is written");
    assert!(scenario.contains("kind = \"websocket\""), "{scenario}");
}

#[test]
fn a_request_and_a_websocket_of_one_recording_come_to_one_scenario() {
    let bench = Bench::new();
    let several = sample("several.har");
    let both = ["new", "b.toml", "--from-har", &several, "--url", "/v1/items", "--url", "/ws"];
    let made = bench.play(&both);
    assert_eq!(made.code, 0, "{made}");
    let scenario = fs::read_to_string(bench.path().join("b.toml")).expect("it is written");
    for kind in ["short-poll", "websocket"] {
        assert!(scenario.contains(&format!("[[transport]]\nkind = \"{kind}\"")), "{scenario}");
    }
    let headers = fs::read_to_string(bench.path().join("b.head")).expect("it is written");
    assert!(headers.contains("Upgrade: websocket") && !headers.contains("no capture"), "{headers}");
    let mut program = bench.program(&["check", "b.toml"]);
    for line in scenario.lines().filter(|line| line.contains("before a run")) {
        let name = line.split("set ").nth(1).and_then(|rest| rest.split(' ').next());
        program.env(name.expect("a variable"), "x");
    }
    let checked = crate::support::Running::start(&mut program).end();
    assert_eq!(checked.code, 0, "{checked}\n{scenario}");
    let twice =
        ["new", "c.toml", "--from-har", &several, "--url", "/v1/items", "--url", "/v1/items"];
    let refused = bench.play(&twice);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("expected at most one beside a WebSocket"), "{refused}");
}

#[test]
fn what_is_no_recording_is_refused_and_nothing_is_written() {
    let bench = Bench::new();
    fs::write(bench.path().join("page.har"), "<html>").expect("a file");
    fs::write(bench.path().join("cmd.txt"), "curl ^\"https://h/^\"\n").expect("a file");
    for (arguments, code, told) in [
        (&["new", "--from-har", "page.har"][..], 104, "page.har: the file: expected value"),
        (&["new", "--from-curl", "cmd.txt"], 104, "Copy as cURL (bash)"),
        (&["new", "--from-har", "absent.har"], 1, "cannot read absent.har"),
        (&["new"], 2, "--from-har"),
        (&["new", "--from-curl", "cmd.txt", "--url", "x"], 2, "--url"),
        (&["new", "mine.toml", "--url", "x"], 2, "--from-har"),
    ] {
        let ended = bench.play(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(told), "{arguments:?}: {ended}");
    }
    let written = fs::read_dir(bench.path()).expect("a folder").count();
    assert_eq!(written, fs::read_dir(Bench::new().path()).expect("a folder").count() + 2);
}
