//! A first message through a server, by one transport.
//!
//! A server that has just been started may listen before the processes behind its port have found each
//! other, and lose what is said to it until then. So it is ready once a message has gone through it.

use std::ops::ControlFlow;

use pushbench_load::{Load, LoadError, Reached};
use pushbench_protocol::{Arrival, Cursor, TopicNames};
use pushbench_scenario::{Scenario, Shard, Transport};
use pushbench_store::{CellV1, new_id};

use super::adapter_file::AdapterFile;
use super::small::with_one_client;
use super::third_party::Tried;
use super::words::{Found, told};
use crate::trial::{Trial, TrialServer};
use crate::{Options, RunError};

/// Times that a message is sent through a server of a trial that has just been started, until one
/// arrives. Each waits until nothing has come for a while.
const TIMES_OF_STARTED: u32 = 5;

/// One transport to try.
pub(crate) struct FirstMessage<'a> {
    pub(crate) server: &'a TrialServer,
    pub(crate) scenario: &'a Scenario,
    /// Place among the scenario's transports.
    pub(crate) transport: usize,
    pub(crate) options: &'a Options,
}

impl FirstMessage<'_> {
    /// Waits until a message has gone through a server that this run has started and that it can
    /// publish to; of any other it is known already.
    ///
    /// # Errors
    ///
    /// If none has: what came instead, and what to do.
    pub(crate) fn wait_if_started(
        &self,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), RunError> {
        let Some(server) = self.of().server.as_ref().filter(|server| server.start.is_some()) else {
            return Ok(());
        };
        let described = server.adapter.transport(self.of().settings.kind());
        if described.is_none_or(|transport| transport.publishes_by_itself()) {
            return Ok(());
        }
        let scenario = with_one_client(self.scenario);
        let small = FirstMessage { scenario: &scenario, ..*self };
        // Its topics are no trial's: servers that keep messages would hand them to its clients.
        let names = |_| TopicNames::of_run(&new_id());
        match small.send(TIMES_OF_STARTED, names, watch)? {
            Some(Found::Refusal { text, .. }) => Err(RunError::Preflight {
                target: format!("server.{}", server.name),
                reasons: text,
            }),
            // A trial that is broken off notices that by itself.
            Some(Found::Nothing | Found::Violation(_)) | None => Ok(()),
        }
    }

    /// Sends a message until one arrives, so many times at most; `None` if the watch broke it off.
    pub(super) fn send(
        &self,
        times: u32,
        names: impl Fn(u32) -> TopicNames,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Found>, RunError> {
        let mut found = self.send_once(names(0), watch)?;
        for time in 1..times {
            match found {
                Some(Found::Refusal { .. }) => found = self.send_once(names(time), watch)?,
                Some(Found::Nothing | Found::Violation(_)) | None => break,
            }
        }
        Ok(found)
    }

    fn of(&self) -> &Transport {
        &self.scenario.transports[self.transport]
    }

    fn send_once(
        &self,
        topic_names: TopicNames,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Found>, RunError> {
        let (of, scenario, options) = (self.of(), self.scenario, self.options);
        let topic_names = match scenario.headers.request.has_own_path() {
            // A published head brings its topic with it.
            true => TopicNames::PLAIN,
            false => topic_names,
        };
        let reach = self.server.reach(of, 1, topic_names)?;
        let (cell, transport) = (CellV1::new(), self.transport);
        let shard = Shard::WHOLE;
        let trial = Trial { scenario, cell, transport, round: 0, topic_names, shard, options };
        // Its topic is new: nothing is held there that a subscriber must not be sent.
        let start = match of.settings.kind().properties().arrival {
            Arrival::Pushed => Cursor::NOW,
            Arrival::Timer | Arrival::Held | Arrival::Notified => Cursor::OLDEST,
        };
        let mut plan = trial.plan(scenario.clone(), of, &reach, vec![start]);
        if scenario.headers.request.has_own_path() && reach.adapted.is_none() {
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
            _ => {
                let file = of.server.as_ref().map(|server| AdapterFile::of(server, options));
                let third_party = reach.adapted.as_deref().zip(file.as_ref());
                let third_party = third_party.map(|(adapted, file)| Tried { adapted, file });
                Ok(Some(told(&of.label, &plan, third_party, reached, &outcome)))
            }
        }
    }
}
