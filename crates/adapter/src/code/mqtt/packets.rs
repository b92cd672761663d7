//! Where one MQTT packet ends and the next begins, in bytes that come in reads of any length.

use crate::split::unit::SplitError;

/// The longest length in bytes (MQTT 3.1.1, section 2.2.3).
const MOST_OF_A_LENGTH: usize = 4;

/// Splits what one connection brings. A packet may begin in one WebSocket message and end in another
/// (section 6.0), so where messages end is not looked at.
#[derive(Debug)]
pub(crate) struct Packets {
    most: usize,
    /// Bytes of a packet that is not complete.
    kept: Vec<u8>,
    /// Below so many bytes of it there is nothing new.
    wanted: usize,
}

/// A packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cut<'b> {
    /// All of it.
    pub(crate) bytes: &'b [u8],
    /// Bytes of its first byte and its length.
    pub(crate) header: usize,
}

impl Packets {
    /// A splitter that takes packets whose length says at most `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, kept: Vec::new(), wanted: 0 }
    }

    /// Bytes that are part of no complete packet.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Forgets those, since nothing follows.
    pub(crate) fn end(&mut self) -> Vec<u8> {
        self.wanted = 0;
        std::mem::take(&mut self.kept)
    }

    /// Takes what a read brought and gives `with` each packet that is complete.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        with: &mut dyn FnMut(Cut<'_>),
    ) -> Result<(), SplitError> {
        if self.kept.is_empty() {
            let taken = self.cut_all(bytes, with)?;
            self.kept.extend_from_slice(&bytes[taken..]);
        } else {
            self.kept.extend_from_slice(bytes);
            let kept = std::mem::take(&mut self.kept);
            let taken = self.cut_all(&kept, with);
            self.kept = kept;
            self.kept.drain(..taken?);
        }
        Ok(())
    }

    /// Gives every packet in `bytes`; how many bytes those are.
    fn cut_all(
        &mut self,
        bytes: &[u8],
        with: &mut dyn FnMut(Cut<'_>),
    ) -> Result<usize, SplitError> {
        let mut at = 0;
        while bytes.len() - at >= self.wanted.max(1) {
            let rest = &bytes[at..];
            let Some((header, length)) = header(rest)? else {
                self.wanted = 0;
                break;
            };
            if length > self.most {
                return Err(SplitError::TooLong { most: self.most });
            }
            let end = header + length;
            if rest.len() < end {
                self.wanted = end;
                break;
            }
            self.wanted = 0;
            with(Cut { bytes: &rest[..end], header });
            at += end;
        }
        Ok(at)
    }
}

/// How long the header is and what it says follows; `None` while bytes of it are missing.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, SplitError> {
    let mut length = 0;
    for (place, byte) in bytes.iter().skip(1).take(MOST_OF_A_LENGTH).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((place + 2, length)));
        }
    }
    match bytes.len() > MOST_OF_A_LENGTH {
        true => Err(SplitError::LongLength { most: MOST_OF_A_LENGTH }),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Found = (Vec<(Vec<u8>, usize)>, Vec<u8>);

    fn read(bytes: &[u8], step: usize) -> Result<Found, SplitError> {
        let mut packets = Packets::new(1_000);
        let mut found = Vec::new();
        for piece in bytes.chunks(step) {
            packets.feed(piece, &mut |cut| found.push((cut.bytes.to_vec(), cut.header)))?;
        }
        Ok((found, packets.kept().to_vec()))
    }

    #[test]
    fn packets_are_the_same_wherever_reads_end() {
        let long = [&b"\x30\xc8\x01"[..], &[b'x'; 200]].concat();
        let bytes = [&b"\xd0\0\x30\x06\0\x02c1m1"[..], &long, b"\x30\x81"].concat();
        let expected =
            vec![(b"\xd0\0".to_vec(), 2), (b"\x30\x06\0\x02c1m1".to_vec(), 2), (long, 3)];
        for step in 1..=bytes.len() {
            let found = read(&bytes, step);
            assert_eq!(found, Ok((expected.clone(), b"\x30\x81".to_vec())), "in steps of {step}");
        }
    }

    #[test]
    fn a_length_that_is_none_is_refused_at_its_last_byte() {
        for (bytes, error) in [
            (&b"\x30\xff\xff\xff\xff"[..], SplitError::LongLength { most: 4 }),
            (b"\x30\xff\xff\xff\x7f", SplitError::TooLong { most: 1_000 }),
            (b"\xd0\0\x30\xe9\x07", SplitError::TooLong { most: 1_000 }),
        ] {
            for step in 1..=bytes.len() {
                assert_eq!(read(bytes, step), Err(error), "{bytes:?} in steps of {step}");
            }
            assert!(read(&bytes[..bytes.len() - 1], 1).is_ok(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_depend_on_reads(
            bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..60),
            step in 1_usize..9,
        ) {
            let whole = read(&bytes, 1_000);
            if let Ok((found, kept)) = &whole {
                let booked: usize = found.iter().map(|(packet, _)| packet.len()).sum();
                prop_assert_eq!(booked + kept.len(), bytes.len());
            }
            prop_assert_eq!(whole, read(&bytes, step));
        }
    }
}
