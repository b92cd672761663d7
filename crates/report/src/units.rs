//! Numbers for people: SI units, three digits that matter, thousands apart.

use pushbench_protocol::figure::Unit;
use pushbench_protocol::number::in_groups;

/// What stands where there is no number.
pub const ABSENT: &str = "n/a";

/// A figure in its unit, scaled.
pub fn scaled(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Bytes => bytes(value),
        Unit::BitsPerSecond => bits_per_second(value),
        Unit::Seconds | Unit::CpuSeconds => seconds(value),
        Unit::PerSecond => format!("{}/s", number(value)),
        Unit::Share => share(value),
        Unit::Count => number(value),
        Unit::Times => times(value),
    }
}

/// The same where an axis is marked: no more digits than the value has.
pub(crate) fn tick(unit: Unit, value: f64) -> String {
    let text = scaled(unit, value);
    let split = text.find(|c: char| !c.is_ascii_digit() && !".,-".contains(c));
    let (number, unit) = text.split_at(split.unwrap_or(text.len()));
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    };
    format!("{number}{unit}")
}

/// `1 client`, `1,000 clients`.
pub fn counted(count: u64, noun: &str) -> String {
    numbered(count as f64, noun)
}

/// The same of a number that need not be whole: `1 byte`, `2.5 bytes`.
pub fn numbered(value: f64, noun: &str) -> String {
    let number = number(value);
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Seconds as ns, us, ms or s.
pub fn seconds(value: f64) -> String {
    with_unit(value, &[("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)])
}

/// Bytes as kB to PB; below 10 kB in full, so that what stands beside it can be checked.
pub fn bytes(value: f64) -> String {
    match value.abs() {
        size if size < 99.95 => format!("{} B", number(value)),
        size if size < 9_999.5 => format!("{} B", grouped(value, 0)),
        _ => with_unit(value, &[("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("PB", 1e15)]),
    }
}

/// Bits a second as b/s to Tb/s.
pub fn bits_per_second(value: f64) -> String {
    with_unit(value, &[("b/s", 1.0), ("kb/s", 1e3), ("Mb/s", 1e6), ("Gb/s", 1e9), ("Tb/s", 1e12)])
}

/// A share as per cent; what is neither none nor all never looks like it.
pub fn share(value: f64) -> String {
    // With a zero added, since the sum of nothing is -0.0 and nobody wants to read "-0%".
    let percent = value * 100.0 + 0.0;
    match format!("{percent:.1}").as_str() {
        "0.0" if percent > 0.0 => "<0.1%".to_owned(),
        "100.0" if percent < 100.0 => ">99.9%".to_owned(),
        text => format!("{}%", text.trim_end_matches(".0")),
    }
}

/// How many times more; two digits below 10, none after the point above.
pub fn ratio(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { grouped(value, 0) }
}

/// A multiple, with two decimals: `1.07 x`.
pub fn times(value: f64) -> String {
    format!("{} x", grouped(value, 2))
}

/// A plain number: whole ones in full, others with one decimal, or three digits below 10.
pub fn number(value: f64) -> String {
    let whole = value.round();
    if (value - whole).abs() <= 1e-9 * value.abs().max(1.0) && (whole != 0.0 || value == 0.0) {
        grouped(whole, 0)
    } else if value.abs() >= 9.995 {
        grouped(value, 1)
    } else {
        digits(value, 3)
    }
}

/// Rounded to `digits` significant digits, not in powers of ten until far below a thousandth.
pub fn digits(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = magnitude(value, digits);
    if magnitude < -6 {
        return format!("{value:.1e}");
    }
    grouped(value, usize::try_from(digits - 1 - magnitude).unwrap_or(0))
}

/// Power of ten of the first digit, after rounding to `digits` of them.
fn magnitude(value: f64, digits: i32) -> i32 {
    let magnitude = value.abs().log10().floor() as i32;
    let unit = 10_f64.powi(magnitude - digits + 1);
    ((value.abs() / unit).round() * unit * (1.0 + 1e-12)).log10().floor() as i32
}

/// The first unit in which three digits suffice, or the last.
fn with_unit(value: f64, units: &[(&str, f64)]) -> String {
    let last = units.len() - 1;
    for (place, (unit, size)) in units.iter().enumerate() {
        let scaled = value / size;
        if scaled.abs() < 999.5 || place == last {
            let zero_or_whole = scaled == scaled.round() && scaled.abs() < 1e3;
            let text = if zero_or_whole { grouped(scaled, 0) } else { digits(scaled, 3) };
            // Nothing is nothing in the unit that people think in.
            let unit = if value == 0.0 && *unit == "ns" { "s" } else { unit };
            return format!("{text} {unit}");
        }
    }
    unreachable!("the last unit takes everything")
}

/// With commas between thousands.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let grouped = in_groups(whole);
    let sign =
        if value < 0.0 && text.contains(|c: char| ('1'..='9').contains(&c)) { "-" } else { "" };
    format!("{sign}{grouped}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_as_one_has_no_s() {
        for (value, expected) in
            [(0.0, "0 bytes"), (1.0, "1 byte"), (1.02, "1.02 bytes"), (1e6, "1,000,000 bytes")]
        {
            assert_eq!(numbered(value, "byte"), expected);
        }
        assert_eq!([1, 2].map(|count| counted(count, "core")), ["1 core", "2 cores"]);
    }

    #[test]
    fn times_are_shown_in_the_unit_that_needs_three_digits() {
        for (value, text) in [
            (0.0, "0 s"),
            (2.5e-7, "250 ns"),
            (0.000_011_24, "11.2 us"),
            (0.000_999_6, "1.00 ms"),
            (0.502_1, "502 ms"),
            (0.05, "50 ms"),
            (1.5, "1.50 s"),
            (7_200.0, "7,200 s"),
        ] {
            assert_eq!(seconds(value), text, "{value}");
        }
    }

    #[test]
    fn sizes_and_rates_are_si() {
        assert_eq!(bytes(871.0), "871 B");
        assert_eq!(bytes(18_432.0), "18.4 kB");
        assert_eq!(bytes(-4_096.0), "-4,096 B");
        assert_eq!(bytes(127.04), "127 B");
        assert_eq!(bytes(52.5), "52.5 B");
        assert_eq!(bits_per_second(696_800_000.0), "697 Mb/s");
    }

    #[test]
    fn numbers_keep_what_a_checker_needs() {
        for (value, text) in [
            (0.0, "0"),
            (909.0, "909"),
            (1_086.25, "1,086.2"),
            (127.04, "127.0"),
            (9.999, "10.0"),
            (2.004, "2.00"),
            (0.015_258, "0.0153"),
            (1e-10, "1.0e-10"),
            (-3.0, "-3"),
            (10_000_000.0, "10,000,000"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn a_share_says_none_or_all_only_when_it_is() {
        for (value, text) in
            [(0.0, "0%"), (0.0001, "<0.1%"), (0.3679, "36.8%"), (0.99999, ">99.9%"), (1.0, "100%")]
        {
            assert_eq!(share(value), text, "{value}");
        }
    }

    #[test]
    fn the_marks_of_an_axis_have_no_needless_digits() {
        for (unit, value, text) in [
            (Unit::Seconds, 0.005, "5 ms"),
            (Unit::Seconds, 1.5, "1.5 s"),
            (Unit::Bytes, 1_200.0, "1,200 B"),
            (Unit::Bytes, 20_000.0, "20 kB"),
            (Unit::Share, 0.5, "50%"),
            (Unit::Count, 0.25, "0.25"),
            (Unit::Count, 1e-10, "1e-10"),
        ] {
            assert_eq!(tick(unit, value), text);
        }
    }

    #[test]
    fn a_ratio_has_two_digits_or_no_decimals() {
        assert_eq!([8.55, 40.4, 435.5].map(ratio), ["8.6", "40", "436"]);
    }
}
