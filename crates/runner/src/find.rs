//! A search: what came of a step decides which one is played next.
//!
//! Each transport has a search of its own, and they take turns, so that drift of the machine hits all
//! alike. Every step is played as the trials of any run are, and is on record with its value.

mod outcome;

use std::ops::ControlFlow;

use pushbench_scenario::{
    Ending, Expectation, Find, Limit, Next, Scenario, Search, SearchRange, limit_beyond_loopback,
};
use pushbench_store::{CellV1, FindEnding, FindStepV2, FindV2, TrialV2};

use self::outcome::{Outcome, outcome};
use crate::RunError;
use crate::machine::machine;
use crate::options::Options;
use crate::player::{Player, Turn};

/// Where a scenario is searched on this machine.
pub(crate) struct Bounds {
    pub(crate) range: SearchRange,
    /// What there is too little of for a larger value.
    pub(crate) room: Option<Limit>,
}

impl Bounds {
    /// What the machine has room for, at this target.
    pub(crate) fn of(scenario: &Scenario, find: &Find, options: &Options) -> Self {
        let machine = machine();
        let target = options.target.as_ref();
        let is_beyond = target.is_some_and(|target| !target.address.ip().is_loopback());
        let beyond = |step: &Scenario| match is_beyond {
            true => limit_beyond_loopback(step, &machine),
            false => None,
        };
        let (range, room) = find.within(scenario, &machine, &beyond);
        Self { range, room }
    }
}

/// The search of one transport.
struct OfTransport {
    transport: usize,
    search: Search,
}

/// Plays the searches of all transports to their ends. What was found is in the run after each step,
/// however it ends.
///
/// # Errors
///
/// If a trial could not begin or be kept.
pub(crate) fn find(
    scenario: &Scenario,
    find: &Find,
    bounds: Bounds,
    player: &mut Player<'_>,
) -> Result<ControlFlow<()>, RunError> {
    let Bounds { range, room } = bounds;
    let room = room.map(|limit| limit.of_more());
    player.run.finds = find.conditions.iter().map(|of| begun(find, of, range, &room)).collect();
    let searches = 0..scenario.transports.len();
    let searches = searches.map(|transport| OfTransport { transport, search: Search::new(range) });
    let mut searches: Vec<_> = searches.collect();
    loop {
        let mut is_over = true;
        for of in &mut searches {
            let Next::Play(value) = of.search.next() else { continue };
            is_over = false;
            let Some(step) = step(scenario, find, of.transport, value, range, player)? else {
                return Ok(ControlFlow::Break(()));
            };
            of.search.record(value, step.held);
            let found = &mut player.run.finds[of.transport];
            found.steps.push(step);
            *found = concluded(found.clone(), &of.search);
        }
        if is_over {
            return Ok(ControlFlow::Continue(()));
        }
    }
}

/// Plays one value; `None` if that was ended.
fn step(
    scenario: &Scenario,
    find: &Find,
    transport: usize,
    value: u32,
    range: SearchRange,
    player: &mut Player<'_>,
) -> Result<Option<FindStepV2>, RunError> {
    let condition = &find.conditions[transport];
    let played = scenario.step(find.quantity, value);
    let setting = find.quantity.setting().to_owned();
    let cell = CellV1::from([(setting.clone(), find.quantity.written(value))]);
    put_in_order(&mut player.run.scenario.cells, &cell, &setting);
    let is_its = |trial: &TrialV2| trial.transport == condition.transport && trial.cell == cell;
    let before = player.run.trials.iter().filter(|trial| is_its(trial)).count() as u32;
    let each = scenario.workload.rounds.get();
    let of = scenario.most_trials_in(range);
    for round in before..before + each {
        let number = player.run.trials.len() + 1;
        let left = u32::try_from(of.saturating_sub(number)).unwrap_or(u32::MAX);
        let turn = Turn {
            scenario: &played,
            cell: cell.clone(),
            place: None,
            transport,
            round,
            number,
            of,
            may_end_early: true,
            planned_after: played.trial_length().saturating_mul(left),
        };
        if player.play(turn)?.is_break() {
            return Ok(None);
        }
        // What is invalid once does not hold, whatever comes of the other rounds.
        let last = player.run.trials.last().expect("it was played");
        if outcome(&[last], condition).is_invalid {
            break;
        }
    }
    let trials = player.run.trials.iter();
    let trials: Vec<_> = trials.filter(|t| is_its(t) && t.round > before).collect();
    let Outcome { held, found, limit, is_invalid, is_fault } = outcome(&trials, condition);
    Ok(Some(FindStepV2 {
        value: value.into(),
        rounds: trials.iter().map(|trial| trial.round).collect(),
        cell,
        held,
        found,
        limit,
        is_beyond: is_invalid && !is_fault,
    }))
}

/// Values in their order, each once.
fn put_in_order(cells: &mut Vec<CellV1>, cell: &CellV1, setting: &str) {
    if cells.contains(cell) {
        return;
    }
    let number = |cell: &CellV1| -> u64 {
        let text = cell.get(setting).map_or("", String::as_str);
        text.trim_end_matches("/s").parse().unwrap_or(u64::MAX)
    };
    let place = cells.partition_point(|known| number(known) < number(cell));
    cells.insert(place, cell.clone());
}

/// A search before its first step.
fn begun(
    find: &Find,
    condition: &Expectation,
    range: SearchRange,
    room: &Option<String>,
) -> FindV2 {
    FindV2 {
        transport: condition.transport.clone(),
        setting: find.quantity.setting().to_owned(),
        condition: find.written.clone(),
        figure: condition.figure.clone(),
        precision: range.precision,
        most: range.to.into(),
        room: room.clone(),
        steps: Vec::new(),
        ending: FindEnding::Unfinished,
        largest_held: None,
        smallest_not_held: None,
        contradictions: Vec::new(),
        limit: None,
    }
}

/// What is known after a step.
fn concluded(found: FindV2, search: &Search) -> FindV2 {
    let ending = match search.next() {
        Next::Play(_) => FindEnding::Unfinished,
        Next::Over(Ending::Found) => FindEnding::Found,
        Next::Over(Ending::AllHeld) => FindEnding::AllHeld,
        Next::Over(Ending::NoneHeld) => FindEnding::NoneHeld,
        Next::Over(Ending::OutOfSteps) => FindEnding::OutOfSteps,
    };
    let smallest_not_held = search.smallest_not_held().map(u64::from);
    let at = |step: &&FindStepV2| Some(step.value) == smallest_not_held && !step.held;
    let limit = found.steps.iter().find(at).and_then(|step| step.limit.clone());
    FindV2 {
        ending,
        largest_held: search.largest_held().map(u64::from),
        smallest_not_held,
        contradictions: search.contradictions().into_iter().map(u64::from).collect(),
        // Where everything held it is the room of the machine that ends it, if anything.
        limit: limit.or_else(|| found.room.clone().filter(|_| ending == FindEnding::AllHeld)),
        ..found
    }
}
