//! What counting frames costs each byte that passes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pushbench_wire::frame::{FrameCounter, Opcode, encode_header};

/// A hundred frames of one payload size, as a server sends them.
fn stream(payload_len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..100 {
        encode_header(&mut bytes, true, Opcode::Text, payload_len as u64, None);
        bytes.resize(bytes.len() + payload_len, b'x');
    }
    bytes
}

fn count_frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("count_100_frames");
    for payload_len in [20, 200, 10_000] {
        let bytes = stream(payload_len);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{payload_len}_bytes"), |bench| {
            bench.iter(|| {
                let mut counter = FrameCounter::default();
                counter.observe(black_box(&bytes));
                counter.counts
            });
        });
    }
    group.finish();
}

criterion_group!(benches, count_frames);
criterion_main!(benches);
