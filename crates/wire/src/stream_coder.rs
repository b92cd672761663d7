//! A response that does not end, compressed by one coder that is flushed with each message.
//!
//! Pure, and used twice, as [`crate::deflate`] is: by the server, and by the model.

use std::io::Write;

use brotli::CompressorWriter;
use flate2::{Compress, Compression as Level, Crc, FlushCompress};
use pushbench_protocol::{Compression, StreamCoding};

use crate::deflate::compress_all;

/// A gzip header without a time and without a name (RFC 1952, section 2.3): deflate, no flags, no
/// extra ones, a system that is not told.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Room for what brotli gives at a time.
const BROTLI_BUFFER: usize = 1_024;

/// Compresses one message after the other, each so that its receiver can read it at once.
///
/// Takes its memory with the first message and holds it as long as the response lasts: what
/// [`crate::deflate::Deflater`] takes for gzip, and for `br` what its window and hash tables need.
#[derive(Debug)]
pub struct StreamCoder {
    coding: StreamCoding,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing has been sent.
    New,
    Gzip(Box<Gzip>),
    Brotli(Box<Brotli>),
}

#[derive(Debug)]
struct Gzip {
    compress: Compress,
    /// Of all messages so far; the end of the stream says it.
    crc: Crc,
}

/// A brotli encoder that writes into memory.
struct Brotli(CompressorWriter<Vec<u8>>);

impl std::fmt::Debug for Brotli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Brotli")
    }
}

const IN_MEMORY: &str = "memory takes every byte";

impl StreamCoder {
    /// A coder that has sent nothing.
    pub const fn new(coding: StreamCoding) -> Self {
        Self { coding, state: State::New }
    }

    /// The next bytes of the response: all that it takes to read this message.
    pub fn message(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut out = self.begin(plain.len() / 2 + 64);
        match &mut self.state {
            State::New => unreachable!("it has begun"),
            State::Gzip(gzip) => {
                gzip.crc.update(plain);
                compress_all(&mut gzip.compress, plain, FlushCompress::Sync, &mut out);
            }
            State::Brotli(brotli) => {
                brotli.0.write_all(plain).expect(IN_MEMORY);
                brotli.0.flush().expect(IN_MEMORY);
                // In place of what was there, so that what comes is not copied.
                out = std::mem::take(brotli.0.get_mut());
            }
        }
        out
    }

    /// The last bytes of the response.
    pub fn end(mut self) -> Vec<u8> {
        let mut out = self.begin(64);
        match self.state {
            State::New => unreachable!("it has begun"),
            State::Gzip(mut gzip) => {
                compress_all(&mut gzip.compress, &[], FlushCompress::Finish, &mut out);
                out.extend(gzip.crc.sum().to_le_bytes());
                // Modulo 2^32 (RFC 1952, section 2.3.1).
                out.extend(gzip.crc.amount().to_le_bytes());
                out
            }
            State::Brotli(brotli) => brotli.0.into_inner(),
        }
    }

    /// Makes the coder if there is none yet; gives what comes before its first message, in memory
    /// with room for this much.
    fn begin(&mut self, room: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if let State::New = self.state {
            let level = self.coding.coding().level().expect("a coding of streams has a level");
            let bits = self.coding.window_bits();
            self.state = match self.coding.coding() {
                Compression::Gzip => {
                    out.reserve(room + GZIP_HEADER.len());
                    out.extend(GZIP_HEADER);
                    let compress = Compress::new_with_window_bits(Level::new(level), false, bits);
                    State::Gzip(Box::new(Gzip { compress, crc: Crc::new() }))
                }
                Compression::Brotli => {
                    let into = Vec::new();
                    let bits = u32::from(bits);
                    let writer = CompressorWriter::new(into, BROTLI_BUFFER, level, bits);
                    State::Brotli(Box::new(Brotli(writer)))
                }
                Compression::None | Compression::Deflate => {
                    unreachable!("a stream is in no such coding")
                }
            };
        }
        if let State::Gzip(_) = self.state {
            out.reserve(room);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn coding(coding: Compression, bits: Option<u8>) -> StreamCoding {
        StreamCoding::new(coding, bits).expect("a coding of streams")
    }

    /// All of it, in order, with each message's own bytes.
    fn coded(how: StreamCoding, messages: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut coder = StreamCoder::new(how);
        let pieces: Vec<_> = messages.iter().map(|message| coder.message(message)).collect();
        (pieces, coder.end())
    }

    fn decoded(how: StreamCoding, whole: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let read = match how.coding() {
            Compression::Gzip => flate2::read::GzDecoder::new(whole).read_to_end(&mut plain),
            _ => brotli::Decompressor::new(whole, 4_096).read_to_end(&mut plain),
        };
        read.expect("a whole stream");
        plain
    }

    /// What can be read of a stream that goes on: all that came, up to where more is awaited.
    fn readable(how: StreamCoding, so_far: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let read = match how.coding() {
            Compression::Gzip => flate2::read::GzDecoder::new(so_far).read_to_end(&mut plain),
            _ => brotli::Decompressor::new(so_far, 4_096).read_to_end(&mut plain),
        };
        read.expect_err("it has not ended");
        plain
    }

    fn quotes(count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|n| format!("data: {{\"symbol\":\"ACME\",\"price\":{n}.50}}\n\n").into_bytes())
            .collect()
    }

    #[test]
    fn each_message_can_be_read_as_soon_as_it_is_there() {
        for how in [
            coding(Compression::Gzip, None),
            coding(Compression::Gzip, Some(9)),
            coding(Compression::Brotli, None),
            coding(Compression::Brotli, Some(22)),
        ] {
            let messages = quotes(40);
            let (pieces, end) = coded(how, &messages);
            for n in 1..=messages.len() {
                let so_far = pieces[..n].concat();
                assert_eq!(readable(how, &so_far), messages[..n].concat(), "{how:?} {n}");
            }
            let whole = [pieces.concat(), end].concat();
            assert_eq!(decoded(how, &whole), messages.concat(), "{how:?}");
        }
    }

    #[test]
    fn a_message_like_those_before_it_takes_a_few_bytes() {
        for how in [coding(Compression::Gzip, None), coding(Compression::Brotli, None)] {
            let (pieces, _) = coded(how, &quotes(40));
            let last = pieces.last().expect("a piece").len();
            assert!(last * 2 < quotes(1)[0].len(), "{how:?}: {last}");
            assert!(last < pieces[0].len(), "{how:?}: {last}");
        }
    }

    #[test]
    fn a_stream_without_a_message_is_an_empty_one() {
        for how in [coding(Compression::Gzip, None), coding(Compression::Brotli, None)] {
            assert_eq!(decoded(how, &StreamCoder::new(how).end()), b"");
        }
    }

    proptest! {
        #[test]
        fn what_was_coded_decodes_to_itself(
            is_gzip: bool,
            window_bits in 9_u8..=15,
            messages in prop::collection::vec(prop::collection::vec(0_u8..4, 1..5_000), 1..6),
        ) {
            let how = match is_gzip {
                true => coding(Compression::Gzip, Some(window_bits)),
                false => coding(Compression::Brotli, None),
            };
            let (pieces, end) = coded(how, &messages);
            prop_assert_eq!(readable(how, &pieces.concat()), messages.concat());
            let whole = [pieces.concat(), end].concat();
            prop_assert_eq!(decoded(how, &whole), messages.concat());
        }
    }
}
