//! A server that someone else runs is tried before a schedule is played against it: one subscriber,
//! one publish and one message through, by each transport as the scenario sets it.
//!
//! A target that cannot work is told so in a second or two, and not after every trial. What is tried
//! is over before the first trial begins, on topics that no trial uses, so it is in nobody's books.

mod adapter_file;
pub(crate) mod first_message;
mod small;
mod step;
mod third_party;
mod words;

use std::ops::ControlFlow;

use pushbench_protocol::TopicNames;
use pushbench_scenario::{Scenario, Transport};
use pushbench_store::RunV2;

use crate::adapted_server;
use crate::topics;
use crate::trial::TrialServer;
use crate::{Options, RunError};

use self::first_message::FirstMessage;
use self::small::with_one_client;
use self::words::Found;

/// More topics than one look at all transports needs.
const BETWEEN_TIMES: u32 = 1_000;

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

/// Tries a target, and every third-party server, by each of its transports; nothing to try of a server
/// of ours, which is built with this program.
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
    adapted_server::sweep();
    let names = topics::of_preflight(&run.id);
    let (findings, by, reasons, unstarted) = Default::default();
    let mut preflight = Preflight { options, names, tried: 0, findings, by, reasons, unstarted };
    for tries in by_server(to_try(scenario)) {
        if preflight.at_one_server(&tries, watch)?.is_break() {
            return Ok(Tried::BrokenOff);
        }
    }
    let Preflight { findings, mut by, mut reasons, unstarted, .. } = preflight;
    match (unstarted.len(), reasons.is_empty()) {
        (0, true) => return Ok(Tried::Playable { findings }),
        (1, true) => return Err(unstarted.into_iter().next().expect("there is one")),
        _ => {}
    }
    for error in unstarted {
        if let RunError::Adapted { server, .. } = &error {
            by.push(format!("server.{server}"));
        }
        reasons.push(error.to_string());
    }
    Err(RunError::Preflight { target: by.join(" and "), reasons: reasons.join("; ") })
}

/// A transport to try: its place in a scenario that plays it with one client.
type Try = (usize, Scenario);

/// What has been met so far.
struct Preflight<'a> {
    options: &'a Options,
    /// Names of topics that no trial uses.
    names: TopicNames,
    /// Transports that were tried.
    tried: u32,
    /// Where the server does not keep to a protocol.
    findings: Vec<String>,
    /// The servers that cannot be played.
    by: Vec<String>,
    /// What each transport met that cannot be.
    reasons: Vec<String>,
    /// Third-party servers that could not be started, or do not run. The others are tried all the same,
    /// so that all that is wrong is told at once.
    unstarted: Vec<RunError>,
}

impl Preflight<'_> {
    /// Tries one server by its transports, of which there is one at least. It runs meanwhile and no
    /// longer: the next may be of the same port.
    fn at_one_server(
        &mut self,
        tries: &[Try],
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, RunError> {
        let options = self.options;
        let (transport, scenario) = &tries[0];
        let of = &scenario.transports[*transport];
        if of.server.is_none() && options.target.is_none() {
            // Ours is tried by whoever builds it.
            return Ok(ControlFlow::Continue(()));
        }
        let mut is_broken_off = false;
        let server = TrialServer::of(scenario, of, options, &mut || {
            let flow = watch();
            is_broken_off = flow.is_break();
            flow
        });
        let server = match server {
            Err(_) if is_broken_off => return Ok(ControlFlow::Break(())),
            Err(error @ RunError::Adapted { .. }) => {
                self.unstarted.push(error);
                return Ok(ControlFlow::Continue(()));
            }
            server => server?,
        };
        // Twice of a server that has just been started, which may not be ready as a whole.
        let is_started = of.server.as_ref().is_some_and(|server| server.start.is_some());
        let times = if is_started { 2 } else { 1 };
        for (transport, scenario) in tries {
            let first = FirstMessage { server: &server, scenario, transport: *transport, options };
            let names = self.names.behind(self.tried);
            self.tried += 1;
            match first.send(times, |time| names.behind(time * BETWEEN_TIMES), watch)? {
                None => return Ok(ControlFlow::Break(())),
                Some(Found::Nothing) => {}
                Some(Found::Violation(text)) => self.findings.push(text),
                Some(Found::Refusal { text, is_of_all }) => {
                    self.refused(asked(of, options), text);
                    // Every other transport would meet the same.
                    if is_of_all {
                        break;
                    }
                }
            }
        }
        // How it ends is no part of what is tried.
        let _ = server.stop(false);
        Ok(ControlFlow::Continue(()))
    }

    fn refused(&mut self, by: String, reason: String) {
        self.reasons.push(reason);
        if !self.by.contains(&by) {
            self.by.push(by);
        }
    }
}

/// The server that a transport asks, for people.
fn asked(transport: &Transport, options: &Options) -> String {
    match (&transport.server, &options.target) {
        (Some(server), _) => format!("server.{}", server.name),
        (None, Some(target)) => target.host.clone(),
        (None, None) => String::new(),
    }
}

/// Every transport with its settings, each once: a scenario that plays it with one client, and its
/// place in that. Of cells that differ in nothing else, that with the largest payload.
fn to_try(scenario: &Scenario) -> Vec<Try> {
    let mut cells: Vec<_> = scenario.cells.iter().map(|cell| &cell.scenario).collect();
    if cells.is_empty() {
        cells.push(scenario);
    }
    cells.sort_by_key(|cell| std::cmp::Reverse(cell.workload.payload.bytes));
    let mut tried: Vec<Try> = Vec::new();
    for cell in cells {
        let small = with_one_client(cell);
        for place in 0..small.transports.len() {
            let same = |(other, known): &Try| {
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

/// The same, those together that ask one server. In the cells of a sweep servers of one name may differ.
fn by_server(tries: Vec<Try>) -> Vec<Vec<Try>> {
    let server = |(transport, scenario): &Try| scenario.transports[*transport].server.clone();
    let mut groups: Vec<Vec<Try>> = Vec::new();
    for one in tries {
        match groups.iter_mut().find(|group| server(&group[0]) == server(&one)) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

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
