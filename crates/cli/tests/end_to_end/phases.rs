//! What the ends of phases do to figures: nothing.

use pushbench_protocol::{ByteKind, Phase};
use pushbench_store::RunStatus;
use rustix::process::Signal;

use crate::piped;
use crate::signals::Playing;
use crate::support::{Bench, TRANSPORTS, trial};

/// Many messages for each poll.
const MANY_TO_ONE: &str = r#"question = "How old is the newest of twenty?"

[workload]
clients = 200
deliver = "latest"
publish = { every = "100ms" }
payload = { bytes = 20 }
warm_up = "2s"
measure = "6s"
rounds = 1

[headers]
request = "minimal"

[[transport]]
kind = "short-poll"
interval = "2s"
"#;

#[test]
fn the_last_version_of_the_measure_phase_waits_no_longer_than_any_other() {
    let record = piped::valid_run(MANY_TO_ONE, &[]);
    let trial = trial(&record, "short-poll");
    // A version lives for 100 ms, and a poll finds it at a random moment of that.
    let mean = trial.figures["latency.mean"];
    let p99 = trial.figures["latency.p99"];
    println!("latency: mean {:.1} ms, p99 {:.1} ms", mean * 1e3, p99 * 1e3);
    // The 3 % of the law, and nothing that a machine adds.
    assert!((0.0485..0.0515).contains(&mean), "{mean}");
    assert!((0.096..0.102).contains(&p99), "{p99}");
    assert_eq!(trial.counts.lost, 0, "{:?}", trial.counts);
    let all = trial.counts.delivered + trial.counts.superseded;
    assert_eq!(all, trial.counts.expected, "{:?}", trial.counts);
}

/// Topics that have no message until long after the trial.
const IDLE: &str = r#"question = "What does a poll cost that finds what it had?"

[workload]
clients = 6
topics = 3
deliver = "latest"
publish = { every = "1h", arrivals = "poisson" }
payload = { bytes = 400 }
warm_up = "400ms"
measure = "2s"
rounds = 1

[headers]
request = "minimal"

[[transport]]
kind = "short-poll"
interval = "200ms"
unchanged = "resend"
"#;

#[test]
fn a_poll_that_finds_nothing_new_is_sent_what_there_is_from_the_first_on() {
    let record = piped::valid_run(IDLE, &[]);
    let trial = trial(&record, "short-poll");
    let counts = &trial.counts;
    assert_eq!(counts.answers.keys().collect::<Vec<_>>(), [&200], "{counts:?}");
    assert_eq!((counts.deliveries_in_measure, counts.foreign), (0, 0), "it is no news: {counts:?}");
    let measured = &trial.books.phases[&Phase::Measure].down;
    assert_eq!(measured.repeat, counts.polls * 400, "{} each", ByteKind::Repeat.label());
}

#[test]
fn a_run_that_is_ended_early_judges_nothing_that_it_did_not_play() {
    for transport in TRANSPORTS {
        let scenario = format!(
            "{}\n[expect]\n\"short-poll.latency.p99\" = \"< 3600s\"\n\"websocket.latency.p99\" = \"< 3600s\"\n",
            crate::support::SMALL
        );
        let bench = Bench::with(&scenario);
        let playing = Playing::in_measure(&bench, transport);
        playing.running.signal(Signal::INT);
        let ended = playing.end();
        assert_eq!(ended.code, 105, "{ended}");
        let (_, record) = bench.newest_record();
        assert_eq!(record.status, RunStatus::Aborted);
        let counts = &trial(&record, transport).counts;
        assert_eq!(counts.lost, 0, "{counts:?}");
        // An hour of messages was planned.
        assert!(counts.published < 1_000 && counts.expected < 20_000, "{counts:?}");
        assert!(record.expectations.iter().all(|expectation| expectation.found.is_some()));
        assert!(!ended.stdout.contains("FAILED"), "{ended}");
    }
}
