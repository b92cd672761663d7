//! What happens in a run, as it is told to programs.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use serde::Serialize;

/// One thing that has happened. Times are seconds; what is unknown is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The first trial is about to begin.
    RunBegins {
        /// Name of the scenario.
        scenario: String,
        /// Its question.
        question: String,
        /// Id of the run.
        run: String,
    },
    /// A trial begins.
    TrialBegins {
        /// Which.
        #[serde(flatten)]
        trial: TrialName,
        /// How long it is planned to take.
        planned_seconds: f64,
    },
    /// Where a trial stands, twice a second.
    Progress {
        /// Which.
        #[serde(flatten)]
        trial: TrialName,
        /// The phase.
        phase: Phase,
        /// How far the phase is, 0 to 1.
        share: f64,
        /// Clients that are connected.
        connected: u64,
        /// Clients that failed.
        failed: u64,
        /// Deliveries of the measure phase so far.
        delivered: u64,
        /// Deliveries per second over the last second; absent outside the measure phase.
        #[serde(skip_serializing_if = "Option::is_none")]
        deliveries_per_second: Option<f64>,
        /// Mean latency of the measure phase so far.
        #[serde(skip_serializing_if = "Option::is_none")]
        latency_mean_seconds: Option<f64>,
        /// The latest that a poll or a publish was sent after it was due.
        #[serde(skip_serializing_if = "Option::is_none")]
        late_seconds: Option<f64>,
        /// Bytes of the measure phase so far by kind, both directions, above TLS.
        bytes: BTreeMap<String, u64>,
        /// How long the whole run will still take, at most in a search.
        left_seconds: f64,
    },
    /// The floor of a trial is being played.
    Floor {
        /// Which.
        #[serde(flatten)]
        trial: TrialName,
    },
    /// A trial was disturbed by the machine and will be played again.
    TrialDisturbed {
        /// Which.
        #[serde(flatten)]
        trial: TrialName,
        /// What disturbed it.
        reasons: Vec<String>,
    },
    /// A trial is over.
    TrialEnds {
        /// Which.
        #[serde(flatten)]
        trial: TrialName,
        /// `valid`, `warnings`, `invalid` or `not-checked`.
        verdict: String,
        /// Its figures, by the names of the record.
        figures: BTreeMap<String, f64>,
    },
    /// The run is over.
    RunEnds {
        /// The exit code of the program.
        exit_code: u8,
        /// The folder with the record and the report; absent if there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
}

/// Which trial something is of.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct TrialName {
    /// From 1.
    pub trial: usize,
    /// How many there are; in a search at most.
    pub of: usize,
    /// Label of the transport.
    pub transport: String,
    /// The swept settings; empty without a sweep.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cell: String,
    /// From 1.
    pub round: u32,
    /// Clients that are played.
    pub clients: u32,
}
