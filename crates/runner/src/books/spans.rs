//! Over which phases two witnesses can be compared. Pure.

use pushbench_load::Boundary;

/// Phases that two witnesses are compared over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Span {
    /// Their names.
    pub(super) label: String,
    /// Where they begin; `None` is before the first connection.
    pub(super) from: Option<Boundary>,
    /// Where they end.
    pub(super) to: Boundary,
}

/// What can be said at a boundary.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moment {
    /// It was never reached, so no span goes across it.
    Missed,
    /// It was reached, and the two cannot be compared there: what is before and after is one span.
    Restless,
    /// Both had counted the same bytes then.
    Quiet,
}

/// Spans between the boundaries at which two witnesses can be compared.
pub(super) fn spans(at: impl Fn(Boundary) -> Moment) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = Some(None);
    let mut labels = Vec::new();
    for to in Boundary::ALL {
        labels.push(to.closes().label());
        match at(to) {
            Moment::Missed => from = None,
            Moment::Restless => {}
            Moment::Quiet => {
                if let Some(from) = from {
                    spans.push(Span { label: labels.join(" + "), from, to });
                }
                from = Some(Some(to));
                labels.clear();
            }
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use Boundary::{Closed, Connected, Drained, Measured, WarmedUp};

    fn check(missed: &[Boundary], restless: &[Boundary], expected: &[&str]) {
        let spans = spans(|boundary| match boundary {
            _ if missed.contains(&boundary) => Moment::Missed,
            _ if restless.contains(&boundary) => Moment::Restless,
            _ => Moment::Quiet,
        });
        let labels: Vec<_> = spans.iter().map(|span| span.label.as_str()).collect();
        assert_eq!(labels, expected, "without {missed:?} and {restless:?}");
    }

    #[test]
    fn phases_that_meet_in_in_flight_are_compared_as_one() {
        // The server has no books at the end of the measure phase, of which each client has its own.
        let server = |restless: &[Boundary], expected: &[&str]| {
            check(&[], &[&[Measured], restless].concat(), expected);
        };
        server(&[], &["connect", "warm-up", "measure + drain", "close"]);
        server(&[WarmedUp], &["connect", "warm-up + measure + drain", "close"]);
        server(&[Connected, WarmedUp, Drained], &["connect + warm-up + measure + drain + close"]);
        server(&[Closed], &["connect", "warm-up", "measure + drain"]);
        check(&[], &[], &["connect", "warm-up", "measure", "drain", "close"]);
    }

    #[test]
    fn nothing_is_compared_across_a_boundary_that_was_never_reached() {
        check(&[Measured, Drained], &[], &["connect", "warm-up"]);
        check(&[WarmedUp, Measured, Drained], &[Connected], &[]);
        check(&[Connected, WarmedUp, Measured, Drained], &[], &[]);
    }
}
