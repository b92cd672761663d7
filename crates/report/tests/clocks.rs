//! Reports of runs in which nothing is published, and of such where messages are conflated.

#[expect(dead_code, reason = "shared with the other reports' tests")]
mod runs;

use pushbench_report::{TextOptions, text};
use pushbench_store::RunV2;

fn report(run: &RunV2) -> String {
    let wide = TextOptions { width: 200, ..TextOptions::default() };
    text(run, &wide)
}

#[test]
fn an_idle_run_is_answered_by_the_hour_and_the_cheapest_comes_first() {
    let mut run = runs::valid();
    for trial in &mut run.trials {
        trial.figures.retain(|name, _| !name.contains("delivery") && !name.contains("latency"));
        let hour = if trial.transport == "websocket" { 23_616.0 } else { 63_900.0 };
        trial.figures.insert("idle_wire_bytes_per_client_hour".to_owned(), hour);
    }
    let text = report(&run);
    let sentence =
        "In an hour of that, a client moves on the wire: 23.6 kB by websocket, 63.9 kB by";
    assert!(text.contains(sentence), "{text}");
    assert!(text.contains("wire, idle, per hour"), "{text}");
    assert!(!report(&runs::valid()).contains("idle"), "other runs have no such row");
}

#[test]
fn superseded_versions_stand_beside_the_setting_that_made_them() {
    let mut run = runs::valid();
    assert!(!report(&run).contains("Superseded versions"), "nothing is conflated");
    run.transports[1].options.insert("conflate".to_owned(), "1s".to_owned());
    for trial in run.trials.iter_mut().filter(|trial| trial.transport == "websocket") {
        (trial.counts.superseded, trial.counts.expected) = (300, 1_000);
    }
    let text = report(&run);
    let line = "websocket, conflated to one every 1s: 900 of 3,000 versions superseded (30%)";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("short-poll, polled every 1s: "), "{text}");
}
