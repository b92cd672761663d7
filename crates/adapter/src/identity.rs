//! Which message it is and when it was sent, where a server that publishes by itself says so.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use crate::matching::{FilledPlace, Place};
use crate::values::{FillError, Values};

/// Where a message says which it is and when it was sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Identity {
    pub(crate) id: Option<Place>,
    pub(crate) sent_at: Option<(Place, TimeUnit)>,
}

/// What a point in time is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TimeUnit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// A date and a time of day with its offset.
    Rfc3339,
}

/// An [`Identity`] whose values are filled in.
#[derive(Debug, Default)]
pub(crate) struct FilledIdentity {
    id: Option<FilledPlace>,
    sent_at: Option<(FilledPlace, TimeUnit)>,
}

impl TimeUnit {
    pub(crate) const ALL: &'static [Self] =
        &[Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds, Self::Rfc3339];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
            Self::Rfc3339 => "rfc3339",
        }
    }

    /// The time since the beginning of 1970, rounded down to a nanosecond; `None` if the text is no
    /// time in this unit, or one before that.
    fn read(self, text: &[u8]) -> Option<Duration> {
        let text = std::str::from_utf8(text).ok()?.trim();
        let nanos = match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
            Self::Rfc3339 => {
                let moment: Timestamp = text.parse().ok()?;
                return moment.as_duration().try_into().ok();
            }
        };
        decimal(text, nanos)
    }
}

/// A decimal number of units of so many nanoseconds.
fn decimal(text: &str, nanos: u64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(nanos)?;
    // Of more digits the others are below a nanosecond in every unit.
    let fraction = &fraction[..fraction.len().min(9)];
    let part = fraction.parse::<u64>().ok()? * nanos / 10_u64.pow(fraction.len() as u32);
    Some(Duration::from_nanos(whole.checked_add(part)?))
}

impl Identity {
    pub(crate) fn fill(&self, values: &mut Values) -> Result<FilledIdentity, FillError> {
        let id = self.id.as_ref().map(|place| place.fill(values)).transpose()?;
        let sent_at = self.sent_at.as_ref();
        let sent_at = sent_at.map(|(place, unit)| Ok((place.fill(values)?, *unit))).transpose()?;
        Ok(FilledIdentity { id, sent_at })
    }
}

impl FilledIdentity {
    /// The id and the time that a message has.
    pub(crate) fn of<'t>(&self, item: &'t [u8]) -> (Option<Cow<'t, [u8]>>, Option<Duration>) {
        let id = self.id.as_ref().and_then(|place| place.find(item));
        let sent_at = self.sent_at.as_ref();
        (id, sent_at.and_then(|(place, unit)| unit.read(&place.find(item)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_the_unit_that_it_is_written_in() {
        for (unit, text, nanos) in [
            (TimeUnit::Seconds, "1764504000", Some(1_764_504_000_000_000_000)),
            (TimeUnit::Seconds, "1764504000.0625", Some(1_764_504_000_062_500_000)),
            (TimeUnit::Milliseconds, "1764504000123", Some(1_764_504_000_123_000_000)),
            (TimeUnit::Milliseconds, "1.5", Some(1_500_000)),
            (TimeUnit::Microseconds, " 7 ", Some(7_000)),
            (TimeUnit::Nanoseconds, "7.9999999999999", Some(7)),
            (TimeUnit::Seconds, "0.1234567899", Some(123_456_789)),
            (TimeUnit::Rfc3339, "1970-01-01T00:00:01.5Z", Some(1_500_000_000)),
            (TimeUnit::Rfc3339, "1970-01-01T02:00:01+02:00", Some(1_000_000_000)),
            (TimeUnit::Rfc3339, "1969-12-31T23:59:59Z", None),
            (TimeUnit::Rfc3339, "1764504000", None),
            (TimeUnit::Seconds, "-1", None),
            (TimeUnit::Seconds, "1e9", None),
            (TimeUnit::Seconds, "1.", None),
            (TimeUnit::Seconds, "", None),
            (TimeUnit::Seconds, "99999999999999999999", None),
            (TimeUnit::Seconds, "18446744074", None),
        ] {
            let found = unit.read(text.as_bytes());
            assert_eq!(found, nanos.map(Duration::from_nanos), "{text} in {}", unit.label());
        }
    }
}
