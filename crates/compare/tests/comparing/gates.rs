//! What a gate makes of changes, and of a condition that names none.

use pushbench_compare::{Gate, Judgement};

use crate::runs::run;
use crate::{P99, WIRE, judge, strictly};

#[test]
fn a_gate_on_bytes_rings_at_the_first_byte_beyond_its_bound() {
    let base = run(&[(WIRE, &[200.0; 2])]);
    for (new, condition, expected) in [
        (201.0, "websocket.wire_bytes_per_delivery > +0.5%", Judgement::Passed),
        (202.0, "websocket.wire_bytes_per_delivery > +0.5%", Judgement::Regression),
        (201.0, "*.wire_bytes_per_delivery > +0%", Judgement::Regression),
        (200.0, "*.wire_bytes_per_delivery > +0%", Judgement::Passed),
        (190.0, "*.wire_bytes_per_delivery > +0%", Judgement::Passed),
        (190.0, "*.wire_bytes_per_delivery < -4%", Judgement::Regression),
    ] {
        let new = run(&[(WIRE, &[new; 2])]);
        assert_eq!(judge(&base, &new, &[condition]), [(WIRE.to_owned(), expected)], "{condition}");
    }
}

#[test]
fn from_no_bytes_to_some_is_a_regression_by_any_share() {
    let [base, new] = [0.0, 4.0].map(|bytes| run(&[("framing_bytes_per_delivery", &[bytes; 3])]));
    let judged = judge(&base, &new, &["*.framing_bytes_per_delivery > +500%"]);
    assert_eq!(judged[0].1, Judgement::Regression);
}

#[test]
fn a_gate_on_time_takes_the_whole_interval_beyond_the_bound() {
    let base = run(&[(P99, &[0.100, 0.101, 0.102])]);
    for (new, expected) in [
        ([0.100, 0.102, 0.101], Judgement::Passed),
        // Slower for sure, but not for sure by a tenth.
        ([0.111, 0.112, 0.113], Judgement::Unsure),
        ([0.108, 0.109, 0.110], Judgement::Passed),
        ([0.120, 0.121, 0.122], Judgement::Regression),
        // Far beyond in the mean, and all over the place.
        ([0.100, 0.500, 0.200], Judgement::Unsure),
    ] {
        let new = run(&[(P99, &new)]);
        assert_eq!(judge(&base, &new, &["*.latency.p99 > +10%"])[0].1, expected, "{new:?}");
    }
}

#[test]
fn a_figure_that_was_not_judged_passes_no_gate() {
    let base = run(&[(P99, &[0.1])]);
    let conditions = ["*.latency.p99 > +10%".parse().unwrap()];
    let gate = Gate::judge(&strictly(&base, &base), &conditions).unwrap();
    assert_eq!(gate.judged[0].judgement, Judgement::NotJudged);
    assert!(gate.has_unjudged_condition());
}

#[test]
fn a_condition_that_names_nothing_is_refused_with_what_was_meant() {
    let base = run(&[(WIRE, &[126.0; 2])]);
    for (condition, said) in [
        (
            "websockte.wire_bytes_per_delivery > +1%",
            "no transport `websockte` among websocket; did you mean `websocket`?",
        ),
        (
            "*.wire_bytes_per_delivry > +1%",
            "* has no figure `wire_bytes_per_delivry`; did you mean `wire_bytes_per_delivery`?",
        ),
        ("websocket.bananas > +1%", "websocket has no figure `bananas`"),
    ] {
        let conditions = [condition.parse().unwrap()];
        let error = Gate::judge(&strictly(&base, &base), &conditions).unwrap_err().to_string();
        let expected = format!("`{condition}` names nothing that was compared: {said}");
        assert_eq!(error, expected);
    }
}
