//! On which cores the servers and the load generator run, and why.
//!
//! Left to the scheduler, both often share a core for part of the time although another is idle, and
//! a message's latency then has the other side's work in it. On cores of their own they work at the
//! same time: a subscriber reads while the server still writes to the next. But neither side may then
//! use a core that the other leaves idle, and the kernel's own work is not divided by halves. So a run
//! places them apart where there is little work for either; the bounds are measured, on two cores.
//!
//! One placement is for all trials of a run, whatever their transport or their cell of a sweep: a
//! comparison between trials that were placed otherwise would compare the placing.

pub(crate) mod affinity;
mod cores;

use pushbench_scenario::{Pin, Scenario, is_split};
use pushbench_store::PlacementV2;

use crate::machine::machine;
use affinity::{KeptTo, usable_cpus};
use cores::Halves;

/// Most clients that are placed apart without being asked for. A message to 1,000, 2,000 and 3,000 WebSockets
/// had a median latency of 0.7 times that of processes that run anywhere, one to 5,000 of 1.2 times.
const MOST_CLIENTS: u32 = 3_000;
/// Most messages and polls per second, of all clients together, that are placed apart without being asked
/// for. With 20,000 the median latency was 0.7 times that of processes that run anywhere, with 60,000
/// 1.2 times.
const MOST_EVENTS: f64 = 20_000.0;

/// A core for each side of a floor, server first, of the halves that a run would place its processes on;
/// the system places them where there are none.
pub fn own_cores() -> [Option<u32>; 2] {
    match usable_cpus().ok().and_then(Halves::of) {
        Some(Halves { server, load }) => [server.first().copied(), load.first().copied()],
        None => [None; 2],
    }
}

/// Where the processes of a run are placed.
#[derive(Clone, Debug)]
pub struct Placement {
    asked: Pin,
    halves: Option<Halves>,
    reason: String,
}

impl Placement {
    /// Decides where the processes of a scenario run on this machine. `has_target`: the server is one
    /// that someone else runs.
    pub fn of(scenario: &Scenario, has_target: bool) -> Self {
        if is_split(scenario, &machine()) {
            let reason = "the trials are split into shards, whose processes share all cores";
            return Self { asked: scenario.pin, halves: None, reason: reason.to_owned() };
        }
        let cores = usable_cpus().map_err(|error| error.to_string()).and_then(|cpus| {
            let count = cpus.len();
            let halves = Halves::of(cpus).ok_or_else(|| few_cores(count))?;
            // What is not allowed here is not allowed later.
            let tried = KeptTo::cpus(&halves.load).map_err(|error| error.to_string());
            tried.map(|_| halves)
        });
        decide(Work::of(scenario, has_target), cores)
    }

    /// For the record.
    pub fn recorded(&self) -> PlacementV2 {
        let cpus = |of: fn(&Halves) -> &[u32]| {
            self.halves.as_ref().map_or_else(Vec::new, |halves| of(halves).to_vec())
        };
        PlacementV2 {
            asked: self.asked.label().to_owned(),
            placed: if self.halves.is_some() { Pin::Halves } else { Pin::None }.label().to_owned(),
            reason: self.reason.clone(),
            server_cpus: cpus(|halves| &halves.server),
            load_cpus: cpus(|halves| &halves.load),
        }
    }

    /// Why the processes are not placed as they were asked to be, if they are not.
    pub fn not_as_asked(&self) -> Option<&str> {
        let is_so = self.asked == Pin::Halves && self.halves.is_none();
        is_so.then_some(self.reason.as_str())
    }

    /// CPUs of the servers that are started; `None` is anywhere.
    pub(crate) fn server(&self) -> Option<&[u32]> {
        self.halves.as_ref().map(|halves| halves.server.as_slice())
    }

    /// CPUs of the load generator; `None` is anywhere.
    pub(crate) fn load(&self) -> Option<&[u32]> {
        self.halves.as_ref().map(|halves| halves.load.as_slice())
    }
}

/// What is to be known of a run to place it.
struct Work {
    asked: Pin,
    /// The most clients of any trial.
    clients: u32,
    /// The most messages or polls per second of any trial, of all clients together.
    events: f64,
    /// The server that is not started here, if there is one.
    elsewhere: Option<String>,
}

impl Work {
    fn of(scenario: &Scenario, has_target: bool) -> Self {
        let cells = scenario.cells.iter().map(|cell| &cell.scenario);
        // A search is placed alike in all of its steps, so by the largest.
        let last = scenario.find.as_ref();
        let last = last.map(|find| scenario.step(find.quantity, find.range.to));
        let all: Vec<_> = std::iter::once(scenario).chain(cells).chain(&last).collect();
        let target = has_target.then(|| "the target".to_owned());
        let servers = scenario.servers().into_iter();
        let running = servers.filter(|server| server.start.is_none());
        Self {
            asked: scenario.pin,
            clients: all.iter().map(|cell| cell.workload.clients.get()).max().unwrap_or(1),
            events: all.iter().map(|cell| events_per_second(cell)).fold(0.0, f64::max),
            elsewhere: target.or_else(|| {
                let names = running.map(|server| format!("server.{}", server.name));
                names.reduce(|first, _| first)
            }),
        }
    }
}

/// Messages per second that the clients of a scenario get, or polls per second that they send, whichever
/// are more.
fn events_per_second(scenario: &Scenario) -> f64 {
    let workload = &scenario.workload;
    let intervals = scenario.transports.iter().filter_map(|of| of.settings.interval());
    let polls = intervals.map(|interval| 1.0 / interval.as_secs_f64());
    let messages = workload.publish.rate.per_second();
    f64::from(workload.clients.get()) * polls.fold(messages, f64::max)
}

/// Where the processes run. `machine` is its cores in halves, or why they cannot be had.
fn decide(work: Work, machine: Result<Halves, String>) -> Placement {
    let Work { asked, clients, events, elsewhere } = work;
    let anywhere = |reason: String| Placement { asked, halves: None, reason };
    let apart = |halves, reason: String| Placement { asked, halves: Some(halves), reason };
    match (asked, machine) {
        (Pin::None, _) => anywhere("as asked".to_owned()),
        (Pin::Auto | Pin::Halves, Err(reason)) => anywhere(reason),
        (Pin::Halves, Ok(halves)) => apart(
            halves,
            match elsewhere {
                None => "as asked".to_owned(),
                Some(server) => format!("as asked; {server} runs already, and stays where it is"),
            },
        ),
        (Pin::Auto, Ok(halves)) => match elsewhere {
            Some(server) => anywhere(format!("{server} runs already, and cannot be placed")),
            None if clients > MOST_CLIENTS => anywhere(format!(
                "with more than {MOST_CLIENTS} clients one side needs a core that the other leaves idle"
            )),
            None if events > MOST_EVENTS => anywhere(format!(
                "with more than {MOST_EVENTS} messages or polls per second one side needs a core that \
                 the other leaves idle"
            )),
            None => apart(
                halves,
                format!(
                    "at most {MOST_CLIENTS} clients and {MOST_EVENTS} messages or polls per second"
                ),
            ),
        },
    }
}

fn few_cores(count: usize) -> String {
    let cores = if count == 1 { "1 core" } else { "no core" };
    format!("there is {cores} for both sides")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(asked: Pin, clients: u32, elsewhere: Option<&str>, cores: usize) -> (bool, String) {
        let elsewhere = elsewhere.map(str::to_owned);
        let work = Work { asked, clients, events: f64::from(clients), elsewhere };
        let machine = match cores {
            1 => Err(few_cores(1)),
            _ => Ok(Halves { server: vec![0], load: vec![1] }),
        };
        let placement = decide(work, machine);
        assert_eq!(placement.server().is_some(), placement.load().is_some());
        (placement.server().is_some(), placement.reason)
    }

    #[test]
    fn few_clients_are_placed_apart_and_many_are_not() {
        assert!(placed(Pin::Auto, 1, None, 2).0);
        assert!(placed(Pin::Auto, MOST_CLIENTS, None, 2).0);
        let (is_apart, reason) = placed(Pin::Auto, MOST_CLIENTS + 1, None, 2);
        assert!(!is_apart && reason.contains("leaves idle"), "{reason}");
        let halves = Halves { server: vec![0], load: vec![1] };
        let busy = Work { asked: Pin::Auto, clients: 1, events: 20_001.0, elsewhere: None };
        assert!(decide(busy, Ok(halves)).server().is_none());
        assert!(placed(Pin::Halves, MOST_CLIENTS + 1, None, 2).0);
        assert!(!placed(Pin::None, 1, None, 2).0);
    }

    #[test]
    fn one_core_is_not_halved_and_the_reason_says_so() {
        for asked in [Pin::Auto, Pin::Halves] {
            let (is_apart, reason) = placed(asked, 1, None, 1);
            assert!(!is_apart && reason == "there is 1 core for both sides", "{reason}");
        }
    }

    #[test]
    fn a_server_that_runs_already_is_not_placed() {
        let (is_apart, reason) = placed(Pin::Auto, 1, Some("server.nchan"), 2);
        assert!(!is_apart && reason.starts_with("server.nchan runs already"), "{reason}");
        let (is_apart, reason) = placed(Pin::Halves, 1, Some("the target"), 2);
        assert!(is_apart && reason.contains("the target runs already"), "{reason}");
    }

    #[test]
    fn only_what_was_asked_for_and_cannot_be_is_told() {
        let place = |asked, machine| {
            decide(Work { asked, clients: 1, events: 1.0, elsewhere: None }, machine)
        };
        let few = || Err(few_cores(1));
        assert!(place(Pin::Halves, few()).not_as_asked().is_some());
        assert!(place(Pin::Auto, few()).not_as_asked().is_none());
        let two = || Ok(Halves { server: vec![0], load: vec![1] });
        assert!(place(Pin::Halves, two()).not_as_asked().is_none());
        let recorded = place(Pin::Auto, two()).recorded();
        assert_eq!((recorded.asked.as_str(), recorded.placed.as_str()), ("auto", "halves"));
        assert_eq!((recorded.server_cpus, recorded.load_cpus), (vec![0], vec![1]));
    }
}
