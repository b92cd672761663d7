//! Place of a message in the server's log.

use std::fmt;
use std::str::FromStr;

/// Place in the log of a topic, given by the server and opaque to clients.
///
/// Always 16 digits, so a poll's size does not drift as numbers grow: 4 digits name the life of the
/// log (a restarted server starts another), 12 the position, which is how many messages the topic
/// had taken when the cursor was given. HTTP/2 sends its digits in a code of letters of different
/// lengths, so they are the ten characters that take 5 bits in it: 10 bytes for every cursor.
///
/// Source: RFC 7541, appendix B.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Cursor {
    /// Which life of the log the position belongs to; 0 names none; at most 9,999.
    pub epoch: u16,
    /// How many messages of the topic lie at or before this place; at most 10^12 - 1.
    pub position: u64,
}

/// Why a text is no cursor.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cursor is `{found}`, expected 16 of 0, 1, 2, a, c, e, i, o, s, t as the server gave them")]
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
    pub const NOW: Self = Self { epoch: Self::MAX_EPOCH, position: Self::MAX_POSITION };
    /// The highest epoch.
    pub const MAX_EPOCH: u16 = 9_999;
    /// The highest position.
    pub const MAX_POSITION: u64 = 999_999_999_999;
    /// In the order of their values, which is that of their codes in ASCII.
    const DIGITS: &[u8; 10] = b"012aceiost";

    /// The cursor's 16 digits.
    pub fn encode(self) -> [u8; Self::LEN] {
        let position = self.position % (Self::MAX_POSITION + 1);
        let epoch = u64::from(self.epoch % (Self::MAX_EPOCH + 1));
        let mut left = epoch * (Self::MAX_POSITION + 1) + position;
        let mut text = [0; Self::LEN];
        for digit in text.iter_mut().rev() {
            *digit = Self::DIGITS[(left % 10) as usize];
            left /= 10;
        }
        text
    }

    /// Reads a cursor from its 16 digits; `None` if they are not.
    pub fn decode(text: &[u8]) -> Option<Self> {
        if text.len() != Self::LEN {
            return None;
        }
        let mut value = 0_u64;
        for digit in text {
            let digit = Self::DIGITS.iter().position(|known| known == digit)?;
            value = value * 10 + digit as u64;
        }
        let epoch = value / (Self::MAX_POSITION + 1);
        Some(Self {
            epoch: u16::try_from(epoch).expect("4 digits are at most 9,999"),
            position: value % (Self::MAX_POSITION + 1),
        })
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
            epoch in 0..=Cursor::MAX_EPOCH,
            position in 0..=Cursor::MAX_POSITION,
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
    fn a_text_of_another_width_or_other_digits_is_refused() {
        for text in ["", "0", "00000000000000000", "000000000000000A", "0000000000000003"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
