//! When the phases of a trial begin: at once where one process plays it, and where it is split into
//! shards at a moment at which all are ready.

use std::ops::ControlFlow;

use pushbench_load::LEAD;
use pushbench_protocol::{Phase, Timestamp, clock};

/// Lets phases begin.
pub(crate) trait Gate {
    /// All that is before this phase is over here. Gives the moment when it begins, once that is known;
    /// the watch sees the time go by, and both may end the trial instead.
    fn pass(
        &mut self,
        phase: Phase,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> ControlFlow<(), Timestamp>;

    /// Why it ended the trial, if it did so: what precedes a phase was not over when that had to begin.
    fn late(&self) -> Option<String> {
        None
    }
}

/// Of a trial that one process plays.
#[derive(Debug)]
pub(crate) struct Open;

impl Gate for Open {
    fn pass(
        &mut self,
        phase: Phase,
        _: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> ControlFlow<(), Timestamp> {
        ControlFlow::Continue(match phase {
            Phase::Connect | Phase::Close => clock::now(),
            // What the schedule has due at its beginning is not to be late.
            Phase::WarmUp | Phase::Measure | Phase::Drain => clock::now().plus(LEAD),
        })
    }
}
