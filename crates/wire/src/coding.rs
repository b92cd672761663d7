//! Bodies as a content coding makes them: the same bytes for the same body, always.
//!
//! Pure, and used by the server and by the model.

use std::io::{self, Write};

use brotli::enc::BrotliEncoderParams;
use flate2::GzBuilder;
use pushbench_protocol::Compression;

/// Base-2 logarithm of brotli's window: 4 MiB, its usual one.
const BROTLI_WINDOW_BITS: i32 = 22;

/// A body in this coding; `None` where it is none for bodies.
pub fn encode(coding: Compression, body: &[u8]) -> Option<Vec<u8>> {
    const IN_MEMORY: &str = "memory takes every byte";
    let level = coding.level()?;
    match coding {
        Compression::None | Compression::Deflate => None,
        Compression::Gzip => {
            // No time and no name in its head, so that a body has one form (RFC 1952).
            let out = Vec::with_capacity(body.len() / 2 + 64);
            let mut gzip = GzBuilder::new().mtime(0).write(out, flate2::Compression::new(level));
            gzip.write_all(body).expect(IN_MEMORY);
            Some(gzip.finish().expect(IN_MEMORY))
        }
        Compression::Brotli => {
            let params = BrotliEncoderParams {
                quality: i32::try_from(level).expect("at most 11"),
                lgwin: BROTLI_WINDOW_BITS,
                size_hint: body.len(),
                ..BrotliEncoderParams::default()
            };
            let mut out = Vec::with_capacity(body.len() / 2 + 64);
            let whole: io::Result<usize> =
                brotli::BrotliCompress(&mut io::Cursor::new(body), &mut out, &params);
            whole.expect(IN_MEMORY);
            Some(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_body_comes_back_and_has_one_form() {
        let body = b"{\"symbol\":\"ACME\",\"price\":12.50},".repeat(300);
        for coding in [Compression::Gzip, Compression::Brotli] {
            let coded = encode(coding, &body).expect("a coding of bodies");
            assert!(coded.len() * 10 < body.len(), "{coding}: {}", coded.len());
            assert_eq!(Some(&coded), encode(coding, &body).as_ref());
            let mut back = Vec::new();
            let read = match coding {
                Compression::Gzip => {
                    flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut back)
                }
                _ => brotli::Decompressor::new(&coded[..], 4_096).read_to_end(&mut back),
            };
            read.expect("it decodes");
            assert_eq!(back, body, "{coding}");
        }
        assert_eq!(encode(Compression::None, &body), None);
        assert_eq!(encode(Compression::Deflate, &body), None);
    }
}
