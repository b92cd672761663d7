//! What tests of several checks share.

use std::time::Duration;

use pushbench_stats::Histogram;

/// A histogram of these samples.
pub(crate) fn histogram(millis: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    for &millis in millis {
        histogram.record(Duration::from_millis(millis));
    }
    histogram
}
