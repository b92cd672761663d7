//! Break-even: at which setting another transport would move the fewest bytes.
//!
//! The bytes of a transport are smooth in nothing: a digit more in `Content-Length` is a byte, a
//! segment more is 52. So nothing is differentiated: the sign of the difference is followed
//! outwards from the present setting, in steps of a sixteenth, until it changes, and then halved.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::figure::bytes_per;
use pushbench_scenario::{Rate, Scenario, Transport};
use serde::Serialize;

use crate::Predict;

/// What is varied, all else as it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variable {
    /// Seconds between two messages of a topic.
    MessageEvery,
    /// Seconds between two polls of a client.
    Interval,
    /// Bytes of a message.
    Payload,
}

/// Where one transport overtakes the cheapest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flip {
    /// The transport that is not the cheapest now.
    pub transport: String,
    /// The one that is.
    pub cheapest: String,
    /// What is varied.
    pub variable: Variable,
    /// Its present value.
    pub now: f64,
    /// Where the two are equal, at the least distance from now; `None` where they are nowhere in
    /// the range.
    pub at: Option<f64>,
    /// Mean age of the newest message at a client there in seconds, if there is a law: what the bytes that are
    /// saved cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_mean: Option<f64>,
    /// The range that was searched.
    pub range: [f64; 2],
}

impl Variable {
    /// All, in the order plans show them.
    pub const ALL: [Self; 3] = [Self::MessageEvery, Self::Interval, Self::Payload];

    fn now(self, scenario: &Scenario, interval: Option<Duration>) -> Option<f64> {
        match self {
            Self::MessageEvery => Some(1.0 / scenario.workload.publish.rate.per_second()),
            Self::Interval => interval.map(|interval| interval.as_secs_f64()),
            Self::Payload => Some(f64::from(scenario.workload.payload.bytes)),
        }
    }

    /// Where looking for it makes sense: a day at the longest, a megabyte at the largest, and
    /// no more messages between two polls than the model can be asked about in no time.
    fn range(self, scenario: &Scenario, interval: Option<Duration>) -> [f64; 2] {
        const DAY: f64 = 86_400.0;
        const MOST_MESSAGES: f64 = 2_000.0;
        let every = 1.0 / scenario.workload.publish.rate.per_second();
        match self {
            Self::MessageEvery => {
                let least = interval.map_or(0.0, |interval| interval.as_secs_f64() / MOST_MESSAGES);
                [least.max(0.001), DAY]
            }
            Self::Interval => [0.001, (every * MOST_MESSAGES).min(DAY)],
            Self::Payload => [16.0, 1e6],
        }
    }

    /// The scenario and a transport with this value.
    fn set(self, value: f64, scenario: &mut Scenario, transport: &Transport) -> Transport {
        let mut transport = transport.clone();
        match self {
            Self::MessageEvery => {
                let per = Duration::from_secs_f64(value);
                scenario.workload.publish.rate = Rate { count: NonZeroU32::MIN, per };
            }
            Self::Payload => scenario.workload.payload.bytes = value as u32,
            Self::Interval => {
                let interval = Duration::from_secs_f64(value);
                transport.settings = transport.settings.with_interval(interval);
            }
        }
        transport
    }
}

/// For each transport but the cheapest and each variable: where it would be cheaper.
pub fn flips(scenario: &Scenario, predict: Predict<'_>) -> Vec<Flip> {
    let bytes = |scenario: &Scenario, transport: &Transport| {
        let figures = predict(scenario, transport);
        figures.get(&bytes_per("wire", None, "client_second")).copied()
    };
    let present: Vec<_> = scenario
        .transports
        .iter()
        .filter_map(|transport| Some((transport, bytes(scenario, transport)?)))
        .collect();
    let Some((cheapest, _)) = present.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Vec::new();
    };
    // The cheapest is asked about the same values again for each of the others, and where messages
    // are compressed each answer costs some milliseconds.
    let of_cheapest = RefCell::new(BTreeMap::new());
    let least_bytes = |variable: Variable, value: f64| -> Option<f64> {
        let key = (variable, value.to_bits());
        if let Some(&known) = of_cheapest.borrow().get(&key) {
            return known;
        }
        let mut varied = scenario.clone();
        let least = variable.set(value, &mut varied, cheapest);
        let found = bytes(&varied, &least);
        of_cheapest.borrow_mut().insert(key, found);
        found
    };
    let mut flips = Vec::new();
    for (transport, _) in present.iter().filter(|(transport, _)| transport.label != cheapest.label)
    {
        let interval = [transport, cheapest].into_iter().find_map(|t| t.settings.interval());
        for variable in Variable::ALL {
            let Some(now) = variable.now(scenario, interval) else { continue };
            let range = variable.range(scenario, interval);
            let is_dearer = |value: f64| {
                let mut varied = scenario.clone();
                let other = variable.set(value, &mut varied, transport);
                let (other, least) = (bytes(&varied, &other), least_bytes(variable, value));
                other.zip(least).is_none_or(|(other, least)| other >= least)
            };
            let is_whole = variable == Variable::Payload;
            let at = nearest_change(now, range, is_whole, is_dearer);
            let age_mean = at.and_then(|at| {
                let mut varied = scenario.clone();
                let transport = variable.set(at, &mut varied, transport);
                predict(&varied, &transport).get("age_mean").copied()
            });
            flips.push(Flip {
                transport: transport.label.clone(),
                cheapest: cheapest.label.clone(),
                variable,
                now,
                at,
                age_mean,
                range,
            });
        }
    }
    flips
}

/// The first value outwards from `now`, by ratio, at which `holds` does no more.
pub(crate) fn nearest_change(
    now: f64,
    [least, most]: [f64; 2],
    is_whole: bool,
    holds: impl Fn(f64) -> bool,
) -> Option<f64> {
    const STEP: f64 = 1.0625;
    const HALVINGS: u32 = 40;
    let holds = |value: f64| holds(if is_whole { value.round() } else { value });
    let (mut below, mut above) = (now, now);
    while below > least || above < most {
        let next = (above * STEP).min(most);
        let found = if above < most && !holds(next) { Some((above, next)) } else { None };
        above = next.max(above);
        let lower = (below / STEP).max(least);
        let found = match found {
            None if below > least && !holds(lower) => Some((below, lower)),
            found => found,
        };
        below = lower.min(below);
        if let Some((mut good, mut bad)) = found {
            for _ in 0..HALVINGS {
                let middle = (good * bad).sqrt();
                if holds(middle) { good = middle } else { bad = middle }
            }
            return Some(if is_whole { bad.round() } else { bad });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_is_found_on_either_side_and_the_nearer_one_first() {
        let range = [0.001, 1_000.0];
        let close = |found: Option<f64>, expected: f64| {
            let found = found.expect("it changes");
            assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
        };
        close(nearest_change(1.0, range, false, |x| x < 70.0), 70.0);
        close(nearest_change(1.0, range, false, |x| x > 0.2), 0.2);
        close(nearest_change(1.0, range, false, |x| x > 0.01 && x < 5.0), 5.0);
        close(nearest_change(1.0, range, false, |x| x > 0.5 && x < 500.0), 0.5);
        assert_eq!(nearest_change(1.0, range, false, |_| true), None);
        assert_eq!(nearest_change(20.0, [16.0, 1e6], true, |x| x < 1_449.0), Some(1_449.0));
    }

    #[test]
    fn a_present_value_outside_of_the_range_is_searched_from_and_the_search_ends() {
        assert_eq!(nearest_change(10.0, [0.001, 5.0], false, |_| true), None);
        let found = nearest_change(10.0, [0.001, 5.0], false, |x| x > 1.0).expect("it changes");
        assert!((found - 1.0).abs() < 1e-9, "{found}");
    }
}
