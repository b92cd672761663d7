//! The state of a run in Prometheus' text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write as _;

use pushbench_protocol::Phase;

use crate::board::Board;
use crate::event::{Event, TrialName};

/// The metrics of a run: the trial that is being played, and the figures of those that are over, by the names
/// that the record has for them. What is unknown is absent.
pub fn metrics(board: &Board) -> String {
    let mut out = Families::default();
    if let Some(Event::RunBegins { scenario, run, .. }) = &board.run {
        out.family("pushbench_run_info", "gauge", "The run that is being played.");
        out.sample("pushbench_run_info", &[("scenario", scenario), ("run", run)], 1.0);
    }
    if let Some(Event::Progress {
        trial,
        phase,
        share,
        connected,
        failed,
        delivered,
        latency_mean_seconds,
        late_seconds,
        bytes,
        left_seconds,
        ..
    }) = &board.now
    {
        let labels = labels(trial);
        let labels = borrowed(&labels);
        for (name, help, value) in [
            ("pushbench_trial_number", "Which trial is being played, from 1.", trial.trial as f64),
            (
                "pushbench_trials",
                "How many trials there are, in a search at most.",
                trial.of as f64,
            ),
            ("pushbench_clients_connected", "Clients that are connected.", *connected as f64),
            ("pushbench_clients_failed", "Clients that failed.", *failed as f64),
            ("pushbench_phase_share", "How far the phase is, 0 to 1.", *share),
            ("pushbench_left_seconds", "How long the run will still take.", *left_seconds),
        ] {
            out.family(name, "gauge", help);
            out.sample(name, &labels, value);
        }
        out.family("pushbench_phase", "gauge", "1 for the phase that is being played, else 0.");
        for one in Phase::ALL {
            let label = one.to_string();
            let with_phase = [&labels[..], &[("phase", label.as_str())]].concat();
            out.sample("pushbench_phase", &with_phase, f64::from(u8::from(one == phase)));
        }
        out.family(
            "pushbench_deliveries_total",
            "counter",
            "Deliveries of the measure phase of this trial.",
        );
        out.sample("pushbench_deliveries_total", &labels, *delivered as f64);
        out.family(
            "pushbench_bytes_total",
            "counter",
            "Bytes of the measure phase of this trial by kind, above TLS.",
        );
        for (kind, bytes) in bytes {
            let with_kind = [&labels[..], &[("kind", kind.as_str())]].concat();
            out.sample("pushbench_bytes_total", &with_kind, *bytes as f64);
        }
        for (name, help, value) in [
            ("pushbench_latency_mean_seconds", "Mean latency so far.", latency_mean_seconds),
            (
                "pushbench_late_seconds",
                "The latest that a request was sent after it was due.",
                late_seconds,
            ),
        ] {
            if let Some(value) = value {
                out.family(name, "gauge", help);
                out.sample(name, &labels, *value);
            }
        }
    }
    figures(&mut out, board);
    out.text
}

/// Those of the trials that are over; of one that was played again the last.
fn figures(out: &mut Families, board: &Board) {
    let over = || {
        board.over.iter().filter_map(|event| match event {
            Event::TrialEnds { trial, verdict, figures } => Some((trial, verdict, figures)),
            _ => None,
        })
    };
    if over().next().is_none() {
        return;
    }
    out.family(
        "pushbench_trial_valid",
        "gauge",
        "1 if a trial that is over may be believed, else 0.",
    );
    for (trial, verdict, _) in over() {
        let is_valid = matches!(verdict.as_str(), "valid" | "warnings");
        let labels = labels(trial);
        out.sample("pushbench_trial_valid", &borrowed(&labels), f64::from(u8::from(is_valid)));
    }
    out.family(
        "pushbench_figure",
        "gauge",
        "A figure of a trial that is over, in the record's unit.",
    );
    for (trial, _, figures) in over() {
        let labels = labels(trial);
        for (figure, value) in figures {
            let with_figure = [&borrowed(&labels)[..], &[("figure", figure.as_str())]].concat();
            out.sample("pushbench_figure", &with_figure, *value);
        }
    }
}

fn labels(trial: &TrialName) -> [(&'static str, String); 3] {
    [
        ("transport", trial.transport.clone()),
        ("cell", trial.cell.clone()),
        ("round", trial.round.to_string()),
    ]
}

fn borrowed<'a>(labels: &'a [(&'static str, String); 3]) -> Vec<(&'static str, &'a str)> {
    // An empty label is as good as none.
    let labels = labels.iter().filter(|(_, value)| !value.is_empty());
    labels.map(|(name, value)| (*name, value.as_str())).collect()
}

/// Metrics, a family after the other.
#[derive(Default)]
struct Families {
    text: String,
}

impl Families {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
        let labels: Vec<_> = labels.collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::tests::{ends, progress, trial};

    #[test]
    fn what_is_known_is_a_sample_and_what_is_not_is_none() {
        let mut board = Board::default();
        assert_eq!(metrics(&board), "", "nothing is known yet");
        board.take(&ends(1));
        board.take(&progress(2));
        let text = metrics(&board);
        for line in [
            "pushbench_clients_connected{transport=\"websocket\",round=\"1\"} 500",
            "pushbench_deliveries_total{transport=\"websocket\",round=\"1\"} 1250",
            "pushbench_bytes_total{transport=\"websocket\",round=\"1\",kind=\"payload\"} 25000",
            "pushbench_phase{transport=\"websocket\",round=\"1\",phase=\"measure\"} 1",
            "pushbench_phase{transport=\"websocket\",round=\"1\",phase=\"drain\"} 0",
            "pushbench_figure{transport=\"websocket\",round=\"1\",figure=\"latency.p99\"} 0.0093",
            "pushbench_trial_valid{transport=\"websocket\",round=\"1\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
        }
        assert!(!text.contains("late_seconds"), "it is not known: {text}");
    }

    #[test]
    fn each_family_is_told_once_and_before_its_samples() {
        let mut board = Board::default();
        board.take(&ends(1));
        board.take(&ends(2));
        board.take(&progress(3));
        let text = metrics(&board);
        let mut seen = Vec::new();
        let mut current = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                current = rest.split(' ').next().expect("a name");
                assert!(!seen.contains(&current), "{current} twice");
                seen.push(current);
            } else if !line.starts_with('#') {
                let name = line.split(['{', ' ']).next().expect("a name");
                assert_eq!(name, current, "{line}");
            }
        }
        assert!(seen.len() > 8, "{seen:?}");
    }

    #[test]
    fn a_label_ends_where_it_should_whatever_it_says() {
        let mut board = Board::default();
        let mut name = trial(1);
        name.transport = "a\"} 7\n\\".to_owned();
        board.take(&Event::TrialEnds {
            trial: name,
            verdict: "invalid".to_owned(),
            figures: [("lost".to_owned(), 3.0)].into(),
        });
        let text = metrics(&board);
        assert!(text.contains(r#"transport="a\"} 7\n\\",round="1",figure="lost"} 3"#), "{text}");
    }
}
