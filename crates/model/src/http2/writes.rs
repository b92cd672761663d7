//! Which frames of a connection leave in one write, and so in how many segments.

use pushbench_wire::http2::{FRAME_HEADER_LEN, MAX_FRAME_SIZE};

use crate::burst::Burst;
use crate::link::Link;

/// Data of at least so many bytes is written together with the frame header and whatever was
/// waiting before it; shorter frames wait for more. Source: `h2`, `codec/framed_write.rs`.
const WRITTEN_AT_ONCE: u64 = 256;
/// Bytes of short frames that wait at most: 16 KiB, with room for one more. Source: the same.
const WAITING: u64 = 16 * 1_024 - WRITTEN_AT_ONCE - FRAME_HEADER_LEN;

impl Burst {
    /// The writes of a connection of frames: first what waits, then the frames of these DATA.
    pub(crate) fn of_frames(waiting: u64, data: impl IntoIterator<Item = u64>, link: Link) -> Self {
        let mut burst = Self::default();
        let mut waiting = waiting;
        let mut tails = Vec::new();
        let mut frame = |burst: &mut Self, len| {
            waiting += FRAME_HEADER_LEN + len;
            if len >= WRITTEN_AT_ONCE || waiting > WAITING {
                burst.write(std::mem::take(&mut waiting), link);
            }
        };
        // The streams of a connection take turns.
        for len in data.into_iter().filter(|&len| len > 0) {
            let whole = (len - 1) / MAX_FRAME_SIZE;
            (0..whole).for_each(|_| frame(&mut burst, MAX_FRAME_SIZE));
            tails.push(len - whole * MAX_FRAME_SIZE);
        }
        tails.into_iter().for_each(|len| frame(&mut burst, len));
        burst.write(waiting, link);
        burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burst::tests::{LINK, TLS, counts};

    /// Seen with tcpdump on loopback: every frame leaves by itself, 16,393 bytes each, then 38.
    #[test]
    fn frames_of_256_bytes_leave_by_themselves_and_shorter_ones_wait() {
        for (waiting, data, expected) in [
            (0, &[20][..], [1, 0, 1, 1, 0]),
            (50, &[20, 20], [1, 0, 1, 1, 0]),
            (50, &[1_024], [1, 0, 1, 1, 0]),
            (0, &[1_025; 4], [4, 0, 4, 1, 0]),
            (0, &[255; 4], [1, 0, 1, 1, 0]),
            (0, &[16_385], [13, 0, 2, 2, 1]),
            (0, &[65_565], [49, 0, 5, 2, 4]),
            (0, &[65_565; 2], [97, 0, 9, 2, 8]),
            (0, &[0], [0; 5]),
            (0, &[200; 100], [16, 0, 2, 2, 2]),
        ] {
            let data = data.iter().copied();
            assert_eq!(counts(Burst::of_frames(waiting, data, LINK)), expected, "{waiting}");
        }
        assert_eq!(counts(Burst::of_frames(0, [65_565], TLS)), [49, 9 * 22, 5, 2, 4]);
    }
}
