//! The phases of a trial, one after the other, and a look at the work between them.

use std::ops::ControlFlow;

use pushbench_load::{Load, Progress};
use pushbench_protocol::{Phase, Timestamp, clock};

use crate::samples::{Moment, Sampler, Samples};
use crate::server_witnesses::Asked;
use crate::trial::fault::Disconnect;
use crate::trial::gate::Gate;
use crate::trial::link::TrialLink;

/// What a trial is played between and through.
pub(super) struct Around<'a> {
    pub(super) link: &'a TrialLink,
    pub(super) gate: &'a mut dyn Gate,
    /// What is done to the server in the measure phase.
    pub(super) disconnect: &'a mut Disconnect,
}

/// Plays the phases in turn; breaks off where the watch says so.
pub(super) fn play_phases(
    load: &mut Load,
    samples: &mut Samples,
    sampler: &Sampler,
    Around { link, gate, disconnect }: Around<'_>,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> ControlFlow<()> {
    // Nothing of it is over while it is waited for.
    let waits = |load: &Load| Progress { share: 0.0, ..load.look(Phase::Connect) };
    let at = gate.pass(Phase::Connect, &mut || watch(waits(load)))?;
    sleep_until(at);
    load.connect(&mut Asked { samples, sampler }, watch)?;
    lap(samples, Phase::Connect, at);
    samples.sample_sockets(Phase::Connect, sampler);
    samples.sample_upstream(Phase::Connect, sampler);

    let at = gate.pass(Phase::WarmUp, &mut || watch(load.look(Phase::Connect)))?;
    samples.take(Moment::Connected, sampler);
    link.begin(Phase::WarmUp);
    load.warm_up(at, &mut Asked { samples, sampler }, watch)?;
    lap(samples, Phase::WarmUp, at);
    samples.sample_sockets(Phase::WarmUp, sampler);
    samples.sample_upstream(Phase::WarmUp, sampler);

    let at = gate.pass(Phase::Measure, &mut || watch(load.look(Phase::WarmUp)))?;
    load.begin_measure(at);
    sleep_until(at);
    link.begin(Phase::Measure);
    samples.take(Moment::MeasureBegins, sampler);
    let measured = load.measure(&mut |progress| {
        samples.sample();
        disconnect.look(at);
        watch(progress)
    });
    samples.take(Moment::MeasureEnds, sampler);
    lap(samples, Phase::Measure, at);
    // After the look at CPU times, of which this takes some.
    samples.sample_sockets(Phase::Measure, sampler);
    measured?;
    let begin = clock::now();
    link.begin(Phase::Drain);
    load.drain(&mut Asked { samples, sampler }, watch)?;
    lap(samples, Phase::Drain, begin);
    samples.take(Moment::Rest, sampler);
    samples.sample_sockets(Phase::Drain, sampler);
    samples.sample_upstream(Phase::Drain, sampler);
    // Connections that end take time from those that still wait for something.
    let at = gate.pass(Phase::Close, &mut || watch(load.look(Phase::Drain)))?;
    sleep_until(at);
    ControlFlow::Continue(())
}

/// A phase that began at `at` is over.
fn lap(samples: &mut Samples, phase: Phase, at: Timestamp) {
    samples.phase_seconds.insert(phase, clock::now().since(at).as_secs_f64());
}

fn sleep_until(at: Timestamp) {
    std::thread::sleep(at.since(clock::now()));
}
