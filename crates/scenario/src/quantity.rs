//! Quantities as people write them: `1KiB`, `5/s`.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::duration::decimal_times;
pub(crate) use pushbench_protocol::duration::split_number;
pub(crate) use pushbench_protocol::{format_duration, parse_duration};

use crate::Rate;

/// Units of size in bytes.
pub(crate) const SIZE: [(&str, u64); 5] =
    [("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20)];

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

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

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
        fn a_rate_comes_back_as_it_went(count in 1_u32.., nanos in 1_u64..) {
            let rate = Rate {
                count: NonZeroU32::new(count).expect("from 1"),
                per: Duration::from_nanos(nanos),
            };
            prop_assert_eq!(parse_rate(&format_rate(rate)), Some(rate));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC{0,30}|[0-9.]{0,40}[a-zµ]{0,4}/?[0-9]{0,3}[hms]{0,2}") {
            let _ = (parse_size(&text), parse_rate(&text));
        }
    }
}
