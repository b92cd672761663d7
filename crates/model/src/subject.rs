//! What is predicted, and how often things happen: by the laws of rates, as a schedule has it, or as
//! often as they were seen to happen.

use std::collections::BTreeMap;

use pushbench_protocol::{Deliver, PollTiming};
use pushbench_scenario::{LongPoll, Scenario, ShortPoll, Transport, TransportSettings};
use pushbench_wire::segments::SegmentHeaders;

use crate::finds::Finds;
use crate::link::TlsLink;
use crate::schedule::Schedule;
use crate::situation::Situation;
use crate::sizes::Span;
use crate::work::Conflated;

/// What is predicted: a transport of a scenario, and what it is carried over.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The work. Of a plan its window (warm-up, measure phase) and its seed say nothing.
    pub scenario: &'a Scenario,
    /// One of its transports.
    pub transport: &'a Transport,
    /// How the server is addressed.
    pub host: &'a str,
    /// Headers of each segment.
    pub headers: SegmentHeaders,
    /// TLS, if there is any.
    pub tls: Option<TlsLink>,
    /// When it begins (RFC 3339): the digits of a date are not all equally long.
    pub started_at: &'a str,
}

/// How often things happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course<'a> {
    /// By the laws of rates. Only compressors ask how long: one that has just begun does worse.
    Rates(Span),
    /// As a trial's schedule has it.
    Schedule(&'a Schedule<'a>),
    /// As often as it was seen to happen in a trial with this schedule.
    Seen(&'a Schedule<'a>, Seen),
}

/// What was seen to happen in the measure phase of a trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Polls.
    pub polls: u64,
    /// Of those, the ones that brought nothing new.
    pub empty: u64,
    /// Messages that reached clients.
    pub deliveries: u64,
}

impl Seen {
    /// What the polls found: nothing, or the mean number of messages.
    fn finds(self, client_seconds: f64) -> Finds {
        let mut found = BTreeMap::from([(0, self.empty)]);
        let with_some = self.polls.saturating_sub(self.empty);
        if let Some(each) = self.deliveries.checked_div(with_some) {
            // As many with one more as there are messages over.
            let more = self.deliveries - each * with_some;
            *found.entry(each).or_default() += with_some - more;
            *found.entry(each + 1).or_default() += more;
        }
        Finds::counted(&found, client_seconds)
    }
}

impl Course<'_> {
    pub(crate) fn span(self) -> Span {
        match self {
            Self::Rates(span) => span,
            Self::Schedule(_) | Self::Seen(..) => Span::Trial,
        }
    }
}

/// What polls find that are not held; `None` in a closed loop, unless it was seen: how fast the server
/// lets it be, no rule of a protocol says.
pub(crate) fn finds(situation: &Situation, poll: ShortPoll, course: Course<'_>) -> Option<Finds> {
    Some(match course {
        Course::Rates(_) => {
            let interval = poll.schedule?.interval.as_secs_f64();
            Finds::by_law(interval, situation.rate, situation.poisson)
        }
        Course::Schedule(schedule) => schedule.finds(poll.schedule?),
        Course::Seen(schedule, seen) => seen.finds(schedule.client_seconds()),
    })
}

/// Seconds between polls whose phase is independent of the messages, if there are such.
pub(crate) fn random_interval(poll: ShortPoll) -> Option<f64> {
    let schedule = poll.schedule?;
    match schedule.timing {
        PollTiming::Schedule | PollTiming::AfterAnswer => Some(schedule.interval.as_secs_f64()),
        PollTiming::Aligned => None,
    }
}

/// What polls find that are held.
pub(crate) fn held_finds(situation: &Situation, poll: LongPoll, course: Course<'_>) -> Finds {
    match course {
        Course::Rates(_) => {
            let hold = poll.hold.duration().as_secs_f64();
            Finds::held_by_law(situation.rate, situation.poisson, hold)
        }
        Course::Schedule(schedule) => schedule.held_finds(poll),
        Course::Seen(schedule, seen) => seen.finds(schedule.client_seconds()),
    }
}

/// Notices a second that there is news, and what is found by whoever asks then. By law and schedule each
/// message is fetched by itself: the next is further away than a fetch takes. Over a link it may not be, and
/// what one fetch brings the next does not find.
pub(crate) fn fetched(situation: &Situation, course: Course<'_>) -> (f64, Finds) {
    let rate = situation.rate;
    match course {
        Course::Rates(_) | Course::Schedule(_) => (rate, Finds::held(rate, 0.0)),
        Course::Seen(schedule, seen) => {
            // Of the newest only, some are superseded that there was a notice of.
            let notices = match situation.deliver {
                Deliver::Every => rate,
                Deliver::Latest => rate.max(schedule.rate()),
            };
            (notices, seen.finds(schedule.client_seconds()))
        }
    }
}

/// What conflation leaves, if messages are conflated.
pub(crate) fn conflated(settings: TransportSettings, course: Course<'_>) -> Option<Conflated> {
    let every = settings.conflate()?;
    let sent = match course {
        Course::Rates(_) => None,
        Course::Schedule(schedule) => {
            Some(schedule.conflated(every) as f64 / schedule.client_seconds())
        }
        Course::Seen(schedule, seen) => Some(seen.deliveries as f64 / schedule.client_seconds()),
    };
    Some(Conflated { every: every.as_secs_f64(), sent })
}
