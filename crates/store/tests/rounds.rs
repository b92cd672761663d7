//! What rounds are together.

mod sample;

use std::time::Duration;

use pushbench_stats::Histogram;
use pushbench_store::{HistogramV1, TrialV2, rounds};

/// A round with these latencies, in milliseconds.
fn round(latencies: &[u64]) -> TrialV2 {
    let mut samples = Histogram::new();
    latencies.iter().for_each(|&millis| samples.record(Duration::from_millis(millis)));
    let mut trial = sample::run().trials.remove(0);
    let figures = [
        ("latency.mean", samples.mean()),
        ("latency.p50", samples.quantile(0.5)),
        ("latency.p99", samples.quantile(0.99)),
        ("latency.max", samples.max()),
    ];
    trial.figures = figures
        .map(|(name, value)| (name.to_owned(), value.unwrap().as_secs_f64()))
        .into_iter()
        .collect();
    let samples = HistogramV1::of(&samples);
    trial.waiting.histograms.insert("latency".to_owned(), samples);
    trial
}

fn millis(figure: &str, trials: &[TrialV2]) -> u64 {
    (rounds::measured(figure, trials).unwrap().value * 1e3).round() as u64
}

#[test]
fn the_maximum_of_three_rounds_is_the_one_that_was_seen() {
    let trials = [round(&[1, 5]), round(&[1, 703]), round(&[1, 5])];
    assert_eq!(millis("latency.max", &trials), 703);
}

#[test]
fn a_quantile_of_two_rounds_is_one_that_somebody_waited() {
    // 200 samples, of which the 198th is the slowest but two: 3 of them took 700 ms.
    let slow: Vec<u64> = [3; 97].into_iter().chain([700; 3]).collect();
    let trials = [round(&[3; 100]), round(&slow)];
    assert_eq!(millis("latency.p99", &trials), 700);
    assert_eq!(millis("latency.p50", &trials), 3);
    let found = rounds::measured("latency.p99", &trials).unwrap();
    let [min, max] = [found.min, found.max].map(|seconds| (seconds * 1e3).round());
    assert_eq!([min, max], [3.0, 700.0], "how far they lie apart is kept");
}

#[test]
fn a_mean_counts_each_round_by_its_samples() {
    let trials = [round(&[10; 30]), round(&[50; 10])];
    assert_eq!(millis("latency.mean", &trials), 20);
}

#[test]
fn samples_that_are_not_on_record_make_no_quantile() {
    let mut trials = [round(&[1, 5]), round(&[1, 7])];
    trials[1].waiting.histograms.clear();
    trials[0].waiting.histograms.clear();
    assert_eq!(rounds::measured("latency.p99", &trials), None);
    let trials = [round(&[1, 5]), TrialV2 { figures: Default::default(), ..round(&[1, 7]) }];
    assert_eq!(millis("latency.p99", &trials), 5, "of one round, its own is that of its samples");
}

#[test]
fn what_was_lost_in_one_round_of_three_is_lost() {
    let with = |lost: f64| {
        let mut trial = round(&[1]);
        trial.figures.insert("lost".to_owned(), lost);
        trial.figures.insert("wire_bytes_per_delivery".to_owned(), 100.0 + lost);
        trial
    };
    let trials = [with(0.0), with(40.0), with(0.0)];
    let value = |figure| rounds::measured(figure, &trials).unwrap().value;
    assert_eq!(value("lost"), 40.0);
    assert_eq!(value("wire_bytes_per_delivery"), 100.0, "a cost is that of the middle round");
}

#[test]
fn what_the_model_says_of_a_maximum_is_the_maximum() {
    let with = |max: f64| {
        let mut trial = round(&[1]);
        let figures = [("latency.max", max), ("latency.p99", max / 2.0)];
        trial.model.figures = figures.map(|(name, value)| (name.to_owned(), value)).into();
        trial
    };
    let trials = [with(1.0), with(1.0), with(4.0)];
    assert_eq!(rounds::modelled("latency.max", &trials), Some(4.0));
    assert_eq!(rounds::modelled("latency.p99", &trials), Some(1.0));
}
