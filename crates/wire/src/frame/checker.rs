//! Whether the headers of a server's frames are such as a client may take, each in its place.

use super::error::FrameError;
use super::header::HeaderParser;
use super::rules::FrameRules;

/// Checks the headers in a stream of a server's frames, wherever reads end.
#[derive(Clone, Debug)]
pub struct FrameChecker {
    rules: FrameRules,
    parser: HeaderParser,
    left_in_payload: u64,
    broken: Option<FrameError>,
}

impl FrameChecker {
    /// At the beginning of a stream, on which permessage-deflate was agreed or not.
    pub fn new(is_deflate_agreed: bool) -> Self {
        Self {
            rules: FrameRules::new(is_deflate_agreed),
            parser: HeaderParser::default(),
            left_in_payload: 0,
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
                if let Err(error) = self.rules.take(header) {
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
