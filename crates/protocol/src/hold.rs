//! How long a server may keep a poll open, as it stands in `?hold=`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long a long poll stays open while there is no news.
///
/// Its text is a whole number and `s`, `ms`, `us` or `ns`: the longest unit that it is a multiple
/// of, so that two programs write the same hold with the same bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hold(Duration);

/// Why a text is no hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("hold is `{found}`, expected a whole number with s, ms, us or ns, at most {} s", Hold::LONGEST.0.as_secs())]
pub struct HoldError {
    /// The text as found.
    pub found: String,
}

const UNITS: [(&str, u128); 4] =
    [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

impl Hold {
    /// The longest that a server grants.
    pub const LONGEST: Self = Self(Duration::from_secs(180));
    /// What a poll is held that does not say: under the 30 seconds at which intermediaries begin
    /// to give up on a request (RFC 6202, section 5.5).
    pub const USUAL: Self = Self(Duration::from_secs(25));

    /// A hold of this length; `None` beyond [`Self::LONGEST`].
    pub fn new(duration: Duration) -> Option<Self> {
        (duration <= Self::LONGEST.0).then_some(Self(duration))
    }

    /// Its length.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| nanos.is_multiple_of(*size))
            .expect("every duration is a multiple of a nanosecond");
        write!(f, "{}{unit}", nanos / size)
    }
}

impl FromStr for Hold {
    type Err = HoldError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        UNITS
            .iter()
            .find(|(known, _)| *known == unit)
            .and_then(|(_, size)| number.parse::<u128>().ok()?.checked_mul(*size))
            .and_then(|nanos| Self::new(Duration::from_nanos(u64::try_from(nanos).ok()?)))
            .ok_or_else(|| HoldError { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hold_is_a_whole_number_with_a_unit_and_has_a_bound() {
        for (text, millis) in [("25s", 25_000), ("0s", 0), ("1500ms", 1_500), ("180s", 180_000)] {
            let hold: Hold = text.parse().expect(text);
            assert_eq!(hold.duration(), Duration::from_millis(millis), "{text}");
            assert_eq!(hold.to_string(), text);
        }
        for text in ["", "25", "s", "1.5s", "-1s", "25 s", "25m", "181s", "99999999999999999999s"] {
            assert!(text.parse::<Hold>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_hold_comes_back_as_it_went(nanos in 0_u64..=180_000_000_000) {
            let hold = Hold::new(Duration::from_nanos(nanos)).expect("within the bound");
            prop_assert_eq!(hold.to_string().parse(), Ok(hold));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9]{0,45}\\PC{0,4}") {
            let _ = text.parse::<Hold>();
        }
    }
}
