//! Conducts the shards of one trial.

use std::num::NonZeroU32;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pushbench_protocol::clock;
use pushbench_scenario::{Scenario, Shard, TrialPlan, round_seed};
use pushbench_store::{CellV1, TrialV2};

use super::ShardCommand;
use super::message::{ToShard, Watch};
use super::muster::{Muster, Result as Came};
use super::process::{Received, ShardProcess};
use crate::RunError;
use crate::derive::Played;
use crate::merge::merge_without;
use crate::options::Options;
use crate::trial::NOTHING_YET;

/// Between two looks at the progress of all.
const LOOK: Duration = Duration::from_millis(50);

/// Plays a trial in so many shards and puts together what they saw. `watch` sees the progress and may
/// end it; the record then has what was measured until then.
///
/// # Errors
///
/// If a shard could not begin, or none was left. What goes wrong with one of several is in the record.
pub(crate) fn play(
    (scenario, cell): (&Scenario, CellV1),
    plan: TrialPlan,
    count: NonZeroU32,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<TrialV2, RunError> {
    let none = || RunError::Shard("this run has no way to start one".to_owned());
    let ShardCommand { command, job } = options.shards.as_ref().ok_or_else(none)?;
    let (received, said) = channel();
    let mut processes = Shard::all(count)
        .zip(0..)
        .map(|(shard, place)| {
            ShardProcess::start(command, &job.of(plan, shard), place, received.clone())
        })
        .collect::<Result<Vec<_>, _>>()?;
    drop(received);
    let mut muster = Muster::new(count.get(), clock::now());
    while !muster.is_over() {
        let order = match said.recv_timeout(LOOK) {
            Ok((place, Received::Said(message))) => muster.said(place, message, clock::now()),
            Ok((place, Received::Ended(unread))) if muster.plays(place) => {
                let how = processes[place].how_it_ended(unread);
                muster.ended(place, &how)
            }
            Ok((_, Received::Ended(_))) | Err(RecvTimeoutError::Timeout) => None,
            // Each thread tells its end before it drops the channel.
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let silent = muster.hang(clock::now());
        silent.iter().for_each(|&place| processes[place].kill());
        let stop = if silent.is_empty() { None } else { muster.stop() };
        let is_ended = watch(muster.progress().unwrap_or(NOTHING_YET)).is_break();
        let asked = if is_ended { muster.stop() } else { None };
        for order in [order, stop, asked].into_iter().flatten() {
            tell(&processes, &muster, &order);
        }
    }
    drop(processes);
    let (shards, lost) = match muster.result() {
        Came::CouldNotBegin(reason) => return Err(RunError::Shard(reason)),
        Came::Played { shards, lost } => (shards, lost),
    };
    let mut scenario = scenario.clone();
    scenario.workload.seed = round_seed(scenario.workload.seed, plan.round);
    let transport = &scenario.transports[plan.transport];
    let played = Played::of_shards((&scenario, transport), cell, &shards, true)
        .ok_or_else(|| RunError::Shard("a shard does not say which it is".to_owned()))?;
    Ok(merge_without(&lost, &shards, played)?)
}

fn tell(processes: &[ShardProcess], muster: &Muster, order: &ToShard) {
    for (place, process) in processes.iter().enumerate() {
        if muster.plays(place) {
            process.tell(order);
        }
    }
}
