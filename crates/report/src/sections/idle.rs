//! The answer of a run in which nothing was published: what waiting costs.

use pushbench_store::RunV2;

use crate::figures::measured;
use crate::units::bytes;

/// One sentence, the cheapest transport first; `None` if the run was not idle.
pub(crate) fn answer(run: &RunV2) -> Option<String> {
    if run.trials.iter().any(|trial| trial.shard.is_some()) {
        // Of a part it is not known what was published.
        return None;
    }
    let hour = |transport| Some(measured(run, transport, "idle_wire_bytes_per_client_hour")?.value);
    let mut costs: Vec<(&str, f64)> = run
        .transports
        .iter()
        .filter_map(|transport| Some((transport.label.as_str(), hour(transport)?)))
        .collect();
    if costs.is_empty() {
        return None;
    }
    costs.sort_by(|a, b| a.1.total_cmp(&b.1));
    let costs: Vec<_> =
        costs.into_iter().map(|(label, cost)| format!("{} by {label}", bytes(cost))).collect();
    let pace = match run.scenario.settings.get("workload.time_scale") {
        Some(scale) => format!(
            " at the pace that the scenario stands for (its clocks ran {scale} times as fast)"
        ),
        None => String::new(),
    };
    Some(format!(
        "Nothing was published during the measure phase. In an hour of that{pace}, a client \
         moves on the wire: {}.",
        costs.join(", ")
    ))
}
