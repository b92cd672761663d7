//! Plays trials in turn: each again if the machine disturbed it, and each kept before the next.

use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_protocol::{Timestamp, clock};
use pushbench_scenario::{Scenario, Shard, Transport, TrialPlan};
use pushbench_store::wall_clock::now_rfc3339;
use pushbench_store::{CellV1, Journal, RunV2};

use crate::around::AroundTrial;
use crate::disturbed::{ATTEMPTS, disturbed};
use crate::floor::{OF_SHARDS, beside};
use crate::machine::machine;
use crate::observer::{Observer, TrialNote};
use crate::options::Options;
use crate::placement::Placement;
use crate::placement::affinity::KeptTo;
use crate::preflight::first_message::FirstMessage;
use crate::topics::RunTopics;
use crate::trial::gate::Open;
use crate::trial::planned::Planned;
use crate::trial::{IsReady, NOTHING_YET, Trial};
use crate::{RunError, shards};

/// What plays the trials of a run.
pub(crate) struct Player<'a> {
    pub(crate) options: &'a Options,
    pub(crate) journal: &'a mut Journal,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) run: &'a mut RunV2,
    pub(crate) topics: RunTopics<'a>,
    /// When the clients of the next trial begin to connect, where that is planned.
    pub(crate) connect_at: Timestamp,
}

/// A trial to be played.
pub(crate) struct Turn<'a> {
    pub(crate) scenario: &'a Scenario,
    /// Swept settings, or those of a step; empty without either.
    pub(crate) cell: CellV1,
    /// Its place among the scenario's cells; `None` without any, and of a step.
    pub(crate) place: Option<usize>,
    /// Place among the scenario's transports.
    pub(crate) transport: usize,
    /// From 0.
    pub(crate) round: u32,
    /// Which trial, from 1, of how many.
    pub(crate) number: usize,
    pub(crate) of: usize,
    pub(crate) may_end_early: bool,
    /// The length of all trials after it.
    pub(crate) planned_after: Duration,
}

impl Player<'_> {
    /// Clients of a trial that are played here.
    fn clients(&self, scenario: &Scenario, asks: &Transport) -> u32 {
        let shard = self.options.part.as_ref().map_or(Shard::WHOLE, |part| part.shard);
        let shared_by = asks.carriage.clients_per_connection;
        shard.clients(&scenario.workload, shared_by).count() as u32
    }

    /// Plays a trial and keeps it; `Break` if it was told to end, and then it has ended.
    ///
    /// # Errors
    ///
    /// If the trial could not begin or be kept.
    pub(crate) fn play(&mut self, turn: Turn<'_>) -> Result<ControlFlow<()>, RunError> {
        let Turn { scenario, cell, transport, round, .. } = turn;
        let options = self.options;
        let described: Vec<_> =
            cell.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let described = described.join(", ");
        let asks = &scenario.transports[transport];
        let note = TrialNote {
            transport: &asks.label,
            cell: &described,
            round: round + 1,
            number: turn.number,
            of: turn.of,
            may_end_early: turn.may_end_early,
            clients: self.clients(scenario, asks),
            planned: scenario.trial_length() + self.connect_at.since(clock::now()),
            planned_after: turn.planned_after,
        };
        // The machines that play the other shards would not wait.
        let attempts = if options.part.is_some() { 1 } else { ATTEMPTS };
        let mut stopped = false;
        let around = AroundTrial { scenario, transport: &asks.label, round: round + 1 };
        for attempt in 1.. {
            self.observer.trial_begins(note);
            let is_first = turn.number == 1 && attempt == 1;
            let observer = &mut *self.observer;
            if around.before(is_first, &mut || observer.progress(note, NOTHING_YET))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let cell = cell.clone();
            let topic_names = self.topics.next(scenario, asks, options.target.is_some());
            let shard = options.part.as_ref().map_or(Shard::WHOLE, |part| part.shard);
            let trial = Trial { scenario, cell, transport, round, topic_names, shard, options };
            let is_ready: &IsReady<'_> = &|server, scenario, watch| {
                let first = FirstMessage { server, scenario, transport, options };
                first.wait_if_started(watch)
            };
            // Whatever plays, publishes and samples is started by this thread, in here.
            let cpus = options.placement.as_ref().and_then(Placement::load);
            let kept_to = cpus.map(KeptTo::cpus).transpose().map_err(RunError::Placement)?;
            let observer = &mut *self.observer;
            let mut watch = |progress| {
                let flow = observer.progress(note, progress);
                stopped = stopped || flow.is_break();
                flow
            };
            let count = pushbench_scenario::shards(scenario, &machine());
            let trial = match &options.part {
                Some(part) => {
                    let mut gate = Planned::of(scenario, self.connect_at);
                    let trial = trial.play(now_rfc3339(), is_ready, &mut gate, &mut watch);
                    self.connect_at = gate.next();
                    if stopped && !gate.has_begun() {
                        // Nothing of it was played, so there is nothing to put on record.
                        break;
                    }
                    trial.map(|trial| part.put_on_record(trial))
                }
                None if count.get() > 1 => {
                    let plan = TrialPlan { cell: turn.place, transport, round };
                    shards::play((scenario, trial.cell), plan, count, options, &mut watch)
                }
                None => trial.play(now_rfc3339(), is_ready, &mut Open, &mut watch),
            };
            drop(kept_to);
            let cleaned = around.after();
            let trial = match trial {
                // Its server was not ready yet, and is not waited for any longer.
                Err(_) if stopped => break,
                trial => trial?,
            };
            if let Some(disturbed) = disturbed(&trial).filter(|_| !stopped && attempt < attempts) {
                self.observer.trial_disturbed(note, &disturbed);
                self.journal.disturbed(&disturbed)?;
                self.run.disturbed.push(disturbed);
                cleaned?;
                continue;
            }
            let mut trial = trial;
            let mut floor = None;
            let is_split = trial.shard.is_some() || trial.shards.is_some();
            if scenario.floor && is_split && !self.run.notes.iter().any(|note| note == OF_SHARDS) {
                self.run.notes.push(OF_SHARDS.to_owned());
            }
            if scenario.floor
                && !is_split
                && !stopped
                && !self.run.no_floor.contains_key(note.transport)
            {
                let observer = &mut *self.observer;
                let beside = beside(&mut trial, scenario, asks, options, &mut || {
                    let flow = observer.floor(note);
                    stopped = stopped || flow.is_break();
                    flow
                });
                match beside {
                    Ok(played) => floor = Some(played),
                    Err(reason) => self.run.notes.push(reason),
                }
            }
            let mut kept = self.journal.trial(&trial);
            if let (Ok(()), Some(floor)) = (&kept, &floor) {
                kept = self.journal.floor(floor);
            }
            self.run.floor.extend(floor);
            self.observer.trial_ends(note, &trial);
            // It is in memory all the same, where the record is made from.
            self.run.trials.push(trial);
            kept?;
            cleaned?;
            break;
        }
        Ok(if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
