//! A run: the trials of a scenario in turn.

use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_load::Progress;
use pushbench_protocol::clock;
use pushbench_scenario::Scenario;
use pushbench_store::{
    CellV1, DisturbedV1, EnvironmentV1, ExpectationV1, Journal, RunStatus, RunV2, ScenarioV1,
    TransportV1, TrialV2, new_id, rounds,
};

use pushbench_store::wall_clock::now_rfc3339;

use crate::RunError;
use crate::clock_note::clock_note;
use crate::compression::recorded_options;
use crate::disturbed::{ATTEMPTS, disturbed};
use crate::equal_work::check_equal_work;
use crate::floor::{beside, no_floor};
use crate::notes::{notes, third_party};
use crate::options::Options;
use crate::placement::Placement;
use crate::placement::affinity::KeptTo;
use crate::preflight::first_message::FirstMessage;
use crate::topics::RunTopics;
use crate::trial::{IsReady, Trial};

/// Which trial is being played.
#[derive(Clone, Copy, Debug)]
pub struct TrialNote<'a> {
    /// Label of the transport.
    pub transport: &'a str,
    /// The swept settings it plays with; empty without a sweep.
    pub cell: &'a str,
    /// Round, from 1.
    pub round: u32,
    /// Which trial, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Clients that it plays.
    pub clients: u32,
    /// How long its scenario has it connect, warm up and measure; starting, draining and closing
    /// come on top.
    pub planned: Duration,
    /// The same of all trials after it together.
    pub planned_after: Duration,
}

/// Sees a run go by and may end it.
pub trait Observer {
    /// A trial begins.
    fn trial_begins(&mut self, note: TrialNote<'_>);
    /// How far it is; `Break` ends the run, which is then on record as aborted.
    fn progress(&mut self, note: TrialNote<'_>, progress: Progress) -> ControlFlow<()>;
    /// A trial is over that the machine has disturbed: it will be played again.
    fn trial_disturbed(&mut self, note: TrialNote<'_>, disturbed: &DisturbedV1);
    /// The floor of a trial is being played; `Break` ends the run, after the trial is kept.
    fn floor(&mut self, note: TrialNote<'_>) -> ControlFlow<()>;
    /// A trial is over.
    fn trial_ends(&mut self, note: TrialNote<'_>, trial: &TrialV2);
}

/// A run that begins now, with all that is known before its first trial.
pub fn begin(scenario: &Scenario, options: &Options) -> RunV2 {
    RunV2 {
        format: RunV2::FORMAT.to_owned(),
        version: RunV2::VERSION,
        id: new_id(),
        tool: options.tool.clone(),
        started_at: now_rfc3339(),
        ended_at: String::new(),
        elapsed_seconds: None,
        notes: notes(scenario, options),
        status: RunStatus::Completed,
        failure: None,
        scenario: ScenarioV1 {
            name: scenario.name.clone(),
            question: scenario.question.clone(),
            file: options.file.clone(),
            files: options.files.clone(),
            overrides: options.overrides.clone(),
            settings: scenario.settings(),
            cells: scenario.cells.iter().map(|cell| cell.settings.clone()).collect(),
        },
        environment: EnvironmentV1 {
            placement: options.placement.as_ref().map(Placement::recorded),
            ..options.environment.clone()
        },
        transports: scenario
            .transports
            .iter()
            .map(|transport| TransportV1 {
                label: transport.label.clone(),
                kind: transport.settings.kind(),
                options: recorded_options(
                    transport,
                    options.target.is_none() && transport.server.is_none(),
                ),
                server: transport.server.as_deref().map(third_party),
            })
            .collect(),
        trials: Vec::new(),
        disturbed: Vec::new(),
        floor: Vec::new(),
        no_floor: no_floor(scenario, &options.environment),
        expectations: Vec::new(),
    }
}

/// Plays every trial of a scenario; each is in the journal before the next begins.
///
/// Always gives a record. Its status says whether the run completed, was aborted by the observer,
/// or failed because a trial could not begin or be kept; the trials before that are in it.
pub fn run(
    mut run: RunV2,
    scenario: &Scenario,
    options: &Options,
    journal: &mut Journal,
    observer: &mut dyn Observer,
) -> RunV2 {
    let begin = clock::now();
    if let Err(error) = play_all(scenario, options, journal, observer, &mut run) {
        run.status = RunStatus::Failed;
        run.failure = Some(error.to_string());
    }
    check_equal_work(scenario, &mut run.trials);
    run.expectations = judge_expectations(scenario, &run);
    run.ended_at = now_rfc3339();
    let elapsed = clock::now().since(begin);
    run.elapsed_seconds = Some(elapsed.as_secs_f64());
    run.notes.extend(clock_note(&run.started_at, &run.ended_at, elapsed));
    run
}

fn play_all(
    scenario: &Scenario,
    options: &Options,
    journal: &mut Journal,
    observer: &mut dyn Observer,
    run: &mut RunV2,
) -> Result<(), RunError> {
    // Whatever plays, publishes and samples is started by this thread, from here on.
    let cpus = options.placement.as_ref().and_then(Placement::load);
    let _kept = cpus.map(KeptTo::cpus).transpose().map_err(RunError::Placement)?;
    let plans = scenario.trials();
    let id = run.id.clone();
    let mut topics = RunTopics::new(&id);
    for (index, &plan) in plans.iter().enumerate() {
        let cell = plan.cell.map(|cell| scenario.cells[cell].settings.clone()).unwrap_or_default();
        let described: Vec<_> =
            cell.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let described = described.join(", ");
        let played = scenario.of(plan);
        let note = TrialNote {
            transport: &played.transports[plan.transport].label,
            cell: &described,
            round: plan.round + 1,
            number: index + 1,
            of: plans.len(),
            clients: played.workload.clients.get(),
            planned: played.trial_length(),
            planned_after: plans[index + 1..]
                .iter()
                .map(|&later| scenario.of(later).trial_length())
                .sum(),
        };
        let mut stopped = false;
        for attempt in 1.. {
            observer.trial_begins(note);
            let cell = cell.clone();
            let (transport, round) = (plan.transport, plan.round);
            let asks = &played.transports[transport];
            let topic_names = topics.next(played, asks, options.target.is_some());
            let trial = Trial { scenario: played, cell, transport, round, topic_names, options };
            let is_ready: &IsReady<'_> = &|server, scenario, watch| {
                let first = FirstMessage { server, scenario, transport, options };
                first.wait_if_started(watch)
            };
            let trial = trial.play(now_rfc3339(), is_ready, &mut |progress| {
                let flow = observer.progress(note, progress);
                stopped = stopped || flow.is_break();
                flow
            });
            let trial = match trial {
                // Its server was not ready yet, and is not waited for any longer.
                Err(_) if stopped => break,
                trial => trial?,
            };
            if let Some(disturbed) = disturbed(&trial).filter(|_| !stopped && attempt < ATTEMPTS) {
                observer.trial_disturbed(note, &disturbed);
                journal.disturbed(&disturbed)?;
                run.disturbed.push(disturbed);
                continue;
            }
            let mut trial = trial;
            let mut floor = None;
            if scenario.floor && !stopped && !run.no_floor.contains_key(note.transport) {
                let beside = beside(&mut trial, played, asks, &options.floor, &mut || {
                    let flow = observer.floor(note);
                    stopped = stopped || flow.is_break();
                    flow
                });
                match beside {
                    Ok(played) => floor = played,
                    Err(reason) => run.notes.push(reason),
                }
            }
            let mut kept = journal.trial(&trial);
            if let (Ok(()), Some(floor)) = (&kept, &floor) {
                kept = journal.floor(floor);
            }
            run.floor.extend(floor);
            observer.trial_ends(note, &trial);
            // It is in memory all the same, where the record is made from.
            run.trials.push(trial);
            kept?;
            break;
        }
        if stopped {
            run.status = RunStatus::Aborted;
            return Ok(());
        }
    }
    Ok(())
}

/// Holds the scenario's expectations against its figures over all rounds, in each cell of a sweep.
fn judge_expectations(scenario: &Scenario, run: &RunV2) -> Vec<ExpectationV1> {
    let cells = match run.scenario.cells.as_slice() {
        [] => vec![CellV1::new()],
        cells => cells.to_vec(),
    };
    cells.iter().flat_map(|cell| judge_cell(scenario, run, cell)).collect()
}

fn judge_cell(scenario: &Scenario, run: &RunV2, cell: &CellV1) -> Vec<ExpectationV1> {
    let trials = |transport: &str| {
        let transport = transport.to_owned();
        let trials = run.trials.iter();
        trials.filter(move |trial| trial.transport == transport && trial.cell == *cell)
    };
    let measured =
        |transport: &str, figure: &str| Some(rounds::measured(figure, trials(transport))?.value);
    let modelled = |transport: &str, figure: &str| rounds::modelled(figure, trials(transport));
    scenario
        .expect
        .iter()
        .filter_map(|expectation| {
            let judgement = expectation.judge(&measured, &modelled);
            // A run that was ended early judges nothing that it did not play.
            if run.status == RunStatus::Aborted && judgement.found.is_none() {
                return None;
            }
            Some(ExpectationV1 {
                figure: expectation.written_figure.clone(),
                condition: expectation.written_condition.clone(),
                cell: cell.clone(),
                found: judgement.found,
                bound: judgement.bound,
                held: judgement.held,
            })
        })
        .collect()
}
