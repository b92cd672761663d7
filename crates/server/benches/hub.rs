//! What a delivery costs the hub, without sockets: a publish handed to each subscriber.

mod work;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hub");
    for subscribers in [1, 100, 10_000] {
        let mut hub = work::Subscribed::new(subscribers);
        group.throughput(Throughput::Elements(subscribers as u64));
        group.bench_function(format!("publish_to_{subscribers}_subscribers"), |bench| {
            bench.iter(|| hub.fan_out());
        });
    }
    group.finish();
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
