//! Which percentiles tables show, and in which unit times stand in them.

use std::fmt;

use crate::units::{digits, seconds};

/// What a reader may choose of how times are shown. Sentences keep the unit that fits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// The percentiles of latency, in this order; `None` leaves them to the report.
    pub percentiles: Option<Vec<Percentile>>,
    /// The unit of every time in a table; without one, each has the unit that fits it.
    pub unit: Option<TimeUnit>,
}

impl Times {
    /// The percentiles that were asked for, or else those of a report.
    pub(crate) fn percentiles_or(&self, of_report: &[f64]) -> Vec<Percentile> {
        let of_report = || of_report.iter().copied().map(Percentile).collect();
        self.percentiles.clone().unwrap_or_else(of_report)
    }

    /// A time, seconds, as a table shows it.
    pub fn shown(&self, value: f64) -> String {
        match self.unit {
            Some(unit) => unit.shown(value),
            None => seconds(value),
        }
    }
}

/// So many per cent of all samples are not larger than this one.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percentile(f64);

impl Percentile {
    /// From per cent, over 0 and up to 100: `99`, `99.9`. `None` for what is no such number.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('p').unwrap_or(text);
        if !text.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return None;
        }
        let percent: f64 = text.parse().ok()?;
        (percent > 0.0 && percent <= 100.0).then_some(Self(percent))
    }

    /// The same as a quantile, in (0, 1]: the number nearest to it. 99.9 divided by 100 is more than
    /// 0.999, and of 1,000 samples another one.
    pub fn quantile(self) -> f64 {
        format!("{}e-2", self.0).parse().expect("a number with an exponent is one")
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// A unit for every time of a table, so that a column of them can be compared at a glance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeUnit {
    /// 10^-9 s.
    Nanoseconds,
    /// 10^-6 s.
    Microseconds,
    /// 10^-3 s.
    Milliseconds,
    /// The SI unit.
    Seconds,
}

impl TimeUnit {
    /// Every unit, the smallest first.
    pub const ALL: [Self; 4] =
        [Self::Nanoseconds, Self::Microseconds, Self::Milliseconds, Self::Seconds];

    /// As it is written behind a number.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        }
    }

    /// The unit of such a label.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.label() == label)
    }

    fn shown(self, value: f64) -> String {
        let size = match self {
            Self::Nanoseconds => 1e-9,
            Self::Microseconds => 1e-6,
            Self::Milliseconds => 1e-3,
            Self::Seconds => 1.0,
        };
        format!("{} {}", digits(value / size, 3), self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_over_0_and_up_to_100() {
        let read = |text| Percentile::read(text).map(|found| (found.to_string(), found.quantile()));
        for (text, expected) in [
            ("50", Some(("p50", 0.5))),
            ("p99.9", Some(("p99.9", 0.999))),
            ("100", Some(("p100", 1.0))),
            ("0", None),
            ("100.1", None),
            ("-1", None),
            ("nan", None),
            ("1e1", None),
            ("", None),
        ] {
            let expected =
                expected.map(|(label, quantile): (&str, f64)| (label.to_owned(), quantile));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_chosen_unit_is_the_same_for_all() {
        let times = Times { unit: TimeUnit::from_label("us"), ..Times::default() };
        assert_eq!(
            [4.14e-3, 0.4991, 3.2e-8].map(|value| times.shown(value)),
            ["4,140 us", "499,100 us", "0.0320 us"]
        );
        assert_eq!(Times::default().shown(4.14e-3), "4.14 ms");
    }
}
