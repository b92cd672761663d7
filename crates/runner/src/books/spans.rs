//! Over which phases two witnesses can be compared. Pure.

use pushbench_protocol::Phase;

/// Phases that two witnesses are compared over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Span {
    /// Their names.
    pub(super) label: String,
    /// The phase before the first of them; `None` is before the first connection.
    pub(super) after: Option<Phase>,
    /// The last of them.
    pub(super) to: Phase,
}

/// What can be said of the end of a phase.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moment {
    /// It was never reached, so no span goes across it.
    Missed,
    /// It was reached, and the two cannot be compared there: what is before and after is one span.
    Restless,
    /// Both had counted the same bytes then.
    Quiet,
}

/// Spans between the ends of phases at which two witnesses can be compared.
pub(super) fn spans(at: impl Fn(Phase) -> Moment) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut begin = Some(None);
    let mut labels = Vec::new();
    for &to in Phase::ALL {
        labels.push(to.label());
        match at(to) {
            Moment::Missed => begin = None,
            Moment::Restless => {}
            Moment::Quiet => {
                if let Some(after) = begin {
                    spans.push(Span { label: labels.join(" + "), after, to });
                }
                begin = Some(Some(to));
                labels.clear();
            }
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use Phase::{Close, Connect, Drain, Measure, WarmUp};

    fn check(missed: &[Phase], restless: &[Phase], expected: &[&str]) {
        let spans = spans(|phase| match phase {
            _ if missed.contains(&phase) => Moment::Missed,
            _ if restless.contains(&phase) => Moment::Restless,
            _ => Moment::Quiet,
        });
        let labels: Vec<_> = spans.iter().map(|span| span.label.as_str()).collect();
        assert_eq!(labels, expected, "without {missed:?} and {restless:?}");
    }

    #[test]
    fn phases_that_meet_in_in_flight_are_compared_as_one() {
        // The server has no books at the end of the measure phase, of which each client has its own.
        let server = |restless: &[Phase], expected: &[&str]| {
            check(&[], &[&[Measure], restless].concat(), expected);
        };
        server(&[], &["connect", "warm-up", "measure + drain", "close"]);
        server(&[WarmUp], &["connect", "warm-up + measure + drain", "close"]);
        server(&[Connect, WarmUp, Drain], &["connect + warm-up + measure + drain + close"]);
        server(&[Close], &["connect", "warm-up", "measure + drain"]);
        check(&[], &[], &["connect", "warm-up", "measure", "drain", "close"]);
    }

    #[test]
    fn nothing_is_compared_across_a_boundary_that_was_never_reached() {
        check(&[Measure, Drain], &[], &["connect", "warm-up"]);
        check(&[WarmUp, Measure, Drain], &[Connect], &[]);
        check(&[Connect, WarmUp, Measure, Drain], &[], &[]);
    }
}
