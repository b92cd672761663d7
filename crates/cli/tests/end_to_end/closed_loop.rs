//! Polls that follow each other as fast as the server lets them.

use pushbench_store::{RunV2, Verdict};

use crate::support::{Bench, trial};

const SCENARIO: &str = r#"question = "How fast can a client poll?"

[workload]
clients = 3
publish = { every = "100ms" }
payload = { bytes = 20 }
warm_up = "300ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
pace = "closed"

[[transport]]
kind = "short-poll"
name = "shared"
pace = "closed"
http = "2"
clients_per_connection = 3
"#;

#[test]
fn a_closed_loop_keeps_every_book_and_says_how_fast_it_was() {
    let (_, record) = Bench::with(SCENARIO).valid_run(&["--quiet"]);
    for label in ["short-poll", "shared"] {
        check(&record, label);
    }
    // Bytes of a poll do not depend on when it is sent; over HTTP/2 they do.
    assert_eq!(verdict(&record, "short-poll", "model-bytes"), Verdict::Ok);
    assert_eq!(verdict(&record, "shared", "model-bytes"), Verdict::NotChecked);
}

fn check(record: &RunV2, label: &str) {
    let trial = trial(record, label);
    let counts = &trial.counts;
    // Ten times the polls of the schedule that a short poll has where none is given, one a second: so
    // many even on a machine that is busy with something else.
    assert!(counts.polls > 30, "{label}: {} polls", counts.polls);
    let response_time = &trial.waiting.histograms["response_time"];
    assert_eq!(response_time.count, counts.polls, "{label}: each poll has its response time");
    assert!(trial.figures.contains_key("response_time.p99"), "{label}");
    assert!(trial.figures.contains_key("requests_per_second"), "{label}");
    for absent in ["poll_lateness.p99", "poll_kept_waiting.p99"] {
        assert!(!trial.figures.contains_key(absent), "{label}: nothing was due, so {absent}");
    }
    assert!(!trial.model.figures.contains_key("requests_per_second"), "{label}: no rate is given");
    assert_eq!(verdict(record, label, "books-balance"), Verdict::Ok, "{label}");
    for unscheduled in ["model-polls", "model-deliveries"] {
        assert_eq!(verdict(record, label, unscheduled), Verdict::NotChecked, "{label}");
    }
    let checks = &trial.checks;
    assert!(checks.iter().all(|check| check.check != "poll-lateness"), "{label}");
    assert_eq!(counts.lost, 0, "{label}");
}

fn verdict(record: &RunV2, label: &str, name: &str) -> Verdict {
    let trial = trial(record, label);
    let check = trial.checks.iter().find(|check| check.check == name);
    check.unwrap_or_else(|| panic!("{label} has no check {name}")).verdict
}
