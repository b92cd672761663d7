//! A run: the trials of a scenario in turn.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use pushbench_protocol::clock;
use pushbench_scenario::Scenario;
use pushbench_store::{
    CellV1, EnvironmentV1, ExpectationV1, Journal, RunStatus, RunV2, ScenarioV1, TransportV1,
    UntilEnding, new_id, rounds,
};

use pushbench_store::wall_clock::now_rfc3339;

use crate::RunError;
use crate::clock_note::clock_note;
use crate::compression::recorded_options;
use crate::equal_work::check_equal_work;
use crate::find::{Bounds, find};
use crate::floor::no_floor;
use crate::notes::{notes, third_party};
use crate::observer::Observer;
use crate::options::Options;
use crate::placement::Placement;
use crate::player::{Player, Turn};
use crate::topics::RunTopics;
use crate::until;

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
        tags: options.tags.clone(),
        status: RunStatus::Completed,
        failure: None,
        scenario: ScenarioV1 {
            name: scenario.name.clone(),
            question: scenario.question.clone(),
            file: options.file.clone(),
            files: options.files.clone(),
            overrides: options.overrides.clone(),
            settings: settings(scenario, options),
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
        no_floor: no_floor(scenario, options.environment.link != "loopback"),
        finds: Vec::new(),
        until: until::begun(scenario),
        expectations: Vec::new(),
    }
}

/// What the scenario sets; nothing of `[server]` where that is one that runs already: nobody has told it.
fn settings(scenario: &Scenario, options: &Options) -> BTreeMap<String, String> {
    let mut settings = scenario.settings();
    if options.target.is_some() {
        let of_server = scenario.server.named();
        settings.retain(|key, _| {
            key.strip_prefix("server.").is_none_or(|key| !of_server.contains_key(key))
        });
    }
    settings
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
    // Of a part nothing is expected.
    if options.part.is_none() {
        // Each transport of a search has work of its own.
        if scenario.find.is_none() {
            check_equal_work(scenario, &mut run.trials);
        }
        run.expectations = judge_expectations(scenario, &run);
    }
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
    let id = run.id.clone();
    let topics = RunTopics::new(&id);
    let connect_at = options.part.as_ref().map(|part| part.begin).unwrap_or_default();
    let mut player = Player { options, journal, observer, run, topics, connect_at };
    let flow = match &scenario.find {
        Some(what) => find(scenario, what, Bounds::of(scenario, what, options), &mut player)?,
        None => play_each(scenario, &mut player)?,
    };
    if flow.is_break() {
        run.status = RunStatus::Aborted;
    }
    Ok(())
}

/// Plays the trials that the scenario lists; all of them, or until its figure is known well enough.
fn play_each(scenario: &Scenario, player: &mut Player<'_>) -> Result<ControlFlow<()>, RunError> {
    let plans = scenario.trials();
    for (index, &plan) in plans.iter().enumerate() {
        let cell = plan.cell.map(|cell| scenario.cells[cell].settings.clone()).unwrap_or_default();
        let after = plans[index + 1..].iter();
        let turn = Turn {
            scenario: scenario.of(plan),
            cell,
            place: plan.cell,
            transport: plan.transport,
            round: plan.round,
            number: index + 1,
            of: plans.len(),
            may_end_early: scenario.until.is_some(),
            planned_after: after.map(|&later| scenario.of(later).trial_length()).sum(),
        };
        if player.play(turn)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let ends_round = plans.get(index + 1).is_none_or(|next| next.round != plan.round);
        if let Some(until) = player.run.until.take_if(|_| ends_round) {
            let until = until::after_round(until, player.run, plan.round + 1);
            let is_known = until.ending == UntilEnding::Known;
            player.run.until = Some(until);
            if is_known {
                break;
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Holds the scenario's expectations against its figures over all rounds, in each cell of a sweep.
pub(crate) fn judge_expectations(scenario: &Scenario, run: &RunV2) -> Vec<ExpectationV1> {
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
