//! Figures of a run: over the rounds of a transport, measured and modelled.

use pushbench_protocol::{ByteKind, Direction, Layer, TransportKind};
use pushbench_stats::{Histogram, Rounds};
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

/// The same as a table shows it. A trial records no figure of a kind of bytes that only third-party
/// servers have and that it had none of; where its bytes were counted, that is 0 and not unknown. What
/// stood around messages that came compressed is unknown.
pub(crate) fn tabled(run: &RunV2, transport: &TransportV1, figure: &str) -> Option<Rounds> {
    measured(run, transport, figure).or_else(|| {
        let (label, per) = figure.split_once("_bytes_")?;
        let is_one = |kind: &&ByteKind| kind.label() == label && kind.is_third_party();
        let kind = *ByteKind::ALL.iter().find(is_one)?;
        let is_coded = trials(run, transport).any(|trial| trial.counts.coded_messages.is_some());
        let is_up = per.starts_with(Direction::Up.label());
        if kind == ByteKind::Wrapping && is_coded && !is_up {
            return None;
        }
        let stream = format!("{}_bytes_{per}", Layer::Stream.label());
        measured(run, transport, &stream).and_then(|_| Rounds::of(&[0.0]))
    })
}

/// A percentile of all samples of a distribution, and those of the rounds. `None` where no round has
/// samples on record.
pub(crate) fn percentile(
    run: &RunV2,
    transport: &TransportV1,
    distribution: &str,
    quantile: f64,
) -> Option<Rounds> {
    let at = |samples: &Histogram| Some(samples.quantile(quantile)?.as_secs_f64());
    let of_round = |trial| at(&rounds::samples(distribution, [trial])?);
    let values: Vec<_> = trials(run, transport).filter_map(of_round).collect();
    let value = at(&rounds::samples(distribution, trials(run, transport))?)?;
    Some(Rounds { value, ..Rounds::of(&values)? })
}

/// Whether the messages of a transport were its server's own; not said where no trial ran.
pub(crate) fn publishes_by_itself(run: &RunV2, transport: &TransportV1) -> bool {
    trials(run, transport).any(|trial| trial.counts.publishes_by_itself)
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
