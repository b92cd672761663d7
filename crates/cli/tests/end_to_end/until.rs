//! Rounds that are played until a figure is known well enough.

use pushbench_store::UntilEnding;

use crate::support::Bench;

/// A payload is 20 bytes in every round, however busy the machine is, and 100 messages suffice to say so.
const CERTAIN: &str = r#"question = "How well is it known?"

[workload]
clients = 50
publish = { every = "500ms" }
payload = { bytes = 20 }
warm_up = "100ms"
measure = "1s"
rounds = { until = "websocket.payload_bytes_per_delivery within 5%", at_most = 9 }

[[transport]]
kind = "websocket"
"#;

#[test]
fn a_figure_that_every_round_agrees_on_ends_the_run_after_the_third() {
    let bench = Bench::with(CERTAIN);
    let (ended, record) = bench.valid_run(&[]);
    let until = record.until.expect("it waited for something");
    assert_eq!((until.ending, until.rounds), (UntilEnding::Known, 3), "{ended}");
    assert_eq!(record.trials.len(), 3, "{ended}");
    let told = "The run ended after 3 rounds: websocket.payload_bytes_per_delivery";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&ended.stdout).contains(told), "{ended}");
    let report = bench.play(&["report", "latest", "--format", "md"]);
    assert!(words(&report.stdout).contains(told), "{report}");
    // A number in its place is a number.
    let checked = bench.play(&["check", "small.toml"]);
    assert!(checked.stdout.contains("at most 9 trials"), "{checked}");
    let checked = bench.play(&["check", "small.toml", "--set", "workload.rounds=2"]);
    assert!(checked.stdout.contains("(2 trials, about"), "{checked}");
}

#[test]
fn a_part_on_another_machine_cannot_know_when_the_whole_is_known() {
    let bench = Bench::with(CERTAIN);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3_000);
    let refused =
        bench.play(&["run", "small.toml", "--shard", "1/2", "--begin-at", &soon.to_string()]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("--set workload.rounds=3"), "{refused}");
}
