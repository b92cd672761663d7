//! The phases of a trial, one after the other, and a look at the work between them.

use std::ops::ControlFlow;

use pushbench_load::{Load, Progress};
use pushbench_protocol::{Phase, clock};

use crate::looks::{Eye, Looks, Moment};

/// Plays the phases in turn; breaks off where the watch says so.
pub(super) fn play_phases(
    load: &mut Load,
    looks: &mut Looks,
    eye: &Eye,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut begin = clock::now();
    let mut lap = |looks: &mut Looks, phase| {
        let now = clock::now();
        looks.phase_seconds.insert(phase, now.since(begin).as_secs_f64());
        begin = now;
    };
    load.connect(&mut || looks.server_sums(eye), watch)?;
    lap(looks, Phase::Connect);
    looks.look_at_sockets(Phase::Connect, eye);
    looks.take(Moment::Connected, eye);
    load.warm_up(&mut || looks.server_sums(eye), watch)?;
    lap(looks, Phase::WarmUp);
    looks.look_at_sockets(Phase::WarmUp, eye);

    let at = load.begin_measure();
    std::thread::sleep(at.since(clock::now()));
    looks.take(Moment::MeasureBegins, eye);
    let measured = load.measure(&mut |progress| {
        looks.sample(eye);
        watch(progress)
    });
    looks.take(Moment::MeasureEnds, eye);
    // After the look at CPU times, of which this takes some.
    looks.look_at_sockets(Phase::Measure, eye);
    looks.phase_seconds.insert(Phase::Measure, clock::now().since(at).as_secs_f64());
    measured?;
    begin = clock::now();
    load.drain(&mut || looks.server_sums(eye), watch)?;
    looks.phase_seconds.insert(Phase::Drain, clock::now().since(begin).as_secs_f64());
    looks.take(Moment::Rest, eye);
    looks.look_at_sockets(Phase::Drain, eye);
    ControlFlow::Continue(())
}
