//! What one delivery costs the hub: a publish handed to a thousand subscribers, without sockets.

use std::hint::black_box;
use std::num::NonZeroU32;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pushbench_protocol::{Cursor, SlowPolicy, Timestamp, TopicName};
use pushbench_server::hub::{Format, Hub, HubSettings, SubscriberPlace};
use pushbench_server::log::Message;

const SUBSCRIBERS: u64 = 1_000;

fn fan_out(criterion: &mut Criterion) {
    let log = NonZeroU32::new(4_096).expect("not zero");
    let mut hub = Hub::new(HubSettings {
        epoch: 1,
        log,
        log_bytes: u64::MAX,
        total_log_bytes: u64::MAX,
        queue: log,
        slow_subscriber: SlowPolicy::DropOldest,
        conflate: None,
        topics: NonZeroU32::MIN,
    });
    let topic = hub.topic(&TopicName::numbered(0)).expect("one topic fits");
    let mut places: Vec<SubscriberPlace> =
        (0..SUBSCRIBERS).map(|_| hub.subscribe(topic, Cursor::NOW, Format::Frame)).collect();
    let mut group = criterion.benchmark_group("hub");
    group.throughput(Throughput::Elements(SUBSCRIBERS));
    group.bench_function("publish_to_1000_subscribers", |bench| {
        bench.iter(|| {
            let message =
                Message::new(black_box(b"AAAAAAAAAAAAAAAA and some news")).expect("ASCII");
            hub.publish(topic, message);
            for place in &mut places {
                black_box(hub.next(place, Timestamp::default()));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
