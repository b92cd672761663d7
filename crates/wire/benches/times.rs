//! What counting and writing frames, reading heads and booking bytes take.

mod work;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pushbench_wire::Ledger;

fn frames(criterion: &mut Criterion) {
    for payload_len in [20, 200, 10_000] {
        let bytes = work::frames(payload_len);
        let mut group = criterion.benchmark_group(format!("100_frames_of_{payload_len}_bytes"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("count", |bench| bench.iter(|| work::count(&bytes)));
        group.bench_function("write", |bench| bench.iter(|| work::frames(black_box(payload_len))));
        group.finish();
    }
}

fn heads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("head");
    group.bench_function("request", |bench| bench.iter(|| work::read_request(work::REQUEST)));
    group.bench_function("response", |bench| bench.iter(|| work::read_response(work::RESPONSE)));
    group.finish();
}

fn ledger(criterion: &mut Criterion) {
    let mut ledger = Ledger::default();
    criterion.bench_function("ledger/poll", |bench| bench.iter(|| work::book(&mut ledger)));
}

criterion_group!(benches, frames, heads, ledger);
criterion_main!(benches);
