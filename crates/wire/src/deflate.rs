//! Messages compressed as permessage-deflate sends them (RFC 7692, section 7.2.1).
//!
//! Pure, and used twice: by the server, and by the model, which cannot know the length of what a
//! compressor makes without asking it.

use flate2::{Compress, Compression as Level, FlushCompress};
use pushbench_protocol::Compression;

/// What a sync flush ends with, and what is left out of each message.
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A message of which no byte is left once [`TAIL`] is taken off, and an empty one (RFC 7692,
/// section 7.2.3.6).
const EMPTY: u8 = 0x00;

/// Compresses one message after the other.
///
/// zlib takes `2^(bits + 2)` bytes for the window and `2^(8 + 9)` for what flate2 fixes, a memory
/// level of 8: 256 KiB at 15 bits. They are taken with the first message.
#[derive(Debug)]
pub struct Deflater {
    window_bits: u8,
    takeover: bool,
    compress: Option<Box<Compress>>,
}

impl Deflater {
    /// A compressor with a window of so many bits, 9 to 15; with `takeover` a message may refer to
    /// those before it.
    pub const fn new(window_bits: u8, takeover: bool) -> Self {
        Self { window_bits, takeover, compress: None }
    }

    /// Compresses a message.
    pub fn deflate(&mut self, message: &[u8]) -> Vec<u8> {
        let compress = self.compress.get_or_insert_with(|| {
            let level = Compression::Deflate.level().expect("deflate has a level");
            Box::new(Compress::new_with_window_bits(Level::new(level), false, self.window_bits))
        });
        // Room for most messages in one step; what does not fit makes the vector grow.
        let mut out = Vec::with_capacity(message.len() / 2 + 64);
        compress_all(compress, message, FlushCompress::Sync, &mut out);
        if !self.takeover {
            compress.reset();
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if out.is_empty() {
            out.push(EMPTY);
        }
        out
    }
}

/// Compresses `bytes` behind what is in `out`, and flushes or finishes.
pub(crate) fn compress_all(
    compress: &mut Compress,
    bytes: &[u8],
    flush: FlushCompress,
    out: &mut Vec<u8>,
) {
    let begin = compress.total_in();
    loop {
        let taken = usize::try_from(compress.total_in() - begin).expect("no more than given");
        compress
            .compress_vec(&bytes[taken..], out, flush)
            .expect("a stream that is not finished cannot be in a wrong state");
        // A flush is over once it leaves room (zlib's manual, `deflate`).
        if out.len() < out.capacity() {
            break;
        }
        out.reserve(bytes.len() / 2 + 64);
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};
    use proptest::prelude::*;

    use super::*;

    fn inflate(decompress: &mut Decompress, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 << 20);
        let bytes = [message, &TAIL].concat();
        decompress.decompress_vec(&bytes, &mut out, FlushDecompress::Sync).expect("deflate");
        out
    }

    /// Source: RFC 7692, section 7.2.3.2.
    #[test]
    fn a_second_hello_refers_to_the_first_where_it_may() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let mut sharing = Deflater::new(15, true);
        assert_eq!(sharing.deflate(b"Hello"), hello);
        assert_eq!(sharing.deflate(b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
        let mut alone = Deflater::new(15, false);
        assert_eq!(alone.deflate(b"Hello"), hello);
        assert_eq!(alone.deflate(b"Hello"), hello);
    }

    #[test]
    fn an_empty_message_is_one_byte_each_time() {
        for takeover in [true, false] {
            let mut deflater = Deflater::new(15, takeover);
            assert_eq!(deflater.deflate(b""), [EMPTY]);
            assert_eq!(deflater.deflate(b""), [EMPTY]);
        }
    }

    #[test]
    fn a_message_does_not_depend_on_those_before_it_without_takeover() {
        let mut used = Deflater::new(11, false);
        used.deflate(&b"something else entirely ".repeat(500));
        let message = b"{\"price\": 12.5}".repeat(40);
        assert_eq!(used.deflate(&message), Deflater::new(11, false).deflate(&message));
    }

    proptest! {
        #[test]
        fn what_was_deflated_inflates_to_itself(
            window_bits in 9_u8..=15,
            takeover: bool,
            messages in prop::collection::vec(prop::collection::vec(0_u8..4, 0..5_000), 1..6),
        ) {
            let mut deflater = Deflater::new(window_bits, takeover);
            let mut decompress = Decompress::new_with_window_bits(false, window_bits);
            for message in messages {
                prop_assert_eq!(inflate(&mut decompress, &deflater.deflate(&message)), message);
                if !takeover {
                    decompress.reset(false);
                }
            }
        }
    }
}
