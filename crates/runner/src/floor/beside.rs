//! The floor that is played beside a trial, and what it makes of the trial's figures.

use std::ops::ControlFlow;

use pushbench_scenario::{Scenario, Transport};
use pushbench_store::wall_clock::now_rfc3339;
use pushbench_store::{FloorV2, TrialV2};

use super::of_trial::{Operations, multiples, plan};
use super::play_floor;
use crate::options::Options;

/// Plays the floor of a trial and adds its multiples to the trial's figures.
///
/// # Errors
///
/// Why there is no floor, for the record's notes.
pub(crate) fn beside(
    trial: &mut TrialV2,
    scenario: &Scenario,
    transport: &Transport,
    options: &Options,
    watch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<FloorV2, String> {
    let note = |reason: String| {
        let TrialV2 { transport, round, .. } = &*trial;
        format!("the floor of {transport} in round {round} was not measured: {reason}")
    };
    let (plan, lengths) = plan(scenario, transport, trial).map_err(note)?;
    let started_at = now_rfc3339();
    let cores = options.floor_cores();
    let played = play_floor(&options.floor, &plan, lengths, cores, watch);
    let played = played.map_err(|error| note(error.to_string()))?;
    let played = played.ok_or_else(|| note("the run was stopped".to_owned()))?;
    if let Some(operations) = Operations::of(transport, trial) {
        let multiples: Vec<_> = multiples(operations, trial, &played).collect();
        trial.figures.extend(multiples);
    }
    Ok(FloorV2 {
        transport: trial.transport.clone(),
        round: trial.round,
        cell: trial.cell.clone(),
        started_at,
        played,
    })
}
