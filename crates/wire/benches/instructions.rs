//! Instructions that the hot paths take, counted by Valgrind: more than the limit is a failure, whatever
//! else the machine does. `scripts/instructions` builds and runs this.

#![allow(missing_docs, reason = "the macros make modules without")]

mod work;

use std::hint::black_box;

use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use pushbench_wire::Ledger;

/// A limit on the instructions of a bench.
fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

#[library_benchmark(config = at_most(21_000), setup = work::frames)]
#[bench::of_20_bytes(20)]
fn count_100_frames(bytes: Vec<u8>) {
    black_box(work::count(&bytes));
}

#[library_benchmark(config = at_most(14_200))]
#[bench::of_20_bytes(20)]
fn write_100_frames(payload_len: usize) {
    black_box(work::frames(black_box(payload_len)));
}

#[library_benchmark(config = at_most(8_700))]
fn read_request() -> usize {
    work::read_request(work::REQUEST)
}

#[library_benchmark(config = at_most(5_100))]
fn read_response() -> usize {
    work::read_response(work::RESPONSE)
}

#[library_benchmark(config = at_most(130))]
#[bench::of_a_poll(Ledger::default())]
fn book(mut ledger: Ledger) {
    work::book(&mut ledger);
}

library_benchmark_group!(
    name = hot_paths;
    benchmarks = count_100_frames, write_100_frames, read_request, read_response, book
);
main!(library_benchmark_groups = hot_paths);
