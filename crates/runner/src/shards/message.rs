//! What whoever conducts and a shard say to each other over the shard's stdin and stdout: one JSON value
//! a line, the job first.

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use pushbench_load::{Progress, SoFar};
use pushbench_protocol::{ByteKind, Phase, Timestamp};
use pushbench_scenario::{Shard, TrialPlan};
use pushbench_store::{FileV1, TrialV2};
use serde::{Deserialize, Serialize};

/// What a shard is to play: part of one trial of a scenario.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ShardJob {
    /// The scenario's path; files that it refers to are beside it.
    pub scenario: PathBuf,
    /// Its text, as it was when the run began.
    pub text: String,
    /// `--set` and `--load.shards` of the run.
    pub set: Vec<String>,
    /// `--only` of the run.
    pub only: Vec<String>,
    /// The files that it refers to, as they were when the run began.
    pub files: Vec<FileV1>,
    /// Which trial: its cell.
    pub cell: Option<usize>,
    /// Its transport.
    pub transport: usize,
    /// Its round, from 0.
    pub round: u32,
    /// Which part of it, from 0.
    pub index: u32,
    /// How many parts there are; 0 of a job that is of none yet.
    pub of: u32,
}

impl ShardJob {
    /// The same for a part of a trial.
    pub(super) fn of(&self, plan: TrialPlan, shard: Shard) -> Self {
        let TrialPlan { cell, transport, round } = plan;
        Self { cell, transport, round, index: shard.index(), of: shard.of(), ..self.clone() }
    }

    /// Which trial.
    pub fn plan(&self) -> TrialPlan {
        let Self { cell, transport, round, .. } = *self;
        TrialPlan { cell, transport, round }
    }

    /// Which part; `None` if there is none such.
    pub fn shard(&self) -> Option<Shard> {
        Shard::new(self.index, NonZeroU32::new(self.of)?)
    }
}

/// What a shard is told after its job.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ToShard {
    /// All are ready: this phase begins at this moment of the host's clock.
    Begin { phase: Phase, at: Timestamp },
    /// End the trial, and say what was seen.
    Stop,
}

/// What a shard says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FromShard {
    /// All before this phase is over here.
    Ready { phase: Phase },
    /// Where it stands.
    Progress(Standing),
    /// What it saw; it ends now.
    Done(Box<TrialV2>),
    /// It could not begin.
    Failed { reason: String },
}

/// [`Progress`], as it is said.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Standing {
    phase: Phase,
    connected: u64,
    failed: u64,
    delivered: u64,
    share: f64,
    late: Option<Duration>,
    latency_sum: Duration,
    latency_count: u64,
    bytes: [u64; ByteKind::ALL.len()],
}

impl From<Progress> for Standing {
    fn from(progress: Progress) -> Self {
        let Progress { phase, connected, failed, delivered, share, late, so_far } = progress;
        let SoFar { latency_sum, latency_count, bytes } = so_far;
        Self { phase, connected, failed, delivered, share, late, latency_sum, latency_count, bytes }
    }
}

impl From<Standing> for Progress {
    fn from(standing: Standing) -> Self {
        let Standing {
            phase,
            connected,
            failed,
            delivered,
            share,
            late,
            latency_sum,
            latency_count,
            bytes,
        } = standing;
        let so_far = SoFar { latency_sum, latency_count, bytes };
        Self { phase, connected, failed, delivered, share, late, so_far }
    }
}

/// Sees where a trial stands and may end it.
pub(super) type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;
