//! What version 1 of the record could say of a run.

use std::collections::BTreeMap;

use pushbench_store::{CountsV1, ProcessWorkV2, RunV2, WaitingV2};

/// The run as it is read from a record of version 1.
pub(crate) fn of(mut run: RunV2) -> RunV2 {
    for trial in &mut run.trials {
        (trial.connections, trial.is_complete) = (None, None);
        trial.counts = CountsV1 {
            sent: None,
            connecting_segments: None,
            examples: BTreeMap::new(),
            ..trial.counts.clone()
        };
        trial.books.witnesses.clear();
        trial.books.in_flight.clear();
        trial.waiting =
            WaitingV2 { histograms: trial.waiting.histograms.clone(), ..WaitingV2::default() };
        trial.work.load = vec![ProcessWorkV2::default()];
        trial.work.server_sockets = None;
        trial.machines[0].time = None;
    }
    run
}
