//! A quantile over two rounds is that of their merged histogram, not the mean of two quantiles.
//!
//! `cargo run -p pushbench-stats --example merged_histogram`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::time::Duration;

use pushbench_stats::Histogram;

fn main() {
    let round = |samples: u64, millis: u64| {
        let mut histogram = Histogram::new();
        for _ in 0..samples {
            histogram.record(Duration::from_millis(millis));
        }
        histogram
    };
    let (fast, slow) = (round(990, 1), round(10, 500));
    let mut both = fast.clone();
    both.merge(&slow);
    let p95 = |histogram: &Histogram| histogram.quantile(0.95).expect("there are samples");
    println!("p95: {:?} and {:?}, merged {:?}", p95(&fast), p95(&slow), p95(&both));
    assert_eq!(both.count(), 1_000);
    assert!(p95(&both) < Duration::from_millis(2), "19 of 20 messages were fast");
}

#[test]
fn it_runs() {
    main();
}
