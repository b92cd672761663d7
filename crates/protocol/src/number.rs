//! Numbers that the other side wrote, and how people are shown theirs.

use crate::Cursor;

/// Largest body, event, line, frame or message that is read: a peer that sends more would fill our
/// memory. Four times the largest payload that a scenario may have.
pub const MAX_BODY: u64 = 64 << 20;

/// The number that `value` spells in decimal digits and nothing else: no sign, no blank, at least
/// one digit; `None` otherwise, and from 2^63 on, which no length in octets can be.
///
/// Source: RFC 9110, section 8.6 (`Content-Length = 1*DIGIT`; a recipient must anticipate large
/// numerals and prevent errors from overflow).
pub fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    value
        .iter()
        .try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
        .filter(|number| *number >> 63 == 0)
}

/// A number for people, its digits in groups of three: `19,000`.
pub fn thousands(number: u64) -> String {
    in_groups(&number.to_string())
}

/// Digits in groups of three, from the last on.
pub fn in_groups(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of messages that a server no longer holds: digits, and not more than a topic can have
/// had; `None` if it is no such number.
pub fn gap(value: &[u8]) -> Option<u64> {
    digits(value).filter(|gap| *gap <= Cursor::MAX_POSITION)
}

/// The size of a chunk: hexadecimal digits and nothing else; `None` if it is none, or more than
/// [`MAX_BODY`].
///
/// Source: RFC 9112, section 7.1 (`chunk-size = 1*HEXDIG`).
pub fn hex_digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let number = u64::from_str_radix(std::str::from_utf8(value).ok()?, 16).ok()?;
    (number <= MAX_BODY).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_last_on() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")];
        for (number, text) in cases {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn only_digits_are_a_number_and_none_overflows() {
        for (text, expected) in [
            ("0", Some(0)),
            ("40", Some(40)),
            ("0040", Some(40)),
            ("9223372036854775807", Some(i64::MAX as u64)),
            ("9223372036854775808", None),
            ("18446744073709551615", None),
            ("18446744073709551616", None),
            ("99999999999999999999999999999999999999999", None),
            ("", None),
            ("+40", None),
            ("-1", None),
            (" 40", None),
            ("4 0", None),
            ("0x28", None),
            ("40,40", None),
            ("\u{0664}", None),
        ] {
            assert_eq!(digits(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_gap_is_at_most_what_a_topic_can_have_had() {
        assert_eq!(gap(b"12"), Some(12));
        assert_eq!(gap(b"999999999999"), Some(999_999_999_999));
        assert_eq!(gap(b"1000000000000"), None);
        assert_eq!(gap(b"18446744073709551615"), None);
    }

    #[test]
    fn a_size_in_hexadecimal_is_digits_only() {
        for (text, expected) in [
            ("1a", Some(26)),
            ("1A", Some(26)),
            ("+5", None),
            ("", None),
            ("ffffffffffffffff", None),
        ] {
            assert_eq!(hex_digits(text.as_bytes()), expected, "{text}");
        }
    }
}
