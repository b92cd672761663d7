//! What is compared with what: transports by their names, cells of a sweep by their settings.

use std::collections::BTreeMap;

use pushbench_compare::{About, Found, Side, Untold};

use crate::objections::objection;
use crate::runs::{Figures, run, run_of};
use crate::{WIRE, strictly};

#[test]
fn transports_are_paired_by_name_and_one_with_other_options_is_left_out() {
    let figures: Figures<'_> = &[(WIRE, &[126.0; 2])];
    let base = run_of(&[("websocket", figures), ("sse", figures), ("old", figures)]);
    let mut new = run_of(&[("sse", figures), ("websocket", figures), ("newer", figures)]);
    new.transports[0].options = BTreeMap::from([("interval".to_owned(), "2s".to_owned())]);
    let comparison = strictly(&base, &new);
    let found: Vec<_> = comparison
        .pairs
        .iter()
        .map(|pair| (pair.transport.as_str(), pair.changes[0].found))
        .collect();
    let apart = Found::None { reason: Untold::NotComparable };
    assert_eq!(found, [("websocket", Found::Same), ("sse", apart)]);
    assert_eq!(objection(&base, &new), [(About::Transport, "sse: interval: 1s and 2s".to_owned())]);
    let alone: Vec<_> =
        comparison.unpaired.iter().map(|alone| (alone.transport.as_str(), alone.only_in)).collect();
    assert_eq!(alone, [("old", Side::Base), ("newer", Side::New)]);
}

#[test]
fn the_cells_of_a_sweep_are_compared_apart() {
    let cell =
        |clients: &str| BTreeMap::from([("workload.clients".to_owned(), clients.to_owned())]);
    let swept = |bytes: [f64; 2]| {
        let mut run = run(&[(WIRE, &[bytes[0], bytes[0], bytes[1], bytes[1]])]);
        run.scenario.cells = vec![cell("100"), cell("1000")];
        for (place, trial) in run.trials.iter_mut().enumerate() {
            trial.round = u32::try_from(place % 2).unwrap() + 1;
            trial.cell = run.scenario.cells[place / 2].clone();
        }
        run
    };
    let mut new = swept([126.0, 128.0]);
    let comparison = strictly(&swept([126.0, 126.0]), &new);
    let found: Vec<_> = comparison
        .pairs
        .iter()
        .map(|pair| (pair.cell["workload.clients"].as_str(), pair.changes[0].found))
        .collect();
    assert_eq!(found, [("100", Found::Same), ("1000", Found::Exact { difference: 2.0 })]);

    new.trials.truncate(2);
    let comparison = strictly(&swept([126.0, 126.0]), &new);
    assert_eq!(comparison.pairs.len(), 1);
    assert_eq!(comparison.unpaired[0].cell, cell("1000"));
}
