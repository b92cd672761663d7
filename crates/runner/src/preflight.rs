//! A server that someone else runs is tried before a schedule is played against it: one subscriber,
//! one publish and one message through, by each transport as the scenario sets it.
//!
//! A target that cannot work is told so in a second or two, and not after every trial. What is tried
//! is over before the first trial begins, on topics that no trial uses, so it is in nobody's books.

mod words;

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_load::{Load, LoadError, Reached};
use pushbench_protocol::{Arrival, Cursor, PollTiming, TopicNames};
use pushbench_scenario::{Arrivals, Publish, Rate, Scenario, Transport};
use pushbench_store::{CellV1, RunV2};

use crate::run::topic_names;
use crate::trial::Trial;
use crate::{Options, RunError, Target, tls};

use self::words::{Found, told};

/// Time between two polls of the one subscriber, where the scenario does not poll more often.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Length of a schedule that is longer than all deadlines together.
const SCHEDULE: Duration = Duration::from_secs(3_600);

/// What trying a target came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tried {
    /// The trials can be played. What was found to break a protocol is theirs to count; it is told
    /// here already.
    Playable {
        /// One text for each transport whose server breaks a protocol.
        findings: Vec<String>,
    },
    /// The watch broke it off.
    BrokenOff,
}

/// Tries a target by every transport of a scenario; nothing to try without a target.
///
/// # Errors
///
/// If a transport cannot be played against it: what came instead, and what to do.
pub fn preflight(
    run: &RunV2,
    scenario: &Scenario,
    options: &Options,
    watch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Tried, RunError> {
    let mut findings = Vec::new();
    let Some(target) = &options.target else { return Ok(Tried::Playable { findings }) };
    let mut reasons = Vec::new();
    let cells = scenario.cells.iter().map(|cell| &cell.scenario);
    let topics = cells.clone().chain([scenario]).map(|of| of.workload.topics.get()).max();
    let names = topic_names(scenario, options, &run.id).behind(topics.unwrap_or(1));
    for (place, (transport, scenario)) in (0..).zip(to_try(scenario)) {
        match try_one(target, &scenario, transport, names.behind(place), options, watch)? {
            None => return Ok(Tried::BrokenOff),
            Some(Found::Nothing) => {}
            Some(Found::Violation(text)) => findings.push(text),
            Some(Found::Refusal { text, is_of_all }) => {
                reasons.push(text);
                if is_of_all {
                    break;
                }
            }
        }
    }
    if reasons.is_empty() {
        return Ok(Tried::Playable { findings });
    }
    Err(RunError::Preflight { target: target.host.clone(), reasons: reasons.join("; ") })
}

/// Tries one transport; `None` if the watch broke it off.
fn try_one(
    target: &Target,
    scenario: &Scenario,
    transport: usize,
    topic_names: TopicNames,
    options: &Options,
    watch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Option<Found>, RunError> {
    let of = &scenario.transports[transport];
    let tls = tls::tls_target(of, target)?;
    let cell = CellV1::new();
    let trial = Trial { scenario, cell, transport, round: 0, topic_names, options };
    // Its topic is new: nothing is held there that a subscriber must not be sent.
    let start = match of.settings.kind().properties().arrival {
        Arrival::Pushed => Cursor::NOW,
        Arrival::Timer | Arrival::Held | Arrival::Notified => Cursor::OLDEST,
    };
    let mut plan = trial.plan(scenario.clone(), of, target, tls, vec![start]);
    if scenario.headers.request.has_own_path() {
        // That names the topic of the trials, who would find the message there.
        plan.dues.clear();
    }
    let (reached, outcome) = match Load::start(plan.clone()) {
        Ok(load) => load.preflight(watch),
        Err(LoadError::Publisher(error)) => {
            let text = format!("the publisher could not connect: {error}");
            return Ok(Some(Found::Refusal { text, is_of_all: true }));
        }
        Err(error @ LoadError::Start(_)) => return Err(error.into()),
    };
    match reached {
        Reached::BrokenOff => Ok(None),
        _ => Ok(Some(told(&of.label, &plan, reached, &outcome))),
    }
}

/// Every transport with its settings, each once: a scenario that plays it with one client, and its
/// place in that. Of cells that differ in nothing else, that with the largest payload.
fn to_try(scenario: &Scenario) -> Vec<(usize, Scenario)> {
    let mut cells: Vec<_> = scenario.cells.iter().map(|cell| &cell.scenario).collect();
    if cells.is_empty() {
        cells.push(scenario);
    }
    cells.sort_by_key(|cell| std::cmp::Reverse(cell.workload.payload.bytes));
    let mut tried: Vec<(usize, Scenario)> = Vec::new();
    for cell in cells {
        let small = with_one_client(cell);
        for place in 0..small.transports.len() {
            let same = |(other, known): &(usize, Scenario)| {
                (*other, &known.transports[*other]) == (place, &small.transports[place])
                    && known.headers.cookie_bytes == small.headers.cookie_bytes
                    && known.headers.request.name() == small.headers.request.name()
            };
            if !tried.iter().any(same) {
                tried.push((place, small.clone()));
            }
        }
    }
    // In the order of the scenario, as reports show them.
    tried.sort_by_key(|(place, _)| *place);
    tried
}

/// The same scenario with one client and one message, due at once.
fn with_one_client(scenario: &Scenario) -> Scenario {
    let mut small = scenario.clone();
    small.cells.clear();
    small.transports.iter_mut().for_each(poll_often);
    let workload = &mut small.workload;
    (workload.clients, workload.topics) = (NonZeroU32::MIN, NonZeroU32::MIN);
    workload.publish = Publish {
        rate: Rate { count: NonZeroU32::MIN, per: SCHEDULE },
        arrivals: Arrivals::Regular,
    };
    (workload.warm_up, workload.measure, workload.drain) =
        (Duration::ZERO, SCHEDULE, Duration::ZERO);
    small
}

fn poll_often(transport: &mut Transport) {
    transport.settings = transport.settings.with_timer(|poll| {
        poll.interval = poll.interval.min(POLL_INTERVAL);
        poll.timing = PollTiming::Aligned;
    });
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_load::Plan;
    use pushbench_scenario::{Source, due_times_until, read};

    use super::*;

    fn scenario(text: &str) -> Scenario {
        let no_file = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        let source = Source {
            path: Path::new("tried.toml"),
            text,
            overrides: &[],
            only: &[],
            read_file: &no_file,
        };
        read(&source).unwrap_or_else(|refused| panic!("{refused}"))
    }

    const WORK: &str = "question = \"?\"\n[workload]\nclients = 500\ntopics = 10\nmeasure = \"2m\"\n\
        publish = { every = \"10s\", arrivals = \"poisson\" }\npayload = { bytes = 40 }\n\
        [[transport]]\nkind = \"short-poll\"\ninterval = \"30s\"\n\
        [[transport]]\nkind = \"websocket\"\n";

    #[test]
    fn each_transport_is_tried_once_with_one_client_and_one_message_that_is_due_at_once() {
        let tried = to_try(&scenario(WORK));
        assert_eq!(tried.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 1]);
        for (place, small) in tried {
            let settings = small.transports[place].settings;
            let dues = due_times_until(&small, Plan::publish_until(&small, settings));
            assert_eq!(dues.iter().map(|due| due.at).collect::<Vec<_>>(), [Duration::ZERO]);
            assert_eq!(small.workload.clients.get(), 1);
        }
    }

    #[test]
    fn of_a_sweep_only_what_makes_another_exchange_is_tried_and_the_largest_message() {
        let sweep = |line: &str| {
            let tried = to_try(&scenario(&format!("{WORK}[sweep]\n{line}\n")));
            tried.iter().map(|(_, small)| small.workload.payload.bytes).collect::<Vec<_>>()
        };
        assert_eq!(sweep("\"workload.clients\" = [100, 1_000]"), [40, 40]);
        assert_eq!(sweep("\"workload.payload.bytes\" = [40, 4_000, 400]"), [4_000, 4_000]);
        assert_eq!(sweep("\"headers.cookie_bytes\" = [0, 100]").len(), 4);
    }
}
