//! Heartbeats of third-party servers that come often, and that who does not reply to is closed for.

use std::fs;
use std::path::Path;

use super::{Needs, measured_in, witnesses};
use crate::support::{Bench, trial};

/// A scenario of `scenarios/servers` with something in it replaced, and its files beside it.
fn changed(scenario: &str, files: &str, from: &str, to: &str) -> Bench {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/servers");
    let text = fs::read_to_string(servers.join(scenario)).expect(scenario);
    assert_eq!(text.matches(from).count(), 1, "{scenario} has `{from}`");
    // It is elsewhere, and what the scenario finds from its own folder on is not.
    let installed = witnesses().display().to_string();
    let text = text.replace("${here}/../../target/witnesses", &installed);
    let bench = Bench::with(&text.replace(from, to));
    let folder = bench.path().join(files);
    fs::create_dir(&folder).expect("a folder");
    for entry in fs::read_dir(servers.join(files)).expect(files) {
        let file = entry.expect("an entry");
        fs::copy(file.path(), folder.join(file.file_name())).expect("a copy");
    }
    bench
}

#[test]
fn heartbeats_of_socket_io_are_replied_to_both_ways() {
    let needs = [Needs::Program("node"), Needs::Npm("socket.io")];
    // Who does not reply to the first is dropped after 1.3 s: none is, in two and a half. Sooner, and a busy
    // machine would be taken for a client that does not reply.
    let often = "\"${port}\", \"300\", \"1000\"]";
    let bench = changed("socket-io.toml", "socket-io", "\"${port}\"]", often);
    let Some(record) = measured_in(&bench, "small.toml", &needs) else { return };
    for transport in ["socket-io-websocket", "socket-io-long-poll"] {
        let counts = &trial(&record, transport).counts;
        let heartbeats = counts.heartbeats.expect("they are counted");
        assert!(heartbeats >= 3 * trial(&record, transport).clients, "{transport}: {heartbeats}");
    }
}
