//! Makes events of what the runner tells whoever observes it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_load::Progress;
use pushbench_protocol::{ByteKind, Timestamp, clock};
use pushbench_runner::{Observer, TrialNote};
use pushbench_store::{DisturbedV1, TrialV2, Verdict};

use crate::event::{Event, TrialName};
use crate::pace::Pace;

/// Time between two events of where a trial stands.
const INTERVAL: Duration = Duration::from_millis(500);

/// Observes a run and tells every event. Never ends the run.
pub struct Events<Tell> {
    tell: Tell,
    pace: Pace,
    next: Timestamp,
}

impl<Tell: FnMut(Event)> Events<Tell> {
    /// `tell` is called on the thread that conducts the trial: it must not wait.
    pub fn new(tell: Tell) -> Self {
        let now = clock::now();
        Self { tell, pace: Pace::new(now), next: now }
    }

    /// Tells what no trial does: how the run begins and ends.
    pub fn tell(&mut self, event: Event) {
        (self.tell)(event);
    }
}

fn name(note: TrialNote<'_>) -> TrialName {
    TrialName {
        trial: note.number,
        of: note.of,
        transport: note.transport.to_owned(),
        cell: note.cell.to_owned(),
        round: note.round,
        clients: note.clients,
    }
}

/// What the books say by kind; what no socket says before its end is left out.
fn bytes(progress: &Progress) -> BTreeMap<String, u64> {
    let kinds = ByteKind::ALL.iter().map(|&kind| (kind, progress.so_far.bytes_of(kind)));
    kinds
        .filter(|&(_, bytes)| bytes > 0)
        .map(|(kind, bytes)| (kind.label().to_owned(), bytes))
        .collect()
}

fn verdict(trial: &TrialV2) -> &'static str {
    match trial.worst_verdict() {
        Verdict::NotChecked => "not-checked",
        Verdict::Ok => "valid",
        Verdict::Warning => "warnings",
        Verdict::Invalid => "invalid",
    }
}

impl<Tell: FnMut(Event)> Observer for Events<Tell> {
    fn trial_begins(&mut self, note: TrialNote<'_>) {
        let now = clock::now();
        self.pace.begin(now);
        self.next = now;
        let planned_seconds = note.planned.as_secs_f64();
        self.tell(Event::TrialBegins { trial: name(note), planned_seconds });
    }

    fn progress(&mut self, note: TrialNote<'_>, progress: Progress) -> ControlFlow<()> {
        let now = clock::now();
        let rate = self.pace.rate(now, progress.phase, progress.delivered);
        if now < self.next {
            return ControlFlow::Continue(());
        }
        self.next = now.plus(INTERVAL);
        let left = self.pace.left(now, note.planned, note.planned_after);
        let bytes = bytes(&progress);
        self.tell(Event::Progress {
            trial: name(note),
            phase: progress.phase,
            share: progress.share.clamp(0.0, 1.0),
            connected: progress.connected,
            failed: progress.failed,
            delivered: progress.delivered,
            deliveries_per_second: rate,
            latency_mean_seconds: progress.so_far.latency_mean().map(|mean| mean.as_secs_f64()),
            late_seconds: progress.late.map(|late| late.as_secs_f64()),
            bytes,
            left_seconds: left.as_secs_f64(),
        });
        ControlFlow::Continue(())
    }

    fn floor(&mut self, note: TrialNote<'_>) -> ControlFlow<()> {
        self.tell(Event::Floor { trial: name(note) });
        ControlFlow::Continue(())
    }

    fn trial_disturbed(&mut self, note: TrialNote<'_>, disturbed: &DisturbedV1) {
        let reasons = disturbed.checks.iter().map(|check| check.text.clone()).collect();
        self.tell(Event::TrialDisturbed { trial: name(note), reasons });
    }

    fn trial_ends(&mut self, note: TrialNote<'_>, trial: &TrialV2) {
        let now = clock::now();
        self.pace.end(now, note.planned);
        self.pace.begin(now);
        self.tell(Event::TrialEnds {
            trial: name(note),
            verdict: verdict(trial).to_owned(),
            figures: trial.figures.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use pushbench_load::SoFar;
    use pushbench_protocol::Phase;

    use super::*;

    const NOTE: TrialNote<'static> = TrialNote {
        transport: "websocket",
        cell: "",
        round: 2,
        number: 4,
        of: 6,
        may_end_early: false,
        clients: 500,
        planned: Duration::from_secs(10),
        planned_after: Duration::from_secs(20),
    };

    #[test]
    fn what_is_unknown_is_absent_and_what_is_known_has_the_words_of_the_record() {
        let mut told = Vec::new();
        let mut events = Events::new(|event| told.push(event));
        let mut so_far = SoFar::NOTHING;
        so_far.bytes[ByteKind::Header as usize] = 340;
        let progress = Progress {
            phase: Phase::Measure,
            connected: 500,
            failed: 0,
            delivered: 20,
            share: 0.4,
            late: None,
            so_far,
        };
        events.trial_begins(NOTE);
        assert!(events.progress(NOTE, progress).is_continue());
        // Asked again at once, it has nothing new to tell.
        assert!(events.progress(NOTE, progress).is_continue());
        let [Event::TrialBegins { .. }, event] = &told[..] else { panic!("{told:?}") };
        let json = serde_json::to_value(event).expect("plain values");
        assert_eq!(json["event"], "progress");
        assert_eq!(json["phase"], "measure");
        assert_eq!(json["bytes"], serde_json::json!({ "header": 340 }));
        assert_eq!(json["transport"], "websocket");
        for absent in ["latency_mean_seconds", "late_seconds", "deliveries_per_second", "cell"] {
            assert!(json.get(absent).is_none(), "{absent}: {json}");
        }
    }
}
