//! By what the bytes are divided. Where updates are dropped or coalesced, a transport that delivers
//! fewer of them has more bytes for each and may have fewer in all: the sign of the answer can flip.

use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, trials};
use crate::sections::layer::Layer;
use crate::units::bytes;

/// Shares of delivered messages this close are the same messages.
pub(crate) const SAME_DELIVERIES: f64 = 0.005;

/// Deliveries of the messages due in the measure phase, of those expected; over all rounds.
pub(crate) fn delivered_share(run: &RunV2, transport: &TransportV1) -> Option<f64> {
    let counts = trials(run, transport).map(|trial| &trial.counts);
    let (delivered, expected) = counts.fold((0, 0), |(delivered, expected), counts| {
        (delivered + counts.delivered, expected + counts.expected)
    });
    (expected > 0).then(|| delivered as f64 / expected as f64)
}

/// Whether any of these transports delivered less than was published.
pub(crate) fn some_are_dropped(run: &RunV2, of: &[&TransportV1]) -> bool {
    of.iter().any(|transport| {
        delivered_share(run, transport).is_some_and(|share| share < 1.0 - SAME_DELIVERIES)
    })
}

/// The figure at that layer that does not depend on how many messages there were.
pub(crate) const fn per_client_second(layer: Layer) -> &'static str {
    match layer {
        Layer::Wire => "wire_bytes_per_client_second",
        Layer::Stream => "stream_bytes_per_client_second",
    }
}

/// What the other denominator says of two transports of which the first has fewer bytes per delivered
/// message, or as many; `None` where it is not known of both.
pub(crate) fn by_the_second(
    run: &RunV2,
    layer: Layer,
    [best, base]: [&TransportV1; 2],
) -> Option<String> {
    let of = |transport| measured(run, transport, per_client_second(layer));
    let (few, many) = (of(best)?, of(base)?);
    let per_delivery = [layer.bytes(run, best)?, layer.bytes(run, base)?];
    let verdict = match said([few, many], per_delivery) {
        Said::Flips => format!(
            ": by that measure {} is the one with fewer bytes, and the answer is the other way around",
            base.label
        ),
        Said::Same => String::new(),
        Said::Unclear => ", which the rounds do not tell apart".to_owned(),
    };
    Some(format!(
        "Per client and second {} moved {} and {} {}{verdict}.",
        best.label,
        bytes(few.value),
        base.label,
        bytes(many.value)
    ))
}

/// How two denominators go together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    /// Both name the same transport as the one with fewer bytes.
    Same,
    /// Each names another.
    Flips,
    /// The rounds do not tell the transports apart by one of them.
    Unclear,
}

fn said(per_second: [Rounds; 2], per_delivery: [Rounds; 2]) -> Said {
    let is_apart = |[a, b]: &[Rounds; 2]| !a.overlaps(b);
    if !is_apart(&per_second) || !is_apart(&per_delivery) {
        return Said::Unclear;
    }
    let first_has_fewer = |[a, b]: [Rounds; 2]| a.value < b.value;
    match first_has_fewer(per_second) == first_has_fewer(per_delivery) {
        true => Said::Same,
        false => Said::Flips,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(values: &[f64]) -> Rounds {
        Rounds::of(values).expect("some rounds")
    }

    #[test]
    fn the_answer_flips_where_the_one_with_fewer_bytes_per_message_has_more_in_all() {
        let pair = |a: &[f64], b: &[f64]| [rounds(a), rounds(b)];
        for (per_second, per_delivery, expected) in [
            // A push that delivers ten times a second against a poll that sees one in ten.
            (pair(&[1_300.0], &[600.0]), pair(&[130.0], &[600.0]), Said::Flips),
            (pair(&[130.0], &[600.0]), pair(&[130.0], &[600.0]), Said::Same),
            (pair(&[600.0], &[130.0]), pair(&[600.0], &[130.0]), Said::Same),
            (pair(&[500.0, 700.0], &[600.0]), pair(&[130.0], &[600.0]), Said::Unclear),
            (pair(&[130.0], &[600.0]), pair(&[500.0, 700.0], &[600.0]), Said::Unclear),
        ] {
            assert_eq!(said(per_second, per_delivery), expected, "{per_second:?} {per_delivery:?}");
        }
    }
}
