//! A run that searched for the most clients.

use pushbench_store::{CellV1, FindEnding, FindStepV2, FindV2, RunV2, TrialV2, Verdict};

use super::trials::{check, push_trial, websocket};
use super::whole::run;

/// 1,000 held, 2,000 were too many to be valid, and 1,500 were too late.
pub(crate) fn searched() -> RunV2 {
    let late = "the condition failed first".to_owned();
    let busy =
        "the load generator gave out first: its workers were busy for 97% of the time".to_owned();
    let steps = [
        step(1_000, 1, Some(0.043), None, false),
        step(2_000, 1, Some(0.31), Some(busy), true),
        step(1_500, 1, Some(0.142), Some(late.clone()), false),
        step(1_000, 2, Some(0.047), None, false),
        step(1_500, 2, Some(0.139), Some(late.clone()), false),
    ];
    let trials = steps.iter().map(|step| {
        let mut trial = push_trial(1);
        trial.cell = step.cell.clone();
        trial.round = step.rounds[0];
        trial.clients = step.value;
        if step.is_beyond {
            trial.checks.push(check("load-busy", Verdict::Invalid, "its workers were busy"));
        }
        trial
    });
    let mut run = run(vec![websocket("websocket")], trials.collect::<Vec<TrialV2>>());
    run.scenario.cells = [1_000, 1_500, 2_000].map(cell).into();
    run.expectations.clear();
    run.finds = vec![FindV2 {
        transport: "websocket".to_owned(),
        setting: "workload.clients".to_owned(),
        condition: "latency.p99 < 100ms".to_owned(),
        figure: "latency.p99".to_owned(),
        precision: 0.5,
        most: 19_872,
        room: Some(
            "open files of the load generator is 20000, and 20001 would be needed".to_owned(),
        ),
        steps: steps.into(),
        ending: FindEnding::Found,
        largest_held: Some(1_000),
        smallest_not_held: Some(1_500),
        contradictions: vec![1_250],
        limit: Some(late),
    }];
    run
}

fn cell(clients: u64) -> CellV1 {
    CellV1::from([("workload.clients".to_owned(), clients.to_string())])
}

fn step(
    value: u64,
    round: u32,
    found: Option<f64>,
    limit: Option<String>,
    is_beyond: bool,
) -> FindStepV2 {
    let held = limit.is_none();
    FindStepV2 { value, cell: cell(value), rounds: vec![round], held, found, limit, is_beyond }
}
