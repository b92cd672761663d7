//! Clients that come back where their connection was lost.

use std::path::Path;
use std::time::Duration;

use pushbench_scenario::{Scenario, Source, read};

use crate::piped::{faults, play_and_let_go};
use crate::support::{Bench, trial};

const CLIENTS: u64 = 8;
/// In the midst of the measure phase.
const LETS_GO_AFTER: Duration = Duration::from_secs(3);

fn scenario(transports: &str) -> Scenario {
    let text = format!(
        "question = \"Who comes back?\"\n[workload]\nclients = {CLIENTS}\ntopics = 2\n\
         publish = {{ every = \"20ms\" }}\ndeliver = \"every\"\nwarm_up = \"500ms\"\n\
         measure = \"8s\"\n{transports}"
    );
    let read_file = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let path = Path::new("storm.toml");
    let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
    read(&source).unwrap_or_else(|refused| panic!("{refused}"))
}

#[test]
fn who_is_let_go_comes_back_and_misses_nothing_that_the_log_holds() {
    let of = |more: &str| {
        format!("[[transport]]\nreconnect = {{ after = \"1s\", jitter = \"full\" }}\n{more}\n")
    };
    let scenario = scenario(
        &[
            "kind = \"websocket\"",
            "kind = \"websocket\"\nname = \"tls-websocket\"\ntls = \"full\"",
            "kind = \"websocket\"\nname = \"deflated\"\ncompression = \"deflate\"",
            "kind = \"sse\"",
            "kind = \"sse\"\nname = \"tls-sse\"\ntls = \"resumed\"",
            "kind = \"sse\"\nname = \"gzip\"\ncompression = \"gzip\"",
            "kind = \"stream\"",
        ]
        .map(of)
        .concat(),
    );
    for (index, transport) in scenario.transports.iter().enumerate() {
        let label = &transport.label;
        let trial = play_and_let_go(&scenario, index, |_| {}, Some(LETS_GO_AFTER));
        assert_eq!(faults(&trial), [""; 0], "{label}");
        let seen = trial.counts.reconnects.as_ref().expect("clients come back");
        let counted = (seen.lost_connections, seen.restored_connections, seen.failed_attempts);
        assert_eq!(counted, (CLIENTS, CLIENTS, 0), "{label}");
        assert_eq!(seen.by_second.values().sum::<u64>(), CLIENTS, "{label}: in the measure phase");
        assert_eq!((trial.counts.lost, trial.counts.gap_messages), (0, 0), "{label}");
        let longest = trial.figures["reconnect_time.max"];
        assert!((0.5..=1.1).contains(&longest), "{label}: {longest} s");
    }
}

#[test]
fn who_polls_comes_back_without_being_told_to() {
    let scenario = scenario(
        "[[transport]]\nkind = \"short-poll\"\ninterval = \"200ms\"\n[[transport]]\nkind = \"long-poll\"\n",
    );
    for index in 0..scenario.transports.len() {
        let trial = play_and_let_go(&scenario, index, |_| {}, Some(LETS_GO_AFTER));
        assert_eq!(faults(&trial), [""; 0]);
        assert_eq!(trial.counts.connects, Some(CLIENTS), "{}", trial.transport);
    }
}

#[test]
fn a_run_disconnects_its_clients_where_the_scenario_says_so_and_reports_how_they_came_back() {
    let reconnect = "reconnect = { after = \"500ms\", jitter = \"full\" }";
    let scenario = format!(
        "question = \"Who comes back?\"\n[workload]\nclients = 5\npublish = {{ every = \"50ms\" }}\n\
         deliver = \"every\"\nwarm_up = \"300ms\"\nmeasure = \"3s\"\nrounds = 1\n\
         [fault]\ndisconnect_at = \"1s\"\n\
         [[transport]]\nkind = \"websocket\"\n{reconnect}\n[[transport]]\nkind = \"sse\"\n{reconnect}\n"
    );
    let (ended, record) = Bench::with(&scenario).valid_run(&["--quiet", "--full"]);
    for label in ["websocket", "sse"] {
        let trial = trial(&record, label);
        let seen = trial.counts.reconnects.as_ref().expect("clients come back");
        assert_eq!((seen.lost_connections, seen.restored_connections), (5, 5), "{label}");
        assert_eq!((trial.counts.lost, trial.counts.duplicates), (0, 0), "{label}");
        assert!(!seen.by_second.contains_key(&0), "{label}: it was not time yet: {seen:?}");
    }
    for row in ["connections lost", "99 % restored after", "peak, restored per second"] {
        assert!(ended.stdout.contains(row), "{row}: {ended}");
    }
}
