//! What compressors hold in memory: the constants by which a scenario is refused, measured again.
//!
//! One test, in a process of its own: what others allocate meanwhile would be in its figures.

use std::fs;

use pushbench_protocol::coder_memory::deflater_bytes;
use pushbench_protocol::{Compression, StreamCoding};
use pushbench_wire::deflate::Deflater;
use pushbench_wire::stream_coder::StreamCoder;

/// Coders at a time.
const COUNT: usize = 12;

/// Bytes of this process that are in memory. `None` where there is no `/proc`.
fn resident() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    // A page of every machine that this is measured on.
    Some(pages * 4_096)
}

/// About 4 kB of text that repeats in part.
fn message(n: usize) -> Vec<u8> {
    let numbers = (0..250).map(|k| (n * 250 + k).wrapping_mul(2_654_435_761) % 100_003);
    numbers.map(|number| format!("\"price\":{number},")).collect::<String>().into_bytes()
}

/// Bytes for each of several coders once each has compressed `total` bytes.
fn each<T>(total: usize, mut new: impl FnMut() -> T, mut code: impl FnMut(&mut T, &[u8])) -> u64 {
    let mut fill = |coder: &mut T| {
        let mut coded = 0;
        for n in 0.. {
            let message = message(n);
            code(coder, &message);
            coded += message.len();
            if coded >= total {
                break;
            }
        }
    };
    // What the allocator takes beside them, once.
    let mut first = new();
    fill(&mut first);
    let before = resident().expect("it was asked before");
    let mut coders: Vec<T> = (0..COUNT).map(|_| new()).collect();
    coders.iter_mut().for_each(&mut fill);
    let after = resident().expect("it was asked before");
    // They live until here.
    drop((first, coders));
    after.saturating_sub(before) / COUNT as u64
}

#[test]
fn a_compressor_holds_what_a_scenario_is_refused_by() {
    if resident().is_none() {
        return;
    }
    let check = |what: &str, measured: u64, expected: u64| {
        let ratio = measured as f64 / expected as f64;
        assert!((0.8..1.15).contains(&ratio), "{what}: {measured} B measured, {expected} B told");
    };
    for bits in [9, 12, 15] {
        let code = |deflater: &mut Deflater, message: &[u8]| drop(deflater.deflate(message));
        let measured = each(200_000, || Deflater::new(bits, true), code);
        check(&format!("deflate {bits}"), measured, deflater_bytes(bits));
    }
    for (compression, bits, total) in [
        (Compression::Gzip, 15, 200_000),
        (Compression::Brotli, 17, 600_000),
        (Compression::Brotli, 19, 1_200_000),
    ] {
        let how = StreamCoding::new(compression, Some(bits)).expect("a coding of streams");
        let code = |coder: &mut StreamCoder, message: &[u8]| drop(coder.message(message));
        let measured = each(total, || StreamCoder::new(how), code);
        check(&format!("{compression} {bits}"), measured, how.coder_bytes());
    }
}
