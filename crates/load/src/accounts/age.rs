//! How old what clients hold is: the age of the newest message, and the versions that it is behind.
//! Pure: every time is an argument.
//!
//! Both are areas over the measure phase, in whole nanoseconds, so that they add up exactly over
//! clients and workers.

use std::time::Duration;

use pushbench_protocol::Timestamp;

use crate::accounts::timeline::Timeline;
use crate::outcome::TimeAverage;

/// What one client holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holding {
    /// Number after the newest message; 0 while there is none.
    pub(crate) next: u32,
    newest_due: Timestamp,
    /// When the first message came.
    held_from: Timestamp,
    /// Until when age has been added up.
    aged_until: Timestamp,
}

/// Ages over clients and the measure phase.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ages {
    age: TimeAverage,
    /// Numbers held times nanoseconds, to be taken from the versions that there were.
    held: TimeAverage,
    /// Versions that there were times nanoseconds, while clients held one.
    version_area: i128,
}

impl Ages {
    /// A client has received a newer message, `next` is the number after it.
    pub(crate) fn take(
        &mut self,
        holding: &mut Holding,
        next: u32,
        due_at: Timestamp,
        now: Timestamp,
        timeline: &Timeline,
    ) {
        self.advance(holding, now, timeline);
        if holding.next == 0 {
            // A client that holds nothing has no age: it begins here.
            holding.held_from = now;
            holding.aged_until = now;
        }
        holding.next = next;
        holding.newest_due = due_at;
    }

    /// The measure phase is over for a client of a topic with these messages.
    pub(crate) fn finish(
        &mut self,
        holding: &mut Holding,
        published: &TopicDues,
        timeline: &Timeline,
    ) {
        if let Some(end) = timeline.measure_ends_at() {
            self.advance(holding, end, timeline);
        }
        if holding.next > 0 {
            let from = timeline.place(holding.held_from);
            self.version_area += published.versions_times_nanos(from, timeline);
        }
    }

    /// Age of the newest message held, in nanoseconds.
    pub(crate) fn age(&self) -> TimeAverage {
        self.age
    }

    /// Versions behind.
    pub(crate) fn version_age(&self) -> TimeAverage {
        TimeAverage { area: self.version_area - self.held.area, ..self.held }
    }

    /// Adds up a client's age until `now`, within the measure phase.
    fn advance(&mut self, holding: &mut Holding, now: Timestamp, timeline: &Timeline) {
        let (Some(begin), Some(end)) = (timeline.measure_at, timeline.measure_ends_at()) else {
            return;
        };
        let from = holding.aged_until.max(begin);
        let until = now.min(end);
        if holding.next == 0 || until <= from {
            return;
        }
        let born = on_schedule(holding.newest_due, timeline);
        let width_ns = nanos(until.since(from));
        // The age grows from `from` to `until`: its mean there is that of the two ends. Rounded down
        // for each client and message, so that who adds up makes no difference.
        let ends = nanos(from.since(born)) + nanos(until.since(born));
        self.age += TimeAverage { area: ends * width_ns / 2, width_ns };
        self.held += TimeAverage { area: i128::from(holding.next) * width_ns, width_ns };
        holding.aged_until = until;
    }
}

/// When the messages of one topic are due, on the schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TopicDues(pub(crate) Vec<Duration>);

impl TopicDues {
    /// Versions that there were, times the nanoseconds that there were so many, in the measure phase
    /// from `from` on.
    fn versions_times_nanos(&self, from: Duration, timeline: &Timeline) -> i128 {
        let from = from.max(timeline.warm_up_end);
        self.0.iter().map(|&at| nanos(timeline.measure_end.saturating_sub(at.max(from)))).sum()
    }
}

/// A time between two moments, of which the clock has 64 bits.
const fn nanos(time: Duration) -> i128 {
    time.as_nanos() as i128
}

/// A due moment of the warm-up, moved past the time for which the schedule stood still, so that the
/// stillness ages nothing.
fn on_schedule(due_at: Timestamp, timeline: &Timeline) -> Timestamp {
    match (timeline.warm_up_at, timeline.measure_at) {
        (Some(warm_up_at), Some(measure_at)) if due_at < measure_at => {
            let still = measure_at.since(warm_up_at.plus(timeline.warm_up_end));
            due_at.plus(still)
        }
        _ => due_at,
    }
}
