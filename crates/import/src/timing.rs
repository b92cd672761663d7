//! When requests of one kind were sent: on a schedule, or as soon as the one before had its response.

use std::time::Duration;

use crate::har::Recorded;

/// When requests were sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Timing {
    /// On a schedule.
    Every {
        /// The median of the gaps between their beginnings, rounded as a person would write it.
        interval: Duration,
        /// How many gaps there were.
        gaps: usize,
        /// The shortest and the longest of them.
        range: (Duration, Duration),
    },
    /// Each when the one before had its response, which the server held back.
    Held {
        /// The longest response time, rounded.
        hold: Duration,
        /// How many there were.
        count: usize,
    },
}

/// A response that takes this long was held back, if the next request follows at once.
const LEAST_HOLD: Duration = Duration::from_secs(1);

/// When they were sent; `None` of fewer than two, or where the recording does not say.
pub(crate) fn timing(requests: &[&Recorded]) -> Option<Timing> {
    let started = |one: &Recorded| one.started.map(jiff::Timestamp::as_nanosecond);
    let between = |pair: &[&Recorded]| {
        let nanos = started(pair[1])? - started(pair[0])?;
        Some(Duration::from_nanos(u64::try_from(nanos).ok()?))
    };
    let gaps = requests.windows(2).map(between).collect::<Option<Vec<_>>>()?;
    let gap = median(&gaps)?;
    // The last one may not be over.
    let took: Vec<_> = requests[..requests.len() - 1].iter().map(|one| one.took).collect();
    let response = median(&took)?;
    if response >= LEAST_HOLD && gap.saturating_sub(response) < response / 4 {
        let longest = took.into_iter().max()?;
        return Some(Timing::Held { hold: rounded(longest), count: requests.len() });
    }
    let range = (*gaps.iter().min()?, *gaps.iter().max()?);
    Some(Timing::Every { interval: rounded(gap), gaps: gaps.len(), range })
}

fn median(durations: &[Duration]) -> Option<Duration> {
    let mut sorted = durations.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied()
}

/// Two digits of a second, or what a person would have written: timers of browsers are late by a few
/// milliseconds.
fn rounded(duration: Duration) -> Duration {
    let step = match duration.as_millis() {
        0..200 => 10,
        200..1_000 => 50,
        1_000..10_000 => 100,
        _ => 1_000,
    };
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2);
    Duration::from_millis((millis.saturating_add(step / 2) / step).max(1).saturating_mul(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_rounded_to_what_a_timer_was_set_to() {
        for (millis, expected) in
            [(3, 10), (104, 100), (249, 250), (1_012, 1_000), (4_987, 5_000), (29_600, 30_000)]
        {
            let found = rounded(Duration::from_millis(millis));
            assert_eq!(found, Duration::from_millis(expected), "{millis}");
        }
        assert_eq!(median(&[]), None);
    }
}
