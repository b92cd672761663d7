//! Bytes of frames (RFC 9113, section 4.1).

use pushbench_wire::http2::{FRAME_HEADER_LEN, MAX_FRAME_SIZE};

/// Bytes of the frames that carry a field block: HEADERS, and CONTINUATION where it is longer than a
/// frame.
pub(super) const fn block_frames(block: u64) -> u64 {
    let frames = block.div_ceil(MAX_FRAME_SIZE);
    FRAME_HEADER_LEN * if frames == 0 { 1 } else { frames }
}

/// Bytes of the headers of the DATA frames that carry so much; no data has none.
pub(super) const fn data_frames(len: u64) -> u64 {
    FRAME_HEADER_LEN * len.div_ceil(MAX_FRAME_SIZE)
}

/// Bytes of data in so many bytes of DATA frames, of which all but the last are full.
pub(super) const fn data_in(frames: u64) -> u64 {
    frames - FRAME_HEADER_LEN * frames.div_ceil(MAX_FRAME_SIZE + FRAME_HEADER_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_begin_where_the_limit_says() {
        for (len, frames) in [(0, 0), (1, 1), (16_384, 1), (16_385, 2), (70_000, 5)] {
            assert_eq!(data_frames(len), 9 * frames, "{len}");
        }
        assert_eq!((block_frames(0), block_frames(16_384), block_frames(16_385)), (9, 9, 18));
    }

    #[test]
    fn data_is_what_is_left_without_the_headers() {
        for len in [0, 1, 16_384, 16_385, 32_768, 70_000] {
            assert_eq!(data_in(len + data_frames(len)), len);
        }
    }
}
