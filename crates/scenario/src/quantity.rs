//! Quantities as people write them: `5/s`, `30s`.

use std::num::NonZeroU32;
use std::time::Duration;

pub(crate) use pushbench_protocol::duration::split_number;
pub(crate) use pushbench_protocol::{format_duration, parse_duration};

use crate::Rate;

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

pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

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
            let _ = parse_rate(&text);
        }
    }
}
