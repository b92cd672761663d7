//! Progress on stderr: a bar where it is a terminal, else a quiet line every ten seconds.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pushbench_load::Progress;
use pushbench_protocol::{Timestamp, clock};
use pushbench_runner::{Observer, TrialNote};
use pushbench_scenario::format_duration;
use pushbench_store::{TrialV1, Verdict};

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
    begin: Timestamp,
}

impl Show {
    pub(crate) fn new(stop: Stop, quiet: bool) -> Self {
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{prefix} [{bar:30}] {msg}")
                .expect("the template is a constant")
                .progress_chars("=> ");
            ProgressBar::new(1_000).with_style(style)
        });
        let now = clock::now();
        Self { stop, lines: !quiet && bar.is_none(), bar, next_line: now, begin: now }
    }

    fn line(&mut self, text: &str) {
        if self.lines {
            eprintln!("{text}");
            self.next_line = clock::now().plus(QUIET_LINE);
        }
    }
}

fn head(note: TrialNote<'_>) -> String {
    let cell = if note.cell.is_empty() { String::new() } else { format!(" ({})", note.cell) };
    format!("trial {}/{} {}{cell} round {}", note.number, note.of, note.transport, note.round)
}

impl Observer for Show {
    fn trial_begins(&mut self, note: TrialNote<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_position(0);
            bar.set_prefix(head(note));
        }
    }

    fn progress(&mut self, note: TrialNote<'_>, progress: Progress) -> ControlFlow<()> {
        let failed = if progress.failed > 0 {
            format!(", {} failed", progress.failed)
        } else {
            String::new()
        };
        let text = format!(
            "{}: {}/{} clients{failed}, {} messages delivered",
            progress.phase, progress.connected, note.clients, progress.delivered
        );
        if let Some(bar) = &self.bar {
            bar.set_position((progress.share * 1_000.0) as u64);
            bar.set_message(text.clone());
        }
        if clock::now() >= self.next_line {
            self.line(&format!("{}, {text}", head(note)));
        }
        if self.stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn trial_ends(&mut self, note: TrialNote<'_>, trial: &TrialV1) {
        let verdict = match trial.worst_verdict() {
            Verdict::Ok => "valid",
            Verdict::Warning => "valid, with warnings",
            Verdict::Invalid => "INVALID",
        };
        let so_far = clock::now().since(self.begin);
        let left = so_far / u32::try_from(note.number).unwrap_or(u32::MAX)
            * u32::try_from(note.of - note.number).unwrap_or(u32::MAX);
        let left = Duration::from_secs(left.as_secs());
        let text = format!("{}: {verdict}; about {} left", head(note), format_duration(left));
        match &self.bar {
            Some(bar) if note.number == note.of => bar.finish_and_clear(),
            Some(bar) => bar.println(text),
            None => self.line(&text),
        }
    }
}
