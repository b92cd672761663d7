//! What two searches found.

use pushbench_store::{FindEnding, FindV2, RunV2};

use crate::runs::run;
use crate::strictly;

/// A run whose search found that so many clients held.
fn found(largest_held: Option<u64>) -> RunV2 {
    let mut run = run(&[]);
    run.id = format!("found{}", largest_held.unwrap_or(0));
    run.finds = vec![FindV2 {
        transport: "websocket".to_owned(),
        setting: "workload.clients".to_owned(),
        condition: "latency.p99 < 100ms".to_owned(),
        figure: "latency.p99".to_owned(),
        precision: 0.05,
        most: 100_000,
        room: None,
        steps: Vec::new(),
        ending: FindEnding::Found,
        largest_held,
        smallest_not_held: Some(3_000),
        contradictions: Vec::new(),
        limit: None,
    }];
    run
}

#[test]
fn the_largest_values_of_two_searches_are_compared_by_their_ratio() {
    let ratio = |base, new| {
        let comparison = strictly(&found(base), &found(new));
        let find = comparison.finds.into_iter().next().expect("both searched");
        (find.ratio, find.is_beyond_precision())
    };
    assert_eq!(ratio(Some(1_000), Some(2_000)), (Some(2.0), true));
    assert_eq!(ratio(Some(1_000), Some(960)), (Some(0.96), false));
    assert_eq!(ratio(Some(1_000), Some(900)), (Some(0.9), true));
    assert_eq!(ratio(None, Some(900)), (None, false));
}

#[test]
fn searches_for_something_else_or_on_another_machine_are_not_compared() {
    let base = found(Some(1_000));
    let mut other = found(Some(2_000));
    other.finds[0].condition = "latency.p99 < 50ms".to_owned();
    assert!(strictly(&base, &other).finds.is_empty());
    let mut elsewhere = found(Some(2_000));
    elsewhere.environment.cores = Some(64);
    let comparison = strictly(&base, &elsewhere);
    assert_eq!(comparison.finds[0].ratio, None);
    assert!(!comparison.is_comparable());
}
