//! Durations as people write them, in scenarios, options and the server's document: `1h30m`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

/// Units of time in nanoseconds, the longest first.
const TIME: [(&str, u128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads a duration: numbers with units (`h`, `m`, `s`, `ms`, `us`, `ns`), the longest unit first,
/// as in `500ms`, `1.5s` or `1h30m`.
///
/// `None` if it is none, or lies beyond 584 years, or has parts of a nanosecond.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut smaller = TIME.as_slice();
    let mut total = 0_u128;
    while !rest.is_empty() || total == 0 && smaller.len() == TIME.len() {
        let (number, after) = split_number(rest);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let place = smaller.iter().position(|(unit, _)| *unit == &after[..letters])?;
        total = total.checked_add(decimal_times(number, smaller[place].1)?)?;
        smaller = &smaller[place + 1..];
        rest = &after[letters..];
    }
    u64::try_from(total).ok().map(Duration::from_nanos)
}

/// A duration as [`parse_duration`] reads it: `1h30m`, `90s` as `1m30s`, `1500ms`.
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    const SECOND: u128 = 1_000_000_000;
    if !nanos.is_multiple_of(SECOND) {
        let (unit, size) = TIME
            .into_iter()
            .find(|(_, size)| *size < SECOND && nanos.is_multiple_of(*size))
            .expect("every duration is a multiple of a nanosecond");
        return format!("{}{unit}", nanos / size);
    }
    let mut rest = nanos;
    let mut text = String::new();
    for (unit, size) in TIME {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    text
}

/// Splits a text after its leading digits and decimal point.
pub fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}

/// `number * unit`, if that is a whole number: `1.5` of 1,000 is 1,500.
pub fn decimal_times(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    // 20 digits hold every u64, and times the longest unit they stay within 128 bits.
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || digits.len() > 20 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scaled = digits.parse::<u128>().ok()? * unit;
    let one = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    scaled.is_multiple_of(one).then_some(scaled / one)
}

/// For `#[serde(with)]`: a duration as its text.
pub mod text {
    use super::*;

    /// Writes a duration as [`format_duration`] does.
    ///
    /// # Errors
    ///
    /// Only the serializer's own.
    pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format_duration(*duration))
    }

    /// Reads a duration as [`parse_duration`] does.
    ///
    /// # Errors
    ///
    /// If it is no text, or none that [`parse_duration`] reads.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        from.deserialize_str(Text)
    }

    struct Text;

    impl serde::de::Visitor<'_> for Text {
        type Value = Duration;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a duration with a unit, such as \"500ms\", \"10s\" or \"3m\"")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Duration, E> {
            parse_duration(text)
                .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }
}

/// For `#[serde(with)]`: a duration as its text, or nothing.
pub mod optional_text {
    use super::*;

    #[derive(Deserialize)]
    struct Present(#[serde(with = "super::text")] Duration);

    /// Writes a duration as [`format_duration`] does, or nothing.
    ///
    /// # Errors
    ///
    /// Only the serializer's own.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::text::serialize(duration, to),
            None => to.serialize_none(),
        }
    }

    /// Reads a duration as [`parse_duration`] does, or nothing.
    ///
    /// # Errors
    ///
    /// If there is something that is no text of a duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let present: Option<Present> = Option::deserialize(from)?;
        Ok(present.map(|Present(duration)| duration))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_with_their_units_and_not_without() {
        for (text, nanos) in [
            ("500ms", 500_000_000),
            ("10s", 10_000_000_000),
            ("3m", 180_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1.5s", 1_500_000_000),
            ("0s", 0),
            ("7us5ns", 7_005),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
        for text in
            ["", "10", "s", "10 s", "30m1h", "1s1s", "-1s", "1.s", ".5s", "1.5.5s", "0.5ns", "1d"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(parse_duration("999999999999999999h"), None);
    }

    proptest! {
        #[test]
        fn a_duration_comes_back_as_it_went(nanos: u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Some(duration));
        }

        #[test]
        fn a_duration_of_whole_seconds_comes_back_as_it_went(seconds in 0_u64..10_000_000) {
            let duration = Duration::from_secs(seconds);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Some(duration));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,30}|[0-9.]{0,40}[a-zµ]{0,4}") {
            let _ = parse_duration(&text);
        }
    }
}
