//! The order in which transports answer.

use std::time::Duration;

use crate::Scenario;
use crate::random::{Purpose, Random};

/// How long a floor is played before it is measured.
pub const FLOOR_WARM_UP: Duration = Duration::from_millis(500);
/// How long it is measured where enough happens.
const FLOOR_MEASURE: Duration = Duration::from_secs(3);

/// One transport answering once.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TrialPlan {
    /// Which cell: its place in [`Scenario::cells`]; `None` without a sweep.
    pub cell: Option<usize>,
    /// Which transport: its place in [`Scenario::transports`].
    pub transport: usize,
    /// Which round, from 0.
    pub round: u32,
}

impl Scenario {
    /// Itself, then each of its cells.
    pub fn with_cells(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.cells.iter().map(|cell| &cell.scenario))
    }

    /// The trials in the order in which they are run.
    ///
    /// Rounds follow one another, so drift of the machine hits all alike. Within a round the cells
    /// of a sweep come in a seeded random order, so none always runs behind the same other; within
    /// a cell the transports follow one another, each round beginning with the one that ended the
    /// round before (A B C, C A B, B C A).
    pub fn trials(&self) -> Vec<TrialPlan> {
        let transports = self.transports.len();
        let mut plans = Vec::new();
        for round in 0..self.workload.rounds.get() {
            let turn = round as usize % transports.max(1);
            for cell in self.cell_order(round) {
                plans.extend((0..transports).map(|place| TrialPlan {
                    cell,
                    transport: (place + transports - turn) % transports,
                    round,
                }));
            }
        }
        plans
    }

    /// The cells of a round in a seeded order (Fisher and Yates); without a sweep, none.
    fn cell_order(&self, round: u32) -> Vec<Option<usize>> {
        let mut order: Vec<_> = (0..self.cells.len()).map(Some).collect();
        let mut random = Random::new(self.workload.seed, Purpose::CellOrder, round);
        for last in (1..order.len()).rev() {
            order.swap(last, (random.bits() % (last as u64 + 1)) as usize);
        }
        if order.is_empty() { vec![None] } else { order }
    }

    /// How long one trial of this scenario is by its settings: connecting, warm-up and measure
    /// phase, its floor, and the pause before it. Starting and ending a server, and the drain, take about half a second
    /// more.
    pub fn trial_length(&self) -> Duration {
        let clients = f64::from(self.workload.clients.get());
        let connect =
            Duration::from_secs_f64(clients / f64::from(self.load.connects_per_second.get()));
        let floor = if self.floor {
            connect + FLOOR_WARM_UP + self.floor_measure()
        } else {
            Duration::ZERO
        };
        self.around.cool_down + connect + self.workload.warm_up + self.workload.measure + floor
    }

    /// How long a floor is measured: at most as long as a trial, and as long as three messages take.
    pub fn floor_measure(&self) -> Duration {
        let three = Duration::from_secs_f64(3.0 / self.workload.publish.rate.per_second());
        self.workload.measure.min(three.max(FLOOR_MEASURE))
    }

    /// The scenario that a trial plays.
    pub fn of(&self, plan: TrialPlan) -> &Self {
        plan.cell.map_or(self, |cell| &self.cells[cell].scenario)
    }
}
