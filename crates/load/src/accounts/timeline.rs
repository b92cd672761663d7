//! From places on the schedule to moments on the clock, and back.

use std::time::Duration;

use pushbench_protocol::{Phase, Timestamp};

/// When the schedule's parts began. The schedule stands still between warm-up and measure phase,
/// while the books of the warm-up are closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Timeline {
    /// End of the warm-up on the schedule.
    pub(crate) warm_up_end: Duration,
    /// End of the measure phase on the schedule.
    pub(crate) measure_end: Duration,
    /// When the warm-up began.
    pub(crate) warm_up_at: Option<Timestamp>,
    /// When the measure phase began.
    pub(crate) measure_at: Option<Timestamp>,
}

impl Timeline {
    /// A schedule that has not begun.
    pub(crate) fn new(warm_up_end: Duration, measure_end: Duration) -> Self {
        Self { warm_up_end, measure_end, warm_up_at: None, measure_at: None }
    }

    /// The phase that a place on the schedule belongs to.
    pub(crate) fn phase_of(&self, at: Duration) -> Phase {
        if at < self.warm_up_end {
            Phase::WarmUp
        } else if at < self.measure_end {
            Phase::Measure
        } else {
            Phase::Drain
        }
    }

    /// The phase that a moment belongs to, from the first connect to the end of the drain. The time
    /// for which the schedule stands still belongs to the warm-up.
    pub(crate) fn phase_at(&self, moment: Timestamp) -> Phase {
        match (self.warm_up_at, self.measure_at) {
            (None, _) => Phase::Connect,
            (_, Some(from)) if moment >= from => self.phase_of(self.place(moment)),
            _ => Phase::WarmUp,
        }
    }

    /// The moment of a place on the schedule; `None` while its part has not begun.
    pub(crate) fn moment(&self, at: Duration) -> Option<Timestamp> {
        if at < self.warm_up_end {
            Some(self.warm_up_at?.plus(at))
        } else {
            Some(self.measure_at?.plus(at - self.warm_up_end))
        }
    }

    /// The place of a moment on the schedule, and zero before it began.
    pub(crate) fn place(&self, moment: Timestamp) -> Duration {
        match (self.measure_at, self.warm_up_at) {
            (Some(from), _) if moment >= from => self.warm_up_end + moment.since(from),
            (_, Some(from)) => moment.since(from).min(self.warm_up_end),
            _ => Duration::ZERO,
        }
    }

    /// When the measure phase ends; `None` before it began.
    pub(crate) fn measure_ends_at(&self) -> Option<Timestamp> {
        Some(self.measure_at?.plus(self.measure_end - self.warm_up_end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline() -> Timeline {
        Timeline {
            warm_up_at: Some(Timestamp::from_nanos(1_000)),
            measure_at: Some(Timestamp::from_nanos(5_000)),
            ..Timeline::new(Duration::from_nanos(100), Duration::from_nanos(300))
        }
    }

    #[test]
    fn the_schedule_stands_still_between_warm_up_and_measure() {
        let timeline = timeline();
        for (moment, place) in [
            (900, 0),
            (1_000, 0),
            (1_050, 50),
            (1_100, 100),
            (4_999, 100),
            (5_000, 100),
            (5_200, 300),
        ] {
            let place_of = timeline.place(Timestamp::from_nanos(moment));
            assert_eq!(place_of, Duration::from_nanos(place), "{moment}");
        }
    }

    #[test]
    fn a_place_has_its_moment_only_once_its_part_began() {
        let mut timeline = timeline();
        assert_eq!(timeline.moment(Duration::from_nanos(99)), Some(Timestamp::from_nanos(1_099)));
        assert_eq!(timeline.moment(Duration::from_nanos(100)), Some(Timestamp::from_nanos(5_000)));
        timeline.measure_at = None;
        assert_eq!(timeline.moment(Duration::from_nanos(100)), None);
    }

    #[test]
    fn what_comes_while_the_schedule_stands_still_belongs_to_the_warm_up() {
        let timeline = timeline();
        let phase = |nanos| timeline.phase_at(Timestamp::from_nanos(nanos));
        assert_eq!(phase(1_050), Phase::WarmUp);
        assert_eq!(phase(4_999), Phase::WarmUp);
        assert_eq!(phase(5_000), Phase::Measure);
        assert_eq!(phase(5_200), Phase::Drain);
        let before = Timeline { warm_up_at: None, measure_at: None, ..timeline };
        assert_eq!(before.phase_at(Timestamp::from_nanos(1_050)), Phase::Connect);
    }

    #[test]
    fn phases_meet_without_a_gap() {
        let timeline = timeline();
        let phase = |nanos| timeline.phase_of(Duration::from_nanos(nanos));
        assert_eq!(
            [0, 99, 100, 299, 300].map(phase),
            [Phase::WarmUp, Phase::WarmUp, Phase::Measure, Phase::Measure, Phase::Drain]
        );
    }
}
