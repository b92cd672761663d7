//! Whoever sees a run go by.

use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_load::Progress;
use pushbench_store::{DisturbedV1, TrialV2};

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
    /// How many there are; at most, where the run may end early.
    pub of: usize,
    /// Whether what came of earlier trials decides which ones are played.
    pub may_end_early: bool,
    /// Clients that are played here.
    pub clients: u32,
    /// How long its scenario has it connect, warm up and measure, and the wait for a planned beginning;
    /// starting, draining and closing come on top.
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
