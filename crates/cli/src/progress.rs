//! Progress on stderr: a bar where it is a terminal, else a quiet line every ten seconds.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pushbench_live::Pace;
use pushbench_load::Progress;
use pushbench_protocol::{Phase, Timestamp, clock};
use pushbench_report::printable;
use pushbench_runner::{Observer, TrialNote};
use pushbench_scenario::format_duration;
use pushbench_store::{DisturbedV1, TrialV2, Verdict};

use crate::say::say;
use crate::signals::Stop;

/// Time between two lines where stderr is no terminal.
const QUIET_LINE: Duration = Duration::from_secs(10);

/// Shows a run and ends it when a signal asks.
pub(crate) struct Show {
    stop: Stop,
    bar: Option<ProgressBar>,
    /// Whether lines are written where there is no bar.
    lines: bool,
    next_line: Timestamp,
    pace: Pace,
}

impl Show {
    pub(crate) fn new(stop: Stop, quiet: bool) -> Self {
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{prefix} [{bar:20}]\n  {wide_msg}")
                .expect("the template is a constant")
                .progress_chars("=> ");
            ProgressBar::new(1_000).with_style(style)
        });
        let now = clock::now();
        let lines = !quiet && bar.is_none();
        Self { stop, lines, bar, next_line: now.plus(QUIET_LINE), pace: Pace::new(now) }
    }

    fn line(&mut self, text: &str) {
        if self.lines {
            say(text);
            self.next_line = clock::now().plus(QUIET_LINE);
        }
    }
}

fn head(note: TrialNote<'_>) -> String {
    let cell = if note.cell.is_empty() { String::new() } else { format!(" ({})", note.cell) };
    let of = match note.may_end_early {
        true => format!("{} of at most {}", note.number, note.of),
        false => format!("{}/{}", note.number, note.of),
    };
    format!("trial {of} {}{cell} round {}", note.transport, note.round)
}

/// Where a trial stands, in one line; what does not apply is left out.
fn standing(note: TrialNote<'_>, progress: Progress, rate: Option<f64>, left: Duration) -> String {
    let mut parts = vec![format!("{}/{} clients", progress.connected, note.clients)];
    if progress.failed > 0 {
        parts.push(format!("{} failed", progress.failed));
    }
    match (progress.phase, rate) {
        (Phase::Connect | Phase::WarmUp, _) => {}
        (_, Some(rate)) => {
            let plural = if rate.round() == 1.0 { "" } else { "s" };
            parts.push(format!("{rate:.0} message{plural}/s"));
        }
        (Phase::Measure | Phase::Drain | Phase::Close, None) => {
            let plural = if progress.delivered == 1 { "" } else { "s" };
            parts.push(format!("{} message{plural}", progress.delivered));
        }
    }
    let late = |late: Duration| format!("up to {:.1} ms late", late.as_secs_f64() * 1e3);
    parts.extend(progress.late.map(late));
    let at_most = if note.may_end_early { "at most " } else { "" };
    parts.push(format!("{at_most}{} left", in_seconds(left)));
    let share = (progress.share.clamp(0.0, 1.0) * 100.0).floor();
    format!("{} {share}%: {}", progress.phase, parts.join(", "))
}

fn in_seconds(left: Duration) -> String {
    format_duration(Duration::from_secs(left.as_secs()))
}

impl Drop for Show {
    fn drop(&mut self) {
        // Nobody knows before which trial of a search is the last.
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Show {
    fn trial_begins(&mut self, note: TrialNote<'_>) {
        self.pace.begin(clock::now());
        if let Some(bar) = &self.bar {
            bar.set_position(0);
            bar.set_prefix(printable(&head(note)).into_owned());
        }
    }

    fn progress(&mut self, note: TrialNote<'_>, progress: Progress) -> ControlFlow<()> {
        let now = clock::now();
        let rate = self.pace.rate(now, progress.phase, progress.delivered);
        let is_due = self.lines && now >= self.next_line;
        if is_due || self.bar.is_some() {
            let left = self.pace.left(now, note.planned, note.planned_after);
            let text = standing(note, progress, rate, left);
            if is_due {
                self.line(&format!("{}, {text}", head(note)));
            }
            if let Some(bar) = &self.bar {
                bar.set_position((progress.share * 1_000.0) as u64);
                bar.set_message(printable(&text).into_owned());
            }
        }
        self.stop.flow()
    }

    fn floor(&mut self, _: TrialNote<'_>) -> ControlFlow<()> {
        if let Some(bar) = &self.bar {
            bar.set_message("playing the floor of this trial");
        }
        self.stop.flow()
    }

    fn trial_disturbed(&mut self, note: TrialNote<'_>, disturbed: &DisturbedV1) {
        let reasons: Vec<_> = disturbed.checks.iter().map(|check| check.text.as_str()).collect();
        let text = format!("{}: retried: {}", head(note), reasons.join("; "));
        match &self.bar {
            Some(bar) => bar.println(printable(&text)),
            None => self.line(&text),
        }
    }

    fn trial_ends(&mut self, note: TrialNote<'_>, trial: &TrialV2) {
        let verdict = match trial.worst_verdict() {
            Verdict::NotChecked => "not checked",
            Verdict::Ok => "valid",
            Verdict::Warning => "valid, with warnings",
            Verdict::Invalid => "INVALID",
        };
        let now = clock::now();
        self.pace.end(now, note.planned);
        self.pace.begin(now);
        let left = self.pace.left(now, Duration::ZERO, note.planned_after);
        let about = if note.may_end_early { "at most" } else { "about" };
        let text = format!("{}: {verdict}; {about} {} left", head(note), in_seconds(left));
        match &self.bar {
            Some(bar) if note.number == note.of => bar.finish_and_clear(),
            Some(bar) => bar.println(printable(&text)),
            None => self.line(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use pushbench_load::SoFar;

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

    fn progress(phase: Phase) -> Progress {
        Progress {
            phase,
            connected: 500,
            failed: 0,
            delivered: 1_250,
            share: 0.405,
            late: Some(Duration::from_micros(3_240)),
            so_far: SoFar::NOTHING,
        }
    }

    #[test]
    fn a_line_says_which_trial_how_far_how_fast_how_late_and_how_long_still() {
        let left = Duration::from_millis(25_900);
        let text = standing(NOTE, progress(Phase::Measure), Some(499.6), left);
        assert_eq!(
            format!("{}, {text}", head(NOTE)),
            "trial 4/6 websocket round 2, measure 40%: 500/500 clients, 500 messages/s, up to \
             3.2 ms late, 25s left"
        );
    }

    #[test]
    fn what_does_not_apply_is_not_said() {
        let connecting = Progress { failed: 2, late: None, ..progress(Phase::Connect) };
        assert_eq!(
            standing(NOTE, connecting, None, Duration::ZERO),
            "connect 40%: 500/500 clients, 2 failed, 0s left"
        );
    }
}
