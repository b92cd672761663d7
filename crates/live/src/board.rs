//! What all events so far come to: for a page that is opened late, and for metrics.

use serde::Serialize;

use crate::event::Event;

/// Most trials that are kept; those before them are in the record.
const KEPT: usize = 200;

/// The state of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Board {
    /// How it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Event>,
    /// The newest of the trial that is being played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Event>,
    /// Trials that are over, in their order, also those that were disturbed.
    pub over: Vec<Event>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Event>,
}

impl Board {
    /// Takes one more event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::RunBegins { .. } => self.run = Some(event.clone()),
            Event::TrialBegins { .. } | Event::Progress { .. } | Event::Floor { .. } => {
                self.now = Some(event.clone());
            }
            Event::TrialEnds { .. } | Event::TrialDisturbed { .. } => {
                self.now = None;
                if self.over.len() == KEPT {
                    self.over.remove(0);
                }
                self.over.push(event.clone());
            }
            Event::RunEnds { .. } => {
                self.now = None;
                self.end = Some(event.clone());
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use pushbench_protocol::Phase;

    use super::*;
    use crate::event::TrialName;

    pub(crate) fn trial(number: usize) -> TrialName {
        TrialName {
            trial: number,
            of: 4,
            transport: "websocket".to_owned(),
            cell: String::new(),
            round: 1,
            clients: 500,
        }
    }

    pub(crate) fn progress(number: usize) -> Event {
        Event::Progress {
            trial: trial(number),
            phase: Phase::Measure,
            share: 0.5,
            connected: 500,
            failed: 0,
            delivered: 1_250,
            deliveries_per_second: Some(500.0),
            latency_mean_seconds: Some(0.0048),
            late_seconds: None,
            bytes: BTreeMap::from([("payload".to_owned(), 25_000), ("framing".to_owned(), 2_500)]),
            left_seconds: 9.5,
        }
    }

    pub(crate) fn ends(number: usize) -> Event {
        Event::TrialEnds {
            trial: trial(number),
            verdict: "valid".to_owned(),
            figures: BTreeMap::from([("latency.p99".to_owned(), 0.0093)]),
        }
    }

    #[test]
    fn a_trial_that_is_over_is_no_longer_being_played() {
        let mut board = Board::default();
        board.take(&progress(1));
        assert_eq!(board.now, Some(progress(1)));
        board.take(&ends(1));
        assert_eq!((board.now.clone(), board.over.len()), (None, 1));
        board.take(&progress(2));
        board.take(&Event::RunEnds { exit_code: 105, folder: None });
        assert_eq!(board.now, None, "the last trial was broken off");
    }

    #[test]
    fn a_long_run_does_not_grow_without_end() {
        let mut board = Board::default();
        for number in 0..KEPT + 3 {
            board.take(&ends(number));
        }
        assert_eq!((board.over.len(), &board.over[0]), (KEPT, &ends(3)));
    }
}
