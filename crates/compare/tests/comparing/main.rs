//! Comparisons of runs made by hand: `changes` of a figure, `finds` of searches, `objections` to comparing,
//! `pairs` of what is compared with what, `gates`, how well a figure is `known`, and
//! `trends` of many runs.

mod changes;
mod finds;
mod gates;
mod known;
mod objections;
mod pairs;
mod runs;
mod trends;

use std::collections::BTreeSet;

use pushbench_compare::{Comparison, Condition, Gate, Judgement, compare};
use pushbench_store::RunV2;

const WIRE: &str = "wire_bytes_per_delivery";
const P99: &str = "latency.p99";

fn strictly(base: &RunV2, new: &RunV2) -> Comparison {
    compare(base, new, &BTreeSet::new())
}

/// What a gate says of each figure that its conditions name.
fn judge(base: &RunV2, new: &RunV2, conditions: &[&str]) -> Vec<(String, Judgement)> {
    let conditions: Vec<Condition> = conditions.iter().map(|text| text.parse().unwrap()).collect();
    let gate = Gate::judge(&strictly(base, new), &conditions).unwrap();
    gate.judged.into_iter().map(|judged| (judged.figure, judged.judgement)).collect()
}
