//! What the view shows: pure, from the events so far to a frame.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_live::{Board, Event, TrialName};
use pushbench_report::printable;
use pushbench_report::units::{bytes, grouped, seconds};
use pushbench_scenario::format_duration;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Gauge, Paragraph};

/// Width of the names of what is shown.
const NAME: usize = 16;
/// Width of the longest bar of bytes.
const BAR: usize = 30;

/// All that is shown.
#[derive(Debug)]
pub(super) struct View {
    board: Board,
    /// Trials that are planned, in their order.
    coming: Vec<String>,
}

impl View {
    pub(super) fn new(coming: Vec<String>) -> Self {
        Self { board: Board::default(), coming }
    }

    pub(super) fn take(&mut self, event: &Event) {
        self.board.take(event);
    }

    /// Draws it, on a terminal of any size.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let now = self.now();
        let rows = [
            Constraint::Length(3),
            Constraint::Length(1),
            Constraint::Length(now.len() as u16),
            Constraint::Min(0),
            Constraint::Length(1),
        ];
        let [head, gauge, body, over, foot] = Layout::vertical(rows).areas(frame.area());
        frame.render_widget(Paragraph::new(self.head()), head);
        let (share, phase) = self.phase();
        frame.render_widget(Gauge::default().ratio(share).label(phase), gauge);
        frame.render_widget(Paragraph::new(now), body);
        self.draw_trials(frame, over);
        let keys = "q leaves the view   Ctrl-C ends the run";
        frame.render_widget(Paragraph::new(faint(keys)), foot);
    }

    /// The scenario, its question, and which trial is being played.
    fn head(&self) -> Vec<Line<'static>> {
        let (scenario, question) = match &self.board.run {
            Some(Event::RunBegins { scenario, question, .. }) => {
                (scenario.clone(), question.replace('\n', " "))
            }
            _ => (String::new(), String::new()),
        };
        let trial = match self.trial() {
            None => "between two trials".to_owned(),
            Some(trial) => format!("trial {}/{}: {}", trial.trial, trial.of, called(trial)),
        };
        vec![strong(&scenario), plain(&question), strong(&trial)]
    }

    fn trial(&self) -> Option<&TrialName> {
        match self.board.now.as_ref()? {
            Event::TrialBegins { trial, .. }
            | Event::Progress { trial, .. }
            | Event::Floor { trial } => Some(trial),
            Event::RunBegins { .. }
            | Event::TrialDisturbed { .. }
            | Event::TrialEnds { .. }
            | Event::RunEnds { .. } => None,
        }
    }

    /// How far the phase is, and its name.
    fn phase(&self) -> (f64, String) {
        match &self.board.now {
            Some(Event::Progress { phase, share, .. }) => {
                (share.clamp(0.0, 1.0), format!("{phase} {:.0}%", share.clamp(0.0, 1.0) * 100.0))
            }
            Some(Event::TrialBegins { .. }) => (0.0, "starting".to_owned()),
            Some(Event::Floor { .. }) => (0.0, "floor".to_owned()),
            _ => (0.0, String::new()),
        }
    }

    /// Where the trial stands; as many lines in every phase, so that nothing jumps.
    fn now(&self) -> Vec<Line<'static>> {
        let absent = || "-".to_owned();
        let (mut clients, mut rate, mut latency, mut late, mut left) =
            (absent(), absent(), absent(), absent(), absent());
        let mut kinds = &BTreeMap::new();
        if let Some(Event::Progress {
            trial,
            connected,
            failed,
            delivered,
            deliveries_per_second,
            latency_mean_seconds,
            late_seconds,
            bytes,
            left_seconds,
            ..
        }) = &self.board.now
        {
            let fails = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
            let all = grouped(f64::from(trial.clients), 0);
            clients = format!("{} of {all}{fails}", grouped(*connected as f64, 0));
            let per_second = deliveries_per_second.map(|rate| format!("{}/s, ", grouped(rate, 0)));
            rate = format!(
                "{}{} so far",
                per_second.unwrap_or_default(),
                grouped(*delivered as f64, 0)
            );
            latency =
                latency_mean_seconds.map_or_else(absent, |mean| format!("{} mean", seconds(mean)));
            late = late_seconds.map_or_else(absent, |late| format!("up to {}", seconds(late)));
            left = format_duration(Duration::from_secs(*left_seconds as u64));
            kinds = bytes;
        }
        let mut lines = vec![
            Line::default(),
            named("clients", &clients),
            named("deliveries", &rate),
            named("latency so far", &latency),
            named("sent late", &late),
            named("time left", &left),
            Line::default(),
            strong("bytes so far, by kind"),
        ];
        lines.extend(bars(kinds));
        lines.push(Line::default());
        lines
    }

    /// What is over and what is to come: the newest first of the one, the next first of the other.
    fn draw_trials(&self, frame: &mut Frame<'_>, area: Rect) {
        let halves = [Constraint::Percentage(60), Constraint::Percentage(40)];
        let [left, right] = Layout::horizontal(halves).areas(area);
        let mut over = vec![strong("over")];
        over.extend(self.board.over.iter().rev().filter_map(ended));
        frame.render_widget(Paragraph::new(over), left);
        let is_over = |event: &Event| match event {
            Event::TrialEnds { trial, .. } => Some(trial.trial),
            _ => None,
        };
        let last_over = || self.board.over.iter().rev().find_map(is_over);
        let begun = self.trial().map(|trial| trial.trial).or_else(last_over).unwrap_or(0);
        let mut coming = vec![strong("to come")];
        coming.extend(self.coming.iter().skip(begun).map(|trial| plain(trial)));
        frame.render_widget(Paragraph::new(coming), right);
    }
}

/// A bar for each kind, as long as its share of the largest.
fn bars(kinds: &BTreeMap<String, u64>) -> Vec<Line<'static>> {
    let most = kinds.values().copied().max().unwrap_or(0).max(1);
    let bar = |(kind, &found): (&String, &u64)| {
        let length = (found as f64 / most as f64 * BAR as f64).round() as usize;
        let text = format!(
            "  {kind:<12} {:>9}  {}",
            bytes(found as f64),
            "\u{2588}".repeat(length.max(1))
        );
        plain(&text)
    };
    kinds.iter().map(bar).collect()
}

/// A trial that is over: what came of it, and its headlines.
fn ended(event: &Event) -> Option<Line<'static>> {
    Some(match event {
        Event::TrialEnds { trial, verdict, figures } => {
            let of = |name: &str| figures.get(name).copied();
            let p99 = of("latency.p99").map(|p99| format!("  p99 {}", seconds(p99)));
            let wire = of("wire_bytes_per_delivery").map(|wire| format!("  {}", bytes(wire)));
            let text = format!(
                "{}  {verdict}{}{}",
                called(trial),
                p99.unwrap_or_default(),
                wire.unwrap_or_default()
            );
            plain(&text)
        }
        Event::TrialDisturbed { trial, .. } => faint(&format!("{}  retried", called(trial))),
        _ => return None,
    })
}

fn called(trial: &TrialName) -> String {
    let cell = if trial.cell.is_empty() { String::new() } else { format!(" ({})", trial.cell) };
    format!("{}{cell} round {}", trial.transport, trial.round)
}

fn named(name: &str, value: &str) -> Line<'static> {
    plain(&format!("{name:NAME$}{value}"))
}

/// What others have named is shown and not obeyed.
fn plain(text: &str) -> Line<'static> {
    Line::from(printable(text).into_owned())
}

fn strong(text: &str) -> Line<'static> {
    let bold = Style::default().add_modifier(Modifier::BOLD);
    Line::from(Span::styled(printable(text).into_owned(), bold))
}

fn faint(text: &str) -> Line<'static> {
    let dim = Style::default().add_modifier(Modifier::DIM);
    Line::from(Span::styled(printable(text).into_owned(), dim))
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::Phase;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn trial(number: usize, transport: &str) -> TrialName {
        TrialName {
            trial: number,
            of: 4,
            transport: transport.to_owned(),
            cell: String::new(),
            round: 1 + (number as u32 - 1) / 2,
            clients: 500,
        }
    }

    fn view() -> View {
        let coming =
            ["short-poll round 1", "websocket round 1", "websocket round 2", "short-poll round 2"];
        let mut view = View::new(coming.map(str::to_owned).into());
        view.take(&Event::RunBegins {
            scenario: "quickstart".to_owned(),
            question: "What does a ticker cost?\u{1b}[31m".to_owned(),
            run: "7k3mqa".to_owned(),
        });
        let figures = [("latency.p99", 0.989), ("wire_bytes_per_delivery", 940.0)];
        view.take(&Event::TrialEnds {
            trial: trial(1, "short-poll"),
            verdict: "valid".to_owned(),
            figures: figures.map(|(name, value)| (name.to_owned(), value)).into(),
        });
        view.take(&Event::Progress {
            trial: trial(2, "websocket"),
            phase: Phase::Measure,
            share: 0.5,
            connected: 500,
            failed: 0,
            delivered: 1_250,
            deliveries_per_second: Some(500.0),
            latency_mean_seconds: Some(0.0048),
            late_seconds: None,
            bytes: BTreeMap::from([("payload".to_owned(), 25_000), ("framing".to_owned(), 2_500)]),
            left_seconds: 39.5,
        });
        view
    }

    fn drawn(view: &View, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("in memory");
        terminal.draw(|frame| view.draw(frame)).expect("in memory");
        terminal.backend().to_string()
    }

    #[test]
    fn it_shows_the_trial_its_bytes_what_is_over_and_what_is_to_come() {
        let shown = drawn(&view(), 80, 24);
        for line in [
            "What does a ticker cost?\\u{1b}[31m",
            "trial 2/4: websocket round 1",
            "measure 50%",
            "clients         500 of 500",
            "deliveries      500/s, 1,250 so far",
            "latency so far  4.80 ms mean",
            "time left       39s",
            "  payload          25 kB  \u{2588}\u{2588}\u{2588}",
            "  framing        2,500 B  \u{2588}\u{2588}\u{2588} ",
            "short-poll round 1  valid  p99 989 ms  940 B",
            "q leaves the view   Ctrl-C ends the run",
        ] {
            assert!(shown.contains(line), "{line} is missing:\n{shown}");
        }
        let coming = shown.find("to come").expect("a heading");
        assert!(shown[coming..].contains("websocket round 2"), "{shown}");
        assert!(!shown[coming..].contains("websocket round 1"), "it is being played:\n{shown}");
    }

    #[test]
    fn it_can_be_drawn_on_a_terminal_of_any_size_before_and_after_the_first_event() {
        for view in [view(), View::new(Vec::new())] {
            for (width, height) in [(1, 1), (3, 40), (20, 5), (40, 12), (200, 60)] {
                let lines = drawn(&view, width, height).lines().count();
                assert_eq!(lines, usize::from(height), "{width}x{height}");
            }
        }
    }

    #[test]
    fn between_two_trials_what_is_next_is_still_to_come() {
        let mut view = view();
        view.take(&Event::TrialEnds {
            trial: trial(2, "websocket"),
            verdict: "valid".to_owned(),
            figures: BTreeMap::new(),
        });
        let shown = drawn(&view, 80, 24);
        assert!(shown.contains("between two trials"), "{shown}");
        assert!(shown.contains("websocket round 2"), "{shown}");
    }
}
