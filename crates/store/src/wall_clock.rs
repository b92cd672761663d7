//! The time of day, for people who read a record. Nothing is measured with it.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, Unit};

/// Now, RFC 3339, UTC, to the millisecond: `2026-11-22T14:30:00.123Z`.
///
/// # Panics
///
/// If the host's clock stands before the year -9999 or after 9999.
#[expect(
    clippy::disallowed_methods,
    reason = "a record says when it was made; durations come from protocol::clock"
)]
pub fn now_rfc3339() -> String {
    let now = Timestamp::try_from(SystemTime::now()).expect("the host's clock shows a year");
    let now = now.round(Unit::Millisecond).expect("a millisecond divides a second");
    format!("{now:.3}")
}

/// Time since 1970, for a certificate that says from when to when it is good; zero on a host whose
/// clock stands before that.
#[expect(
    clippy::disallowed_methods,
    reason = "a certificate is good by the time of day; durations come from protocol::clock"
)]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// A moment as `now_rfc3339` writes it as a name of a folder: `20261122T143000Z`; `None` if it is no RFC 3339.
pub fn folder_stamp(rfc3339: &str) -> Option<String> {
    let moment: Timestamp = rfc3339.parse().ok()?;
    Some(moment.strftime("%Y%m%dT%H%M%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_names_a_folder_in_utc_without_colons() {
        for (moment, stamp) in [
            ("2026-11-22T14:30:00Z", Some("20261122T143000Z")),
            ("2026-11-22T14:30:00.999Z", Some("20261122T143000Z")),
            ("2026-11-22T15:30:00+01:00", Some("20261122T143000Z")),
            ("yesterday", None),
        ] {
            assert_eq!(folder_stamp(moment).as_deref(), stamp, "{moment}");
        }
    }

    #[test]
    fn now_is_written_in_utc_to_the_millisecond() {
        let now = now_rfc3339();
        assert_eq!(
            (now.len(), now.ends_with('Z')),
            ("2026-11-22T14:30:00.123Z".len(), true),
            "{now}"
        );
        assert!(folder_stamp(&now).is_some());
    }
}
