//! Compressed transports through the binary: the books balance, what is compressed is smaller, and
//! the model agrees: to the byte on everything but what the compressor made, and nearly on that.
//!
//! `pushed` has WebSockets, `polled` bodies, `not_as_asked` servers that do otherwise.

mod not_as_asked;
mod polled;
mod pushed;

use pushbench_store::{RunV2, TrialV2};

use crate::piped;
use crate::quiet::Job;
use crate::support::{Bench, trial};

pub(crate) use self::pushed::of_the_kernel;

/// How far the model's guess of a compressed length may be off, relative and in bytes.
const NEAR: f64 = 0.02;
const A_FEW: f64 = 3.0;

/// No settings but the scenario's own.
pub(crate) const AS_IT_STANDS: [&str; 0] = [];

pub(crate) fn figure(trial: &TrialV2, name: &str) -> f64 {
    *trial.figures.get(name).unwrap_or_else(|| panic!("{}: no {name}", trial.transport))
}

pub(crate) fn modelled(trial: &TrialV2, name: &str) -> f64 {
    *trial.model.figures.get(name).unwrap_or_else(|| panic!("{}: no {name}", trial.transport))
}

pub(crate) fn same(trial: &TrialV2, name: &str) {
    let (found, expected) = (figure(trial, name), modelled(trial, name));
    // To the byte: sums of products of the model are off by what a float cannot hold.
    let is_same = (found - expected).abs() <= 1e-9 * expected.abs();
    assert!(is_same, "{} {name}: {found}, model {expected}", trial.transport);
}

pub(crate) fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= (NEAR * expected).max(A_FEW)
}

pub(crate) fn near(trial: &TrialV2, name: &str) {
    let (found, expected) = (figure(trial, name), modelled(trial, name));
    assert!(is_near(found, expected), "{} {name}: {found}, model {expected}", trial.transport);
}

pub(crate) fn check_books(run: &RunV2) {
    for trial in &run.trials {
        for pair in &trial.books.reconciliations {
            assert_eq!(pair.left, pair.right, "{}: {pair:?}", trial.transport);
        }
        assert_eq!(trial.counts.lost, 0, "{}", trial.transport);
        assert!(trial.counts.errors.is_empty(), "{}: {:?}", trial.transport, trial.counts);
        let options = &run.transports.iter().find(|t| t.label == trial.transport).expect("it");
        let is_compressed = options.options.get("compression").is_some_and(|it| it != "none");
        // Over pipes there is none but ours.
        let is_piped = trial.books.reconciliations.iter().all(|pair| !pair.pair.contains("kernel"));
        let is_ours = trial.work.server.is_some() || is_piped;
        let is_said = options.options.contains_key("compression_level");
        assert_eq!(is_said, is_compressed && is_ours, "{}", trial.transport);
        assert_eq!(trial.figures.contains_key("compression_ratio"), is_compressed);
    }
}

/// Payload on the wire, for each delivery.
pub(crate) fn payload(run: &RunV2, label: &str) -> f64 {
    figure(trial(run, label), "payload_bytes_per_delivery")
}

/// Plays a scenario over pipes.
pub(crate) fn play(scenario: &str, sets: &[impl AsRef<str>]) -> RunV2 {
    let sets: Vec<_> = sets.iter().flat_map(|set| ["--set", set.as_ref()]).collect();
    let run = piped::valid_run(scenario, &sets);
    check_books(&run);
    run
}

/// Plays some of the transports over pipes.
pub(crate) fn play_only(scenario: &str, sets: &[String], only: &str) -> RunV2 {
    let sets: Vec<_> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let run = piped::valid_run(scenario, &[&[only], &sets[..]].concat());
    check_books(&run);
    run
}

/// Transports over sockets: their segments are the model's too, within 2 %.
pub(crate) fn segments(scenario: String, labels: &'static [&str]) -> Job {
    let only = labels.join(",");
    let what = format!("compression of {only}");
    let play = move || Bench::with(&scenario).valid_run(&["--quiet", "--only", &only]).1;
    Job::new(what, play, |run| {
        let name = "tcp_ip_bytes_per_delivery";
        for trial in labels.iter().map(|label| trial(run, label)) {
            let (found, expected) = (figure(trial, name), modelled(trial, name));
            let off = found / expected - 1.0;
            assert!(off.abs() <= 0.02, "{} {name}: {found}, model {expected}", trial.transport);
        }
    })
    .whenever(check_books)
}

/// Settings of every transport of a scenario.
pub(crate) fn all(labels: &[&str], settings: &[String]) -> Vec<String> {
    let each = |label: &&str| {
        let label = (*label).to_owned();
        settings.iter().map(move |setting| format!("transport.{label}.{setting}"))
    };
    labels.iter().flat_map(each).collect()
}

pub(crate) fn carriage(http: &str, tls: &str, together: u32) -> Vec<String> {
    let mut settings = vec![format!("http=\"{http}\""), format!("tls={tls}")];
    if together > 1 {
        settings.push(format!("clients_per_connection={together}"));
    }
    settings
}
