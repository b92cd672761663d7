//! Compressed frames: one for all subscribers where no message refers to another, or one for each.

use std::cell::{OnceCell, RefCell};

use bytes::Bytes;
use pushbench_protocol::compression::{MAX_WINDOW_BITS, MIN_WINDOW_BITS};
use pushbench_wire::deflate::Deflater;
use pushbench_wire::frame::{MAX_HEADER_LEN, Opcode, encode_header};

use super::text_frame::text_frame;

/// The reserved bit that says that a message is compressed (RFC 7692, section 6).
const RSV1: u8 = 0x40;
/// Windows there are.
const WINDOWS: usize = (MAX_WINDOW_BITS - MIN_WINDOW_BITS + 1) as usize;

/// How messages are compressed for subscribers whose messages refer to none before them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SharedDeflate {
    /// Base-2 logarithm of the window, 9 to 15.
    pub window_bits: u8,
    /// Messages of fewer bytes are left as they are.
    pub threshold: usize,
}

/// A message's compressed frames by window, each made once a subscriber needs it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct DeflatedFrames([OnceCell<Bytes>; WINDOWS]);

thread_local! {
    /// Compressors for all subscribers of this thread: each message leaves them as it found them.
    static SHARED: RefCell<[Deflater; WINDOWS]> = RefCell::new(std::array::from_fn(|place| {
        Deflater::new(MIN_WINDOW_BITS + place as u8, false)
    }));
}

impl DeflatedFrames {
    /// The frame with these settings; `noted` sees it when it is made.
    pub(super) fn get(
        &self,
        payload: &[u8],
        how: SharedDeflate,
        noted: impl FnOnce(Bytes) -> Bytes,
    ) -> Bytes {
        let place = usize::from(how.window_bits - MIN_WINDOW_BITS);
        self.0[place].get_or_init(|| noted(shared_frame(payload, how))).clone()
    }

    /// Bytes of those that were made.
    pub(super) fn len(&self) -> usize {
        self.0.iter().filter_map(OnceCell::get).map(Bytes::len).sum()
    }
}

/// A frame that any subscriber with these settings can read.
pub(crate) fn shared_frame(payload: &[u8], how: SharedDeflate) -> Bytes {
    let place = usize::from(how.window_bits - MIN_WINDOW_BITS);
    SHARED.with_borrow_mut(|shared| deflated_frame(&mut shared[place], payload, how.threshold))
}

/// One server text frame around `text`, compressed unless it is shorter than `threshold`.
pub(crate) fn deflated_frame(deflater: &mut Deflater, text: &[u8], threshold: usize) -> Bytes {
    if text.len() < threshold {
        return text_frame(text);
    }
    let deflated = deflater.deflate(text);
    let mut frame = Vec::with_capacity(MAX_HEADER_LEN + deflated.len());
    encode_header(&mut frame, true, Opcode::Text, deflated.len() as u64, None);
    frame[0] |= RSV1;
    frame.extend_from_slice(&deflated);
    frame.shrink_to_fit();
    Bytes::from(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &[u8] = &[0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

    /// Source: RFC 7692, section 7.2.3.1.
    #[test]
    fn a_compressed_frame_is_the_one_of_the_rfc() {
        let how = SharedDeflate { window_bits: 15, threshold: 0 };
        assert_eq!(shared_frame(b"Hello", how), HELLO);
        assert_eq!(shared_frame(b"Hello", how), HELLO);
    }

    #[test]
    fn a_message_under_the_threshold_stays_as_it_is() {
        for (threshold, first) in [(5, 0xc1), (6, 0x81)] {
            let frame = shared_frame(b"Hello", SharedDeflate { window_bits: 15, threshold });
            assert_eq!(frame[0], first, "{threshold}");
        }
    }
}
