//! Instructions that a delivery takes in the hub, counted by Valgrind: more than the limit is a failure,
//! whatever else the machine does. `scripts/instructions` builds and runs this.

#![allow(missing_docs, reason = "the macros make modules without")]

mod work;

use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use work::Subscribed;

/// A limit on the instructions of a bench.
fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// The first publish makes what all later ones use.
fn subscribed(subscribers: usize) -> Subscribed {
    let mut hub = Subscribed::new(subscribers);
    hub.fan_out();
    hub
}

#[library_benchmark(setup = subscribed)]
#[bench::to_one(args = (1), config = at_most(2_500))]
#[bench::to_100(args = (100), config = at_most(32_000))]
#[bench::to_10_000(args = (10_000), config = at_most(3_000_000))]
fn fan_out(mut hub: Subscribed) -> Subscribed {
    hub.fan_out();
    hub
}

library_benchmark_group!(name = hub; benchmarks = fan_out);
main!(library_benchmark_groups = hub);
