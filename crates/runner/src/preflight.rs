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
    let mut findings = Vec::new();
    let mut refused = Refused::default();
    let names = topics::of_preflight(&run.id);
    let mut servers = Servers::default();
    for (place, (transport, scenario)) in (0..).zip(to_try(scenario)) {
        let of = &scenario.transports[transport];
        let mut is_broken_off = false;
        let server = servers.of(&scenario, of, options, &mut || {
            let flow = watch();
            is_broken_off = flow.is_break();
            flow
        });
        let server = match server {
            Err(_) if is_broken_off => return Ok(Tried::BrokenOff),
            server => server?,
        };
        let Some(server) = server else { continue };
        let asked = asked(of, options);
        if refused.all_of.contains(&asked) {
            continue;
        }
        // Twice of a server that has just been started, which may not be ready as a whole.
        let is_started = of.server.as_ref().is_some_and(|server| server.start.is_some());
        let times = if is_started { 2 } else { 1 };
        let first = FirstMessage { server, scenario: &scenario, transport, options };
        match first.send(times, |time| names.behind(place + time * BETWEEN_TIMES), watch)? {
            None => return Ok(Tried::BrokenOff),
            Some(Found::Nothing) => {}
            Some(Found::Violation(text)) => findings.push(text),
            Some(Found::Refusal { text, is_of_all }) => {
                refused.reasons.push(text);
                if !refused.by.contains(&asked) {
                    refused.by.push(asked.clone());
                }
                if is_of_all {
                    refused.all_of.push(asked);
                }
            }
        }
    }
    servers.stop();
    if refused.reasons.is_empty() {
        return Ok(Tried::Playable { findings });
    }
    let Refused { by, reasons, .. } = refused;
    Err(RunError::Preflight { target: by.join(" and "), reasons: reasons.join("; ") })
}

/// Who refused what.
#[derive(Debug, Default)]
struct Refused {
    /// The servers that did.
    by: Vec<String>,
    /// What each transport met.
    reasons: Vec<String>,
    /// Servers at which every other transport would meet the same.
    all_of: Vec<String>,
}

/// Servers to try, each started once for all its transports.
#[derive(Default)]
struct Servers(Vec<(String, TrialServer)>);

impl Servers {
    /// That which a transport asks; `None` of ours, which is tried by whoever builds it.
    fn of(
        &mut self,
        scenario: &Scenario,
        transport: &Transport,
        options: &Options,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<&TrialServer>, RunError> {
        if transport.server.is_none() && options.target.is_none() {
            return Ok(None);
        }
        let name = asked(transport, options);
        let known = self.0.iter().position(|(known, _)| *known == name);
        let place = match known {
            Some(place) => place,
            None => {
                self.0.push((name, TrialServer::of(scenario, transport, options, watch)?));
                self.0.len() - 1
            }
        };
        Ok(Some(&self.0[place].1))
    }

    fn stop(self) {
        for (_, server) in self.0 {
            // How it ends is no part of what is tried.
            let _ = server.stop(false);
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
