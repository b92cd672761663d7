//! Phases that begin at moments which the plan says, so that machines which hear nothing of each other
//! play the shards of a run at the same time.

use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_load::LEAD;
use pushbench_protocol::{Phase, Timestamp, clock};
use pushbench_scenario::Scenario;

use crate::trial::gate::Gate;

/// From when a phase is over by the schedule until the next begins: for the last client to connect, and
/// for all to come to rest and close their books.
const ROOM: Duration = Duration::from_secs(3);
/// From when connections are closed until the next trial's clients connect: for them to end, for the
/// server to end, and for the next to start.
const BETWEEN: Duration = Duration::from_secs(8);
/// Between two looks while a moment is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// When the phases of one trial begin, by its scenario alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Moments {
    connect: Timestamp,
    warm_up: Timestamp,
    measure: Timestamp,
    close: Timestamp,
    /// When the next trial's clients connect.
    next: Timestamp,
}

impl Moments {
    /// Of a trial whose clients begin to connect at this moment.
    fn of(scenario: &Scenario, connect: Timestamp) -> Self {
        let workload = &scenario.workload;
        let connecting = scenario.trial_length() - workload.warm_up - workload.measure;
        let warm_up = connect.plus(connecting + ROOM);
        let measure = warm_up.plus(workload.warm_up + ROOM);
        let close = measure.plus(workload.measure + workload.drain + ROOM);
        Self { connect, warm_up, measure, close, next: close.plus(BETWEEN) }
    }

    const fn begin_of(&self, phase: Phase) -> Timestamp {
        match phase {
            Phase::Connect => self.connect,
            Phase::WarmUp => self.warm_up,
            // It drains by itself.
            Phase::Measure | Phase::Drain => self.measure,
            Phase::Close => self.close,
        }
    }
}

/// Lets phases begin when the plan says so.
#[derive(Debug)]
pub(crate) struct Planned {
    moments: Moments,
    /// Whether the clients of the trial were to connect.
    has_begun: bool,
    late: Option<String>,
}

impl Planned {
    /// Of a trial whose clients begin to connect at this moment.
    pub(crate) fn of(scenario: &Scenario, connect: Timestamp) -> Self {
        Self { moments: Moments::of(scenario, connect), has_begun: false, late: None }
    }

    /// Whether the trial has begun, or had to: before that nothing was connected and nothing is to be said.
    pub(crate) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// When the clients of the trial behind it begin to connect.
    pub(crate) const fn next(&self) -> Timestamp {
        self.moments.next
    }
}

impl Gate for Planned {
    fn pass(
        &mut self,
        phase: Phase,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> ControlFlow<(), Timestamp> {
        let at = self.moments.begin_of(phase);
        self.has_begun |= phase != Phase::Connect;
        let late = clock::now().plus(LEAD).since(at);
        if !late.is_zero() {
            self.late = Some(format!(
                "it was ready {:.3} s after it was to be at the latest for the phase `{}`",
                late.as_secs_f64(),
                phase.label()
            ));
            self.has_begun = true;
            return ControlFlow::Break(());
        }
        loop {
            let left = at.since(clock::now());
            if left <= LOOK + LEAD {
                self.has_begun = true;
                return ControlFlow::Continue(at);
            }
            watch()?;
            std::thread::sleep(LOOK);
        }
    }

    fn late(&self) -> Option<String> {
        self.late.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_scenario::{Source, read};

    use super::*;

    fn scenario() -> Scenario {
        let text = "question = \"When?\"\n[workload]\nclients = 500\npublish = { every = \"1s\" }\n\
            payload = { bytes = 20 }\nwarm_up = \"2s\"\nmeasure = \"7s\"\ndrain = \"5s\"\n\
            [load]\nconnects_per_second = 100\n[[transport]]\nkind = \"websocket\"\n";
        let no_file = |_: &Path| Err(std::io::Error::other("no file"));
        let (path, read_file) = (Path::new("when.toml"), &no_file);
        read(&Source { path, text, overrides: &[], only: &[], read_file })
            .unwrap_or_else(|refused| panic!("{refused}"))
    }

    #[test]
    fn each_phase_has_its_length_and_room() {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let expected = Moments {
            connect: at(100),
            warm_up: at(100 + 5 + 3),
            measure: at(108 + 2 + 3),
            close: at(113 + 7 + 5 + 3),
            next: at(128 + 8),
        };
        assert_eq!(Moments::of(&scenario(), at(100)), expected);
    }

    #[test]
    fn a_moment_that_has_passed_ends_the_trial_and_is_said() {
        let mut gate = Planned::of(&scenario(), Timestamp::from_nanos(0));
        let passed = gate.pass(Phase::Connect, &mut || ControlFlow::Continue(()));
        assert!(passed.is_break() && gate.late.is_some_and(|why| why.contains("`connect`")));
        let mut gate = Planned::of(&scenario(), clock::now().plus(Duration::from_secs(60)));
        let passed = gate.pass(Phase::Connect, &mut || ControlFlow::Break(()));
        assert!(passed.is_break() && gate.late.is_none(), "it is the watch that ended it");
        assert!(!gate.has_begun(), "nothing was connected");
        let soon = clock::now().plus(Duration::from_millis(500));
        let mut gate = Planned::of(&scenario(), soon);
        assert!(gate.pass(Phase::Connect, &mut || ControlFlow::Continue(())).is_continue());
        assert!(gate.has_begun());
    }
}
