//! The link of a trial: made for it, entered, told of its phases, and taken down.

use std::sync::Arc;

use pushbench_link::{
    Inside, Link, LinkCounts, Missing, Namespace, Passed, PathCounts, Scheduling,
};
use pushbench_protocol::{LinkShape, PathShape, Phase};
use pushbench_scenario::Scenario;
use pushbench_store::{HistogramV1, LinkPathV2, LinkV2, PacketsV2};

use crate::RunError;

/// The link that a trial is played over, or none.
#[derive(Debug)]
pub(crate) struct TrialLink(Option<(Link, u64)>);

/// Why this process can make no link; `None` if it can. Makes one and takes it down.
pub fn link_refusal(scenario: &Scenario) -> Option<Missing> {
    let shape = scenario.with_cells().find_map(|cell| cell.network.link)?;
    Link::up(shape, scenario.workload.seed).err()
}

impl TrialLink {
    /// Makes the link that the scenario asks for, with the seed of its round.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn up(scenario: &Scenario) -> Result<Self, RunError> {
        let Some(shape) = scenario.network.link else { return Ok(Self(None)) };
        let seed = scenario.workload.seed;
        let link = Link::up(shape, seed).map_err(|missing| RunError::Link(missing.to_string()))?;
        Ok(Self(Some((link, seed))))
    }

    /// The calling thread is at the server's end until the guard is dropped.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(crate) fn enter_near(&self) -> Result<Option<Inside>, RunError> {
        let enter = |(link, _): &(Link, u64)| link.near().enter();
        self.0.as_ref().map(enter).transpose().map_err(|error| RunError::Link(error.to_string()))
    }

    /// Where the clients are.
    pub(crate) fn far(&self) -> Option<Arc<Namespace>> {
        self.0.as_ref().map(|(link, _)| Arc::clone(link.far()))
    }

    /// From now on packets are of this phase.
    pub(crate) fn begin(&self, phase: Phase) {
        if let Some((link, _)) = &self.0 {
            link.begin(phase);
        }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.as_ref().is_some_and(|(link, _)| link.has_failed())
    }

    /// Takes it down once nothing moves; what it saw, for the record.
    pub(crate) fn down(self) -> Option<LinkV2> {
        let (link, seed) = self.0?;
        let LinkShape { up, down, mtu } = *link.shape();
        let bare = |shape| path(shape, &PathCounts::default());
        Some(match link.down() {
            Ok(counts) => on_record(&counts, LinkShape { up, down, mtu }, seed),
            Err(failure) => LinkV2 {
                mtu,
                seed,
                up: bare(up),
                down: bare(down),
                failure: Some(failure),
                ..LinkV2::default()
            },
        })
    }
}

fn on_record(counts: &LinkCounts, shape: LinkShape, seed: u64) -> LinkV2 {
    LinkV2 {
        mtu: shape.mtu,
        seed,
        up: path(shape.up, &counts.up),
        down: path(shape.down, &counts.down),
        connections: counts.connections,
        under_way: counts.under_way,
        device_drops: counts.drops.near + counts.drops.far,
        scheduling: match &counts.scheduling {
            Scheduling::Fifo => "SCHED_FIFO".to_owned(),
            Scheduling::Usual { why } => format!("as any thread, since SCHED_FIFO says \"{why}\""),
        },
        cpu_ns: u64::try_from(counts.cpu.as_nanos()).unwrap_or(u64::MAX),
        congestion_control: counts.congestion_control.clone(),
        echoes_sent: counts.echoes.sent,
        echo: HistogramV1::of(&counts.echoes.round_trip),
        failure: None,
    }
}

fn path(shape: PathShape, counts: &PathCounts) -> LinkPathV2 {
    let nanos =
        |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    LinkPathV2 {
        delay_ns: nanos(shape.delay),
        jitter_ns: nanos(shape.jitter),
        rate: shape.rate,
        queue_bytes: shape.rate.map(|_| shape.queue),
        loss_ppm: shape.loss_ppm,
        entered: packets(counts.entered),
        left: packets(counts.left),
        lost: packets(counts.lost),
        queue_full: packets(counts.queue_full),
        after_end: packets(counts.after_end),
        after_end_entered: Some(packets(counts.after_end_entered)),
        other: packets(counts.other),
        extra_option_bytes: counts.extra_options,
        data_bytes: counts.data,
        over_mtu: counts.over_mtu,
        refused: counts.refused,
        phases: counts.by_phase.iter().map(|(phase, of)| (*phase, packets(*of))).collect(),
        lateness: HistogramV1::of(&counts.lateness_in(&[Phase::Measure])),
        lateness_of_all: HistogramV1::of(&counts.lateness_in(Phase::ALL)),
    }
}

const fn packets(passed: Passed) -> PacketsV2 {
    PacketsV2 { packets: passed.packets, bytes: passed.bytes }
}
