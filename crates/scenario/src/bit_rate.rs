//! Rates of a link as people write them: `10Mb/s`.

use pushbench_protocol::duration::{decimal_times, split_number};
use pushbench_toml::Value;
use pushbench_toml::kind::Mismatch;

/// Units in bits per second.
const UNITS: [(&str, u64); 4] =
    [("Gb/s", 1_000_000_000), ("Mb/s", 1_000_000), ("kb/s", 1_000), ("b/s", 1)];
/// The slowest and the fastest link there is: below it a single packet takes longer than a trial, above
/// it the forwarder is the limit.
pub(crate) const BIT_RATES: [u64; 2] = [1_000, 1_000_000_000];
/// What a schema says of one.
pub(crate) const BIT_RATE_PATTERN: &str = "^[0-9]+(\\.[0-9]+)?(Gb/s|Mb/s|kb/s|b/s)$";

/// Reads bits per second.
pub(crate) fn bit_rate(value: &Value) -> Result<u64, Mismatch> {
    let found = match value {
        Value::Text(text) => parse_bit_rate(text),
        _ => None,
    };
    let [least, most] = BIT_RATES;
    found.filter(|rate| (least..=most).contains(rate)).ok_or_else(|| {
        let (least, most) = (format_bit_rate(least), format_bit_rate(most));
        Mismatch::new(format!("bits per second from \"{least}\" to \"{most}\", as in \"10Mb/s\""))
    })
}

pub(crate) fn parse_bit_rate(text: &str) -> Option<u64> {
    let (number, unit) = split_number(text);
    let (_, size) = UNITS.into_iter().find(|(known, _)| *known == unit)?;
    u64::try_from(decimal_times(number, u128::from(size))?).ok()
}

/// Bits per second as [`bit_rate`] reads them.
pub(crate) fn format_bit_rate(rate: u64) -> String {
    let whole = UNITS.into_iter().find(|(_, size)| rate.is_multiple_of(*size));
    let (unit, size) = whole.expect("every rate is of whole bits");
    format!("{}{unit}", rate / size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        for (text, rate) in
            [("10Mb/s", 10_000_000), ("1.6Mb/s", 1_600_000), ("768kb/s", 768_000), ("5b/s", 5)]
        {
            assert_eq!(parse_bit_rate(text), Some(rate), "{text}");
        }
        for text in ["", "10", "Mb/s", "10 Mb/s", "10MB/s", "10mbit", "-1kb/s"] {
            assert_eq!(parse_bit_rate(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_rate_comes_back_as_it_went(rate in 1_u64..) {
            prop_assert_eq!(parse_bit_rate(&format_bit_rate(rate)), Some(rate));
        }
    }
}
