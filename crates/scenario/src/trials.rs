//! The order in which transports answer.

use crate::Scenario;

/// One transport answering once.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TrialPlan {
    /// Which transport: its place in [`Scenario::transports`].
    pub transport: usize,
    /// Which round, from 0.
    pub round: u32,
}

impl Scenario {
    /// The trials in the order in which they are run.
    ///
    /// Rounds follow one another, so drift of the machine hits all transports alike, and each round
    /// begins with the transport that ended the one before (A B C, C A B, B C A), so none always
    /// runs behind the same other.
    pub fn trials(&self) -> Vec<TrialPlan> {
        let transports = self.transports.len();
        (0..self.workload.rounds.get())
            .flat_map(|round| {
                let turn = round as usize % transports.max(1);
                (0..transports).map(move |place| TrialPlan {
                    transport: (place + transports - turn) % transports,
                    round,
                })
            })
            .collect()
    }
}
