//! The phases of a trial, one after the other, and a look at the work between them.

use std::ops::ControlFlow;

use pushbench_load::{Load, Progress};
use pushbench_protocol::{Phase, clock};

use crate::samples::{Moment, Sampler, Samples};
use crate::server_witnesses::Asked;

/// Plays the phases in turn; breaks off where the watch says so.
pub(super) fn play_phases(
    load: &mut Load,
    samples: &mut Samples,
    sampler: &Sampler,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut begin = clock::now();
    let mut lap = |samples: &mut Samples, phase| {
        let now = clock::now();
        samples.phase_seconds.insert(phase, now.since(begin).as_secs_f64());
        begin = now;
    };
    load.connect(&mut Asked { samples, sampler }, watch)?;
    lap(samples, Phase::Connect);
    samples.sample_sockets(Phase::Connect, sampler);
    samples.take(Moment::Connected, sampler);
    load.warm_up(&mut Asked { samples, sampler }, watch)?;
    lap(samples, Phase::WarmUp);
    samples.sample_sockets(Phase::WarmUp, sampler);

    let at = load.begin_measure();
    std::thread::sleep(at.since(clock::now()));
    samples.take(Moment::MeasureBegins, sampler);
    let measured = load.measure(&mut |progress| {
        samples.sample();
        watch(progress)
    });
    samples.take(Moment::MeasureEnds, sampler);
    // After the look at CPU times, of which this takes some.
    samples.sample_sockets(Phase::Measure, sampler);
    samples.phase_seconds.insert(Phase::Measure, clock::now().since(at).as_secs_f64());
    measured?;
    begin = clock::now();
    load.drain(&mut Asked { samples, sampler }, watch)?;
    samples.phase_seconds.insert(Phase::Drain, clock::now().since(begin).as_secs_f64());
    samples.take(Moment::Rest, sampler);
    samples.sample_sockets(Phase::Drain, sampler);
    ControlFlow::Continue(())
}
