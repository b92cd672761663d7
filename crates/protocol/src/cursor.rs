//! Place of a message in the server's log.

use std::fmt;
use std::str::FromStr;

/// Place in the log of a topic, given by the server and opaque to clients.
///
/// Always 16 lower-case hexadecimal digits, so a poll's size does not drift as numbers grow: 4
/// digits name the life of the log (a restarted server starts another), 12 the position, which is
/// how many messages the topic had taken when the cursor was given.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Cursor {
    /// Which life of the log the position belongs to; 0 names none.
    pub epoch: u16,
    /// How many messages of the topic lie at or before this place; at most 2^48 - 1.
    pub position: u64,
}

/// Why a text is no cursor.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cursor is `{found}`, expected 16 lower-case hexadecimal digits as the server gave them")]
pub struct CursorError {
    /// The text as found.
    pub found: String,
}

impl Cursor {
    /// Length of the text form in bytes.
    pub const LEN: usize = 16;
    /// Before everything the log still holds. Never a gap: nothing was seen that could be missed.
    pub const OLDEST: Self = Self { epoch: 0, position: 0 };
    /// After everything published so far: only what comes from now on.
    pub const NOW: Self = Self { epoch: 0xffff, position: Self::MAX_POSITION };
    const MAX_POSITION: u64 = (1 << 48) - 1;

    /// The cursor's 16 digits.
    pub fn encode(self) -> [u8; Self::LEN] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let bits = u64::from(self.epoch) << 48 | (self.position & Self::MAX_POSITION);
        let mut text = [0; Self::LEN];
        for (place, digit) in text.iter_mut().enumerate() {
            *digit = DIGITS[(bits >> (60 - 4 * place) & 0xf) as usize];
        }
        text
    }

    /// Reads a cursor from its 16 digits; `None` if they are not.
    pub fn decode(text: &[u8]) -> Option<Self> {
        if text.len() != Self::LEN {
            return None;
        }
        let mut bits = 0_u64;
        for &digit in text {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            bits = bits << 4 | u64::from(value);
        }
        Some(Self { epoch: (bits >> 48) as u16, position: bits & Self::MAX_POSITION })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.encode()).expect("digits are ASCII"))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::decode(text.as_bytes()).ok_or_else(|| CursorError { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went_and_is_always_16_digits(
            epoch: u16,
            position in 0_u64..1 << 48,
        ) {
            let cursor = Cursor { epoch, position };
            let text = cursor.to_string();
            prop_assert_eq!(text.len(), Cursor::LEN);
            prop_assert_eq!(text.parse(), Ok(cursor));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = text.parse::<Cursor>();
        }
    }

    #[test]
    fn a_text_of_another_width_or_case_is_refused() {
        for text in ["", "0", "00000000000000000", "000000000000000A", "+000000000000000"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
