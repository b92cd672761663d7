//! What recording a sample costs, which happens at each delivery while a trial is measured.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pushbench_stats::Histogram;

fn record(criterion: &mut Criterion) {
    let mut histogram = Histogram::new();
    let mut nanos = 1_000_u64;
    criterion.bench_function("histogram/record", |bench| {
        bench.iter(|| {
            // From a microsecond to a second, all over.
            nanos = 1_000 + nanos.wrapping_mul(6_364_136_223_846_793_005) % 1_000_000_000;
            histogram.record(black_box(Duration::from_nanos(nanos)));
        });
    });
}

criterion_group!(benches, record);
criterion_main!(benches);
