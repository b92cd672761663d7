//! Whether the headers of a server's frames are such as a client may take, each in its place.

use super::header::{FrameHeader, HeaderParser, Opcode};

/// Longest payload of a control frame (RFC 6455, section 5.5).
const CONTROL_LIMIT: u64 = 125;
/// Of the three reserved bits the one of permessage-deflate.
const RSV1: u8 = 0b100;

/// Why a client must fail the connection. Sections are those of RFC 6455 where it is not said.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// A bit without a meaning (section 5.2), or one that means compression on a frame other than the
    /// first of a message (RFC 7692, section 6).
    #[error("RSV1 to RSV3 are {found:03b}, expected 000, or 100 on a first frame if so agreed")]
    ReservedBits {
        /// The three bits.
        found: u8,
    },
    /// An opcode without a meaning (section 5.2).
    #[error("the opcode is {found:#x}, expected one that RFC 6455 defines")]
    ReservedOpcode {
        /// The four bits.
        found: u8,
    },
    /// A mask, which only clients use (section 5.1).
    #[error("the frame is masked, expected none of a server's to be")]
    Masked,
    /// A length of which the first bit is set (section 5.2).
    #[error("the payload has {found} bytes, expected less than 2^63")]
    Length {
        /// The length.
        found: u64,
    },
    /// A length in more bytes than it needs (section 5.2).
    #[error(
        "the header has {found} bytes, expected {shortest}, with the length in the fewest bytes"
    )]
    LongLength {
        /// Bytes of the header.
        found: u64,
        /// As many as it needs.
        shortest: u64,
    },
    /// A control frame in fragments (section 5.5).
    #[error("a control frame is fragmented, expected it whole")]
    FragmentedControl,
    /// A control frame that is too long (section 5.5).
    #[error("a control frame has {found} bytes of payload, expected at most {CONTROL_LIMIT}")]
    LongControl {
        /// The length.
        found: u64,
    },
    /// A message within another (section 5.4).
    #[error("a message begins within another, expected a continuation")]
    Interleaved,
    /// A continuation of nothing (section 5.4).
    #[error("a continuation has nothing to continue, expected the first frame of a message")]
    NothingToContinue,
}

/// Checks the headers in a stream of a server's frames, wherever reads end.
#[derive(Clone, Debug)]
pub struct FrameChecker {
    /// Whether messages may be compressed.
    is_deflate_agreed: bool,
    parser: HeaderParser,
    left_in_payload: u64,
    is_in_message: bool,
    broken: Option<FrameError>,
}

impl FrameChecker {
    /// At the beginning of a stream, on which permessage-deflate was agreed or not.
    pub fn new(is_deflate_agreed: bool) -> Self {
        Self {
            is_deflate_agreed,
            parser: HeaderParser::default(),
            left_in_payload: 0,
            is_in_message: false,
            broken: None,
        }
    }

    /// Takes the next bytes of the stream; gives how many of them come before the end of the first
    /// header that breaks a rule: all, if none does.
    ///
    /// Whoever is given only those sees every frame before it whole, and never the one it begins.
    pub fn check(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while self.broken.is_none() && at < bytes.len() {
            if self.left_in_payload > 0 {
                let left = usize::try_from(self.left_in_payload).unwrap_or(usize::MAX);
                let step = left.min(bytes.len() - at);
                self.left_in_payload -= step as u64;
                at += step;
                continue;
            }
            if let Some(header) = self.parser.push(bytes[at]) {
                if let Err(error) = self.take(header) {
                    self.broken = Some(error);
                    return at;
                }
                self.left_in_payload = header.payload_len;
            }
            at += 1;
        }
        at
    }

    /// What was broken, after which nothing of the stream means anything.
    pub fn broken(&self) -> Option<FrameError> {
        self.broken
    }

    fn take(&mut self, header: FrameHeader) -> Result<(), FrameError> {
        let FrameHeader { fin, rsv, opcode, mask, payload_len, header_len } = header;
        let reserved = FrameError::ReservedOpcode { found: opcode };
        let opcode = Opcode::from_bits(opcode).ok_or(reserved)?;
        let is_first = matches!(opcode, Opcode::Text | Opcode::Binary);
        if rsv != 0 && !(rsv == RSV1 && is_first && self.is_deflate_agreed) {
            return Err(FrameError::ReservedBits { found: rsv });
        }
        if mask.is_some() {
            return Err(FrameError::Masked);
        }
        if payload_len >> 63 != 0 {
            return Err(FrameError::Length { found: payload_len });
        }
        let shortest = header.shortest_len();
        if header_len != shortest {
            return Err(FrameError::LongLength { found: header_len, shortest });
        }
        match opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => match payload_len {
                _ if !fin => return Err(FrameError::FragmentedControl),
                0..=CONTROL_LIMIT => return Ok(()),
                found => return Err(FrameError::LongControl { found }),
            },
            Opcode::Text | Opcode::Binary if self.is_in_message => {
                return Err(FrameError::Interleaved);
            }
            Opcode::Continuation if !self.is_in_message => {
                return Err(FrameError::NothingToContinue);
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {}
        }
        self.is_in_message = !fin;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_breaks_a_rule_is_not_passed_on_and_those_before_it_are() {
        use FrameError::*;
        let bits = |found| Some(ReservedBits { found });
        for (frames, is_agreed, good, expected) in [
            (&b"\x81\x01a\x01\x01b\x89\x00\x80\x00\x8a\x01c"[..], false, 13, None),
            (b"\xc1\x01a\x41\x01b\x89\x00\x80\x01c", true, 11, None),
            // RFC 7692, section 6: not on a continuation, and never on a control frame.
            (b"\x41\x01a\xc0\x01b", true, 3, bits(0b100)),
            (b"\x01\x01a\xc0\x01b", true, 3, bits(0b100)),
            (b"\xc1\x01a\xc9\x00", true, 3, bits(0b100)),
            (b"\xca\x00", true, 0, bits(0b100)),
            (b"\xc8\x02\x03\xe8", true, 0, bits(0b100)),
            (b"\x81\x01a\xc1\x01b", false, 3, bits(0b100)),
            (b"\xa1\x01a", true, 0, bits(0b010)),
            (b"\xd1\x01a", true, 0, bits(0b101)),
            (b"\x83\x00", true, 0, Some(ReservedOpcode { found: 3 })),
            (b"\x81\x81abcdx", true, 0, Some(Masked)),
            (b"\x81\x7f\x80\0\0\0\0\0\0\0", true, 0, Some(Length { found: 1 << 63 })),
            (b"\x81\x7e\x00\x7ea", false, 5, None),
            (b"\x81\x7e\x00\x7da", true, 0, Some(LongLength { found: 4, shortest: 2 })),
            (b"\x89\x7e\x00\x00", true, 0, Some(LongLength { found: 4, shortest: 2 })),
            (b"\x81\x7f\0\0\0\0\0\0\xff\xff", true, 0, Some(LongLength { found: 10, shortest: 4 })),
            (b"\x09\x00", true, 0, Some(FragmentedControl)),
            (b"\x8a\x7e\x00\x7e", true, 0, Some(LongControl { found: 126 })),
            (b"\x01\x01a\x81\x01b", true, 3, Some(Interleaved)),
            (b"\x81\x01a\x80\x01b", true, 3, Some(NothingToContinue)),
        ] {
            for step in 1..=frames.len() {
                let mut checker = FrameChecker::new(is_agreed);
                let passed: usize = frames.chunks(step).map(|bytes| checker.check(bytes)).sum();
                assert_eq!(checker.broken(), expected, "{frames:x?} in steps of {step}");
                match expected {
                    None => assert_eq!(passed, good, "{frames:x?}"),
                    // Of its header all but the last byte may have been passed on.
                    Some(_) => assert!((good..good + 10).contains(&passed), "{frames:x?}"),
                }
                assert_eq!(checker.check(b"\x81"), usize::from(expected.is_none()));
            }
        }
    }
}
