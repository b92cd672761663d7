//! What came of a step: whether it held, and what gave out if it did not. Pure.

use pushbench_scenario::Expectation;
use pushbench_store::{CheckV1, TrialV2, Verdict, rounds};

/// Checks that find a fault of the program, however much work there was: a byte that was counted wrong.
const FAULTS: [&str; 3] = ["books-balance", "payloads", "tls-handshakes"];
/// Checks of the load generator.
const OF_LOAD: [&str; 4] = ["load-busy", "load-stall", "publish-lateness", "poll-lateness"];

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// Whether its trials are valid and the condition holds.
    pub(super) held: bool,
    /// The figure over its rounds.
    pub(super) found: Option<f64>,
    /// What gave out; absent if it held.
    pub(super) limit: Option<String>,
    /// Whether a trial of it is invalid.
    pub(super) is_invalid: bool,
    /// Whether one is so whatever the amount of work.
    pub(super) is_fault: bool,
}

/// Judges the trials of a step.
pub(super) fn outcome(trials: &[&TrialV2], condition: &Expectation) -> Outcome {
    let found = rounds::measured(&condition.figure, trials.iter().copied());
    let checks: Vec<_> = trials.iter().map(|trial| trial.checks.as_slice()).collect();
    judged(&checks, found.map(|rounds| rounds.value), condition)
}

/// The same by the checks of each trial, and the figure over all of them.
fn judged(checks: &[&[CheckV1]], found: Option<f64>, condition: &Expectation) -> Outcome {
    let held = condition.judge(&|_, _| found, &|_, _| None).held;
    let invalid = checks.iter().copied().flatten();
    let invalid: Vec<_> = invalid.filter(|check| check.verdict == Verdict::Invalid).collect();
    let first = |names: &[&str]| {
        invalid.iter().find(|check| names.contains(&check.check.as_str())).copied()
    };
    let fault = first(&FAULTS);
    let limit = match fault.or_else(|| first(&OF_LOAD)).or_else(|| invalid.first().copied()) {
        Some(check) => Some(gave_out(check)),
        None if held => None,
        None if found.is_none() => Some(format!("there was no {} to judge", condition.figure)),
        None => Some("the condition failed first".to_owned()),
    };
    Outcome {
        held: limit.is_none(),
        found,
        limit,
        is_invalid: !invalid.is_empty(),
        is_fault: fault.is_some(),
    }
}

/// What a check that says no makes the limit.
fn gave_out(check: &CheckV1) -> String {
    let name = check.check.as_str();
    let what = if FAULTS.contains(&name) {
        "the trial cannot be believed"
    } else if OF_LOAD.contains(&name) {
        "the load generator gave out first"
    } else if name == "server-alive" {
        "the server gave out first"
    } else if is_of_open_files(&check.text) {
        "open files gave out first"
    } else {
        "the trial was invalid"
    };
    format!("{what}: {}", check.text)
}

/// Whether a text is of too few open files, as the C library calls it.
fn is_of_open_files(text: &str) -> bool {
    text.contains("Too many open files") || text.contains("os error 24")
}

#[cfg(test)]
mod tests {
    use pushbench_scenario::{Base, Condition, Operand, Relation};

    use super::*;

    fn condition() -> Expectation {
        Expectation {
            transport: "websocket".to_owned(),
            figure: "lost".to_owned(),
            condition: Condition::Compare {
                relation: Relation::Less,
                bound: Operand { base: Base::Number(3.0), times: 1.0, over: 1.0 },
            },
            written_figure: "websocket.lost".to_owned(),
            written_condition: "< 3".to_owned(),
        }
    }

    /// What comes of checks that say no, and of what was lost.
    fn of(invalid: &[(&str, &str)], lost: Option<f64>) -> Outcome {
        let check = |&(name, text): &(&str, &str)| CheckV1 {
            check: name.to_owned(),
            verdict: Verdict::Invalid,
            found: None,
            limit: None,
            text: text.to_owned(),
        };
        let checks: Vec<_> = invalid.iter().map(check).collect();
        judged(&[&checks], lost, &condition())
    }

    #[test]
    fn a_step_holds_if_its_trials_are_valid_and_its_condition_is_met() {
        let held = of(&[], Some(2.0));
        assert!(held.held && held.limit.is_none(), "{held:?}");
        let more = of(&[], Some(3.0));
        assert!(!more.held && !more.is_invalid);
        assert_eq!(more.limit.as_deref(), Some("the condition failed first"));
        let none = of(&[], None);
        assert_eq!(none.limit.as_deref(), Some("there was no lost to judge"));
    }

    #[test]
    fn what_gave_out_is_named_and_the_load_generator_before_what_came_of_it() {
        let late = ("publish-lateness", "publishes were late");
        for (invalid, limit) in [
            (
                vec![("deliveries", "3 lost"), late],
                "the load generator gave out first: publishes were late",
            ),
            (vec![("server-alive", "it ended")], "the server gave out first: it ended"),
            (
                vec![("errors", "io: Too many open files (os error 24)")],
                "open files gave out first: io: Too many open files (os error 24)",
            ),
            (vec![("deliveries", "3 lost")], "the trial was invalid: 3 lost"),
        ] {
            let outcome = of(&invalid, Some(0.0));
            assert!(!outcome.held && outcome.is_invalid && !outcome.is_fault);
            assert_eq!(outcome.limit.as_deref(), Some(limit));
        }
    }

    #[test]
    fn a_byte_that_was_counted_wrong_is_no_limit_but_a_fault() {
        let outcome = of(&[("load-busy", "busy"), ("books-balance", "1 byte apart")], Some(0.0));
        assert!(!outcome.held && outcome.is_fault);
        assert_eq!(outcome.limit.as_deref(), Some("the trial cannot be believed: 1 byte apart"));
    }
}
