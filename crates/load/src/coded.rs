//! Bodies that come in a content coding: decoded, and their bytes shared out among what they held.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use pushbench_protocol::number::MAX_BODY;

use crate::Fault;
use crate::content_coding::ContentCoding;

/// Largest body once decoded, as of one that is not coded; a server that sends more would fill our
/// memory, and keep this thread from everyone else.
const MAX_DECODED: u64 = MAX_BODY;
/// Room for brotli's input.
const BROTLI_BUFFER: usize = 4 * 1024;

/// The body as it was before it was coded.
///
/// # Errors
///
/// If it is not in that coding, or too large.
pub(crate) fn decoded(coding: ContentCoding, body: &[u8]) -> Result<Cow<'_, [u8]>, Fault> {
    let read = |coded: &mut dyn Read| -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        coded.take(MAX_DECODED + 1).read_to_end(&mut plain)?;
        Ok(plain)
    };
    let plain = match coding {
        ContentCoding::Identity => return Ok(Cow::Borrowed(body)),
        // Some servers send deflate data without zlib's head (RFC 9110, section 8.4.1.2), which
        // browsers take.
        ContentCoding::Deflate => {
            read(&mut ZlibDecoder::new(body)).or_else(|_| read(&mut DeflateDecoder::new(body)))
        }
        coding => read(&mut *decoder(coding, body)?),
    };
    let plain = plain.map_err(|_| Fault::Malformed)?;
    if plain.len() as u64 > MAX_DECODED { Err(Fault::TooLarge) } else { Ok(Cow::Owned(plain)) }
}

/// The first `most` bytes of a body for people: decoded as far as it can be, else as it came.
pub(crate) fn beginning(coding: ContentCoding, body: &[u8], most: usize) -> Cow<'_, [u8]> {
    let as_it_came = Cow::Borrowed(&body[..body.len().min(most)]);
    let Ok(decoder) = decoder(coding, body) else { return as_it_came };
    let mut plain = Vec::new();
    // What was decoded before an error is the beginning, too.
    let _ = decoder.take(most as u64).read_to_end(&mut plain);
    if plain.is_empty() { as_it_came } else { Cow::Owned(plain) }
}

fn decoder(coding: ContentCoding, body: &[u8]) -> Result<Box<dyn Read + '_>, Fault> {
    Ok(match coding {
        ContentCoding::Identity => Box::new(body),
        ContentCoding::Gzip => Box::new(MultiGzDecoder::new(body)),
        ContentCoding::Brotli => {
            Box::new(brotli_decompressor::Decompressor::new(body, BROTLI_BUFFER))
        }
        ContentCoding::Deflate => Box::new(ZlibDecoder::new(body)),
        ContentCoding::Zstd => return Err(Fault::Zstd),
        ContentCoding::Unknown => return Err(Fault::Coding),
    })
}

/// Bytes of coded data on the wire that belong to nothing yet, and what they came to once decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shares {
    wire: u64,
    plain: u64,
}

impl Shares {
    /// So many bytes came.
    pub(crate) fn came(&mut self, wire: u64) {
        self.wire += wire;
    }

    /// So many came out of them.
    pub(crate) fn decoded(&mut self, plain: u64) {
        self.plain += plain;
    }

    /// The bytes on the wire of something that has so many once decoded, which it takes.
    pub(crate) fn take(&mut self, plain: u64) -> u64 {
        // Never more than there is: a reader may hand over what came before.
        let old = self.plain.saturating_sub(plain);
        let part = new_part(self.wire, plain, old);
        *self = Self { wire: self.wire - part, plain: old };
        part
    }
}

/// Of `whole` bytes on the wire the part of what is new, where so many bytes of what was decoded are
/// new and so many were there before. The rest is the old one's, so that no byte is lost.
pub(crate) fn new_part(whole: u64, new: u64, old: u64) -> u64 {
    match new + old {
        0 => 0,
        both => {
            let part = u128::from(whole) * u128::from(new) / u128::from(both);
            u64::try_from(part).expect("no more than the whole")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushbench_protocol::Compression;
    use pushbench_wire::coding::encode;

    use super::*;

    #[test]
    fn a_body_is_read_in_its_coding_and_in_no_other() {
        let body = b"{\"symbol\":\"ACME\"},".repeat(100);
        let codings = [Compression::Gzip, Compression::Brotli];
        for compression in codings {
            let coding = ContentCoding::of(compression);
            let coded = encode(compression, &body).expect("a coding of bodies");
            assert_eq!(decoded(coding, &coded).as_deref(), Ok(&body[..]), "{compression}");
            assert_eq!(decoded(ContentCoding::Identity, &coded).as_deref(), Ok(&coded[..]));
            let cut = &coded[..coded.len() / 2];
            assert_eq!(decoded(coding, cut), Err(Fault::Malformed), "{compression}, half of it");
            for other in codings.into_iter().filter(|other| *other != compression) {
                let other = ContentCoding::of(other);
                assert_eq!(decoded(other, &coded), Err(Fault::Malformed), "{compression}");
            }
        }
        assert_eq!(decoded(ContentCoding::Zstd, &body), Err(Fault::Zstd));
        assert_eq!(decoded(ContentCoding::Unknown, &body), Err(Fault::Coding));
    }

    #[test]
    fn the_beginning_of_a_body_is_decoded_as_far_as_it_can_be() {
        let body = b"no such topic ".repeat(100);
        for compression in [Compression::Gzip, Compression::Brotli] {
            let coding = ContentCoding::of(compression);
            let coded = encode(compression, &body).expect("a coding of bodies");
            assert_eq!(*beginning(coding, &coded, 20), body[..20], "{compression}");
            assert_eq!(*beginning(coding, b"plain all the same", 5), *b"plain", "{compression}");
        }
        let gzip = encode(Compression::Gzip, &body).expect("a coding of bodies");
        // Without gzip's last eight bytes, checksum and length (RFC 1952, section 2.3.1).
        let cut = &gzip[..gzip.len() - 8];
        assert_eq!(*beginning(ContentCoding::Gzip, cut, 2_000), body);
        for coding in [ContentCoding::Identity, ContentCoding::Zstd, ContentCoding::Unknown] {
            assert_eq!(*beginning(coding, &body, 20), body[..20], "{coding:?}");
        }
    }

    #[test]
    fn a_body_is_bounded_by_what_it_comes_to() {
        let most = usize::try_from(MAX_DECODED).expect("it fits");
        let bomb = encode(Compression::Gzip, &vec![0; most + 1]).expect("a coding of bodies");
        assert!(bomb.len() < most / 100);
        assert_eq!(decoded(ContentCoding::Gzip, &bomb), Err(Fault::TooLarge));
    }

    #[test]
    fn deflate_is_read_with_the_head_of_zlib_and_without() {
        let body = b"{\"symbol\":\"ACME\"},".repeat(100);
        let level = flate2::Compression::default();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), level);
        for encoder in [&mut zlib as &mut dyn io::Write, &mut raw] {
            encoder.write_all(&body).expect("memory takes every byte");
        }
        for coded in [zlib.finish().expect("memory"), raw.finish().expect("memory")] {
            assert_eq!(decoded(ContentCoding::Deflate, &coded).as_deref(), Ok(&body[..]));
        }
    }

    #[test]
    fn bytes_are_shared_out_in_proportion() {
        for (whole, new, old, expected) in
            [(100, 10, 0, 100), (100, 0, 10, 0), (100, 1, 2, 33), (23, 0, 0, 0), (0, 5, 5, 0)]
        {
            assert_eq!(new_part(whole, new, old), expected, "{whole} {new} {old}");
        }
    }

    proptest! {
        #[test]
        fn no_part_is_larger_than_the_whole(whole: u32, new: u32, old: u32) {
            let part = new_part(whole.into(), new.into(), old.into());
            prop_assert!(part <= u64::from(whole));
        }

        #[test]
        fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for coding in [ContentCoding::Gzip, ContentCoding::Brotli, ContentCoding::Deflate] {
                let _ = decoded(coding, &bytes);
            }
        }
    }
}
