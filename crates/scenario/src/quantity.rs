//! Quantities as people write them: `1h30m`, `1KiB`, `5/s`.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::Rate;

/// Units of time in nanoseconds, the longest first.
const TIME: [(&str, u128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of size in bytes.
pub(crate) const SIZE: [(&str, u64); 5] =
    [("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20)];

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

/// Reads a size in bytes: `20`, `20B`, `1kB`, `1KiB`, `1MB`, `1MiB`.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_number(text);
    let size = match unit {
        "" => 1,
        unit => SIZE.into_iter().find(|(known, _)| *known == unit)?.1,
    };
    u64::try_from(decimal_times(number, u128::from(size))?).ok()
}

/// Reads a rate: a whole number and a time, `5/s` or `1/30s`.
pub(crate) fn parse_rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let per = match per.starts_with(|c: char| c.is_ascii_digit()) {
        true => parse_duration(per)?,
        false => parse_duration(&format!("1{per}"))?,
    };
    let count = NonZeroU32::new(count.parse().ok()?)?;
    (!per.is_zero()).then_some(Rate { count, per })
}

/// A rate as [`parse_rate`] reads it.
pub(crate) fn format_rate(rate: Rate) -> String {
    let per = format_duration(rate.per);
    let unit = per.strip_prefix('1').filter(|unit| unit.bytes().all(|b| b.is_ascii_alphabetic()));
    format!("{}/{}", rate.count, unit.unwrap_or(&per))
}

/// Splits a text after its leading digits and decimal point.
pub(crate) fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}

/// `number * unit`, if that is a whole number: `1.5` of 1,000 is 1,500.
fn decimal_times(number: &str, unit: u128) -> Option<u128> {
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

    #[test]
    fn sizes_are_si_with_kb_and_binary_with_kib() {
        for (text, bytes) in
            [("20", 20), ("20B", 20), ("1kB", 1_000), ("1KiB", 1_024), ("1.5kB", 1_500)]
        {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "kB", "1 kB", "1KB", "1.0001kB", "-1"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn a_rate_is_a_count_and_a_time_and_neither_is_zero() {
        let rate = parse_rate("1/30s").expect("a rate");
        assert_eq!((rate.count.get(), rate.per), (1, Duration::from_secs(30)));
        for text in ["5", "0/s", "5/0s", "5/", "/s", "0.5/s", "+5/s", "5/x"] {
            assert_eq!(parse_rate(text), None, "{text}");
        }
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
        fn a_rate_comes_back_as_it_went(count in 1_u32.., nanos in 1_u64..) {
            let rate = Rate {
                count: NonZeroU32::new(count).expect("from 1"),
                per: Duration::from_nanos(nanos),
            };
            prop_assert_eq!(parse_rate(&format_rate(rate)), Some(rate));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC{0,30}|[0-9.]{0,40}[a-zµ]{0,4}/?[0-9]{0,3}[hms]{0,2}") {
            let _ = (parse_duration(&text), parse_size(&text), parse_rate(&text));
        }
    }
}
