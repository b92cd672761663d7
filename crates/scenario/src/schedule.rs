//! When messages are due and when clients poll, from the seed alone.

use std::time::Duration;

use pushbench_protocol::PollTiming;

use crate::random::{GOLDEN, Purpose, Random, fraction_of};
use crate::{Arrivals, Publish, Scenario, Workload};

/// One message and when it is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Due {
    /// The topic, from 0.
    pub topic: u32,
    /// The publish number in its topic, from 0.
    pub number: u32,
    /// Offset from the start of the warm-up.
    pub at: Duration,
}

/// Every message of a trial, from the start of the warm-up to the end of the measure phase,
/// earliest first.
///
/// Regular arrivals: topic 0 begins at 0 and each other topic at a random offset within a period,
/// so that topics do not publish in step. Poisson arrivals: gaps are independent and exponential,
/// each topic with its own.
///
/// The logarithm behind a Poisson gap is the platform's: another C library may move a due time by
/// a nanosecond, and nothing more.
pub fn due_times(scenario: &Scenario) -> Vec<Due> {
    due_times_until(scenario, scenario.workload.warm_up + scenario.workload.measure)
}

/// The same until another moment, for those who publish on after the measure phase.
pub fn due_times_until(scenario: &Scenario, end: Duration) -> Vec<Due> {
    let workload = &scenario.workload;
    let mut dues = Vec::new();
    for topic in 0..workload.topics.get() {
        let times: Box<dyn Iterator<Item = Duration>> = match workload.publish.arrivals {
            Arrivals::Regular => Box::new(regular(workload, topic)),
            Arrivals::Poisson => Box::new(poisson(workload.publish, workload.seed, topic)),
        };
        dues.extend((0..).zip(times.take_while(|at| *at < end)).map(|(number, at)| Due {
            topic,
            number,
            at,
        }));
    }
    dues.sort_by_key(|due| (due.at, due.topic, due.number));
    dues
}

/// When a client polls first, from the start of the warm-up: in `[0, interval)`, and zero if all
/// poll at once.
///
/// The law of short polling (latency uniform over the interval) needs phases that are uniform and
/// know nothing of publish times. Phases drawn one by one are that, but 500 of them have a mean up
/// to 5 % off, and with news every second and polls every second nothing later averages that out:
/// each round would repeat the same error. So they are stratified: a random start, then steps of
/// the golden ratio, modulo 1 (a Kronecker sequence). Any run of clients covers the interval
/// evenly. Clients of one topic are every `topics`-th; of all steps the golden ratio's multiples
/// stay farthest from whole numbers (Hurwitz 1891), so they bunch least too.
pub fn poll_phase(seed: u64, client: u32, interval: Duration, timing: PollTiming) -> Duration {
    match timing {
        PollTiming::Aligned => Duration::ZERO,
        PollTiming::Schedule | PollTiming::AfterAnswer => {
            let start = Random::new(seed, Purpose::PollPhase, 0).bits();
            let fraction = start.wrapping_add(u64::from(client).wrapping_mul(GOLDEN));
            Duration::from_nanos(fraction_of(fraction, interval.as_nanos()))
        }
    }
}

/// The seed of a round: the scenario's own in round 0, and another in each that follows.
///
/// Rounds are the independent samples, so their arrivals and phases must differ; transports of one
/// round share them, which makes their difference the sharper.
pub fn round_seed(seed: u64, round: u32) -> u64 {
    match round {
        0 => seed,
        _ => Random::new(seed, Purpose::Round, round).bits(),
    }
}

fn regular(workload: &Workload, topic: u32) -> impl Iterator<Item = Duration> {
    let rate = workload.publish.rate;
    let period = rate.per.as_nanos() / u128::from(rate.count.get());
    let offset = match topic {
        0 => 0,
        _ => {
            let fraction = Random::new(workload.seed, Purpose::TopicOffset, topic).bits();
            fraction_of(fraction, period)
        }
    };
    (0..).map(move |number| Duration::from_nanos(offset) + rate.due(number))
}

fn poisson(publish: Publish, seed: u64, topic: u32) -> impl Iterator<Item = Duration> {
    let mut random = Random::new(seed, Purpose::Arrivals, topic);
    let mean_gap = publish.rate.per.as_secs_f64() / f64::from(publish.rate.count.get());
    let mut at = 0.0;
    std::iter::repeat_with(move || {
        at += random.gap() * mean_gap;
        // A topic so slow that its next message lies centuries off has none within a trial.
        Duration::try_from_secs_f64(at).unwrap_or(Duration::MAX)
    })
}
