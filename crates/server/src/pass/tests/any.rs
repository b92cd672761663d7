//! Settings and steps as they may come.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use pushbench_protocol::SlowPolicy;

use super::twins::{ENDLESS, EPOCH, Step};
use crate::hub::{Format, HubSettings};
use crate::log::SharedDeflate;

pub(super) fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("not zero")
}

pub(super) fn settings() -> impl Strategy<Value = HubSettings> {
    let policy = prop::sample::select(SlowPolicy::ALL);
    (1_u32..8, 0_u32..8, policy, prop::option::weighted(0.3, 1_u64..50)).prop_map(
        |(queue, more, slow_subscriber, conflate)| HubSettings {
            epoch: EPOCH,
            topics: NonZeroU32::MIN,
            log: number(queue + more),
            log_bytes: u64::MAX,
            total_log_bytes: u64::MAX,
            queue: number(queue),
            slow_subscriber,
            conflate: conflate.map(Duration::from_millis),
        },
    )
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let formats = vec![
        Format::Frame,
        Format::Frame,
        Format::Event,
        Format::Line,
        Format::Nudge,
        Format::Deflated(SharedDeflate { window_bits: 15, threshold: 40 }),
    ];
    let payload = prop_oneof![20 => 4_usize..120, 1 => 30_000_usize..70_000];
    let room = prop_oneof![1 => 0_usize..300, 1 => Just(ENDLESS)];
    let join = (prop::sample::select(formats), 0_u64..12, room.clone());
    prop_oneof![
        6 => payload.prop_map(Step::Publish),
        3 => join.prop_map(|(format, back, room)| Step::Join(format, back, room)),
        1 => any::<usize>().prop_map(Step::Leave),
        4 => (any::<usize>(), room).prop_map(|(who, room)| Step::Room(who, room)),
        1 => any::<usize>().prop_map(Step::Pong),
        8 => (1_usize..12).prop_map(Step::Visit),
        2 => (0_u64..30).prop_map(Step::Wait),
    ]
}

pub(super) fn plain() -> HubSettings {
    HubSettings {
        epoch: EPOCH,
        topics: NonZeroU32::MIN,
        log: number(8),
        log_bytes: u64::MAX,
        total_log_bytes: u64::MAX,
        queue: number(8),
        slow_subscriber: SlowPolicy::DropOldest,
        conflate: None,
    }
}
