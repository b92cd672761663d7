//! Third-party servers that cannot be installed, played from transcripts of what their documents say:
//! whole runs against each, with several clients and heartbeats.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use pushbench_adapter::{Shipped, read};
use pushbench_protocol::Phase;
use pushbench_replay::{Replay, TRANSCRIPTS};

use crate::support::Bench;

const CLIENTS: u64 = 5;
/// How far heartbeats are apart: a few fall into each phase.
const EVERY: Duration = Duration::from_millis(300);

#[test]
fn servers_that_cannot_be_installed_are_measured_from_their_transcripts() {
    let servers = TRANSCRIPTS.map(|name| (name, Replay::of_transcript(name, EVERY)));
    let mut scenario = format!(
        "question = \"Do adapters work that were not run against their servers?\"\n\n\
         [workload]\nclients = {CLIENTS}\ntopics = 2\npublish = {{ every = \"200ms\" }}\n\
         payload = {{ bytes = 40 }}\nwarm_up = \"500ms\"\nmeasure = \"1s\"\nrounds = 1\n"
    );
    for (name, server) in &servers {
        let (adapter, kind) = name.split_once('.').expect("two names");
        let (named, port) = (name.replace('.', "-"), server.port());
        write!(
            scenario,
            "\n[server.{named}]\nadapter = \"{adapter}\"\nurl = \"http://127.0.0.1:{port}\"\n\n\
             [[transport]]\nkind = \"{kind}\"\nserver = \"{named}\"\n"
        )
        .expect("a string takes everything");
    }
    let bench = Bench::with(&scenario);
    let (ended, record) = bench.valid_run(&[]);
    assert_eq!(record.trials.len(), TRANSCRIPTS.len(), "{ended}");
    for ((name, server), trial) in servers.iter().zip(&record.trials) {
        let seen = server.seen();
        assert_eq!(seen.unexpected, Vec::<String>::new(), "{name}: {ended}");
        assert!(seen.published > 0 && seen.delivered >= seen.published, "{name}: {seen:?}");
        // The last heartbeat of each connection may find it closing.
        assert!(seen.replies + seen.subscribed >= seen.heartbeats, "{name}: {seen:?}");
        let replies = ["centrifugo.websocket", "pusher.websocket"].contains(name);
        assert_eq!(replies, seen.replies >= CLIENTS, "{name}: {seen:?}");
        let down = &trial.books.phases[&Phase::Measure].down;
        assert_eq!(down.unexplained, 0, "{name}: {down:?}");
        assert!(down.payload > 0 && down.wrapping + down.framing > 0, "{name}: {down:?}");
        assert_eq!(trial.counts.lost, 0, "{name}");
    }
}

#[test]
fn each_adapter_that_was_not_run_against_its_server_is_played_from_a_transcript() {
    for shipped in pushbench_adapter::SHIPPED {
        let Shipped { name, text } = shipped;
        let adapter = read(Path::new(name), text).expect("it ships");
        if adapter.tested.is_some() {
            continue;
        }
        for transport in &adapter.transports {
            let played = format!("{name}.{}", transport.kind.label());
            assert!(TRANSCRIPTS.contains(&played.as_str()), "{played} was run against nothing");
        }
    }
}
