//! Figures of a run: over the rounds of a transport, measured and modelled.

use pushbench_protocol::TransportKind;
use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1, TrialV2, rounds};

/// The trials of a transport, in the order of their rounds.
pub(crate) fn trials<'run>(
    run: &'run RunV2,
    transport: &TransportV1,
) -> impl Iterator<Item = &'run TrialV2> {
    let label = transport.label.clone();
    run.trials.iter().filter(move |trial| trial.transport == label)
}

/// A measured figure over those trials that have it.
pub(crate) fn measured(run: &RunV2, transport: &TransportV1, figure: &str) -> Option<Rounds> {
    rounds::measured(figure, trials(run, transport))
}

/// What the model says of it.
pub(crate) fn modelled(run: &RunV2, transport: &TransportV1, figure: &str) -> Option<f64> {
    rounds::modelled(figure, trials(run, transport))
}

/// The first transport of such a kind.
pub(crate) fn first_of(
    run: &RunV2,
    is_one: impl Fn(TransportKind) -> bool,
) -> Option<&TransportV1> {
    run.transports.iter().find(|transport| is_one(transport.kind))
}

/// How many rounds were run; 0 if no trial was.
pub(crate) fn rounds(run: &RunV2) -> u32 {
    run.trials.iter().map(|trial| trial.round).max().unwrap_or(0)
}
