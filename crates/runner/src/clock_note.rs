//! Whether the time of day was set while a run was played. Pure.

use std::time::Duration;

use jiff::Timestamp;

/// How far the time of day may drift from the monotonic clock, beyond a thousandth of the time that
/// passed, without having been set: NTP slews by at most 500 parts in a million.
const TOLERANCE: f64 = 1.0;

/// What to know of two moments of the day, RFC 3339, between which this much time has passed by the
/// monotonic clock; `None` if they agree, or are no moments.
pub(crate) fn clock_note(started_at: &str, ended_at: &str, elapsed: Duration) -> Option<String> {
    let started: Timestamp = started_at.parse().ok()?;
    let ended: Timestamp = ended_at.parse().ok()?;
    let by_day = ended.duration_since(started).as_secs_f64();
    let elapsed = elapsed.as_secs_f64();
    let step = by_day - elapsed;
    let is_set = step.abs() > TOLERANCE + elapsed / 1_000.0 || by_day < 0.0;
    is_set.then(|| {
        let (way, by) = if step < 0.0 { ("back", -step) } else { ("forward", step) };
        format!(
            "the host's time of day was set {way} by {by:.1} s during the run: by the monotonic \
             clock, which all figures are measured with, the run took {elapsed:.1} s"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_that_was_set_is_noted_and_a_slewed_one_is_not() {
        const START: &str = "2026-11-22T14:30:00.000Z";
        for (end, seconds, expected) in [
            ("2026-11-22T14:30:10.000Z", 10, None),
            ("2026-11-22T14:30:10.900Z", 10, None),
            ("2026-11-22T15:30:04.000Z", 3_600, None),
            ("2026-11-22T14:29:00.000Z", 10, Some("set back by 70.0 s")),
            ("2026-11-22T14:29:59.999Z", 0, Some("set back by 0.0 s")),
            ("2026-11-22T14:31:10.000Z", 10, Some("set forward by 60.0 s")),
            ("some day", 10, None),
        ] {
            let note = clock_note(START, end, Duration::from_secs(seconds));
            match expected {
                Some(part) => assert!(note.clone().is_some_and(|n| n.contains(part)), "{note:?}"),
                None => assert_eq!(note, None, "{end}"),
            }
        }
    }
}
