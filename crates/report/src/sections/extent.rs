//! How many clients were played for how long, and where that was less than the scenario asks.

use pushbench_protocol::Phase;
use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TrialV2};

use crate::sections::contest::range;
use crate::units::{counted, grouped, seconds};

/// `50 clients`, and how many there were in trials that had fewer; `None` without a trial.
pub(crate) fn clients(run: &RunV2) -> Option<String> {
    let trials: Vec<_> = run.trials.iter().collect();
    let first = trials.first()?;
    let fewer: Vec<_> = trials
        .iter()
        .filter(|trial| asked_clients(run, trial).is_some_and(|asked| trial.clients < asked))
        .map(|trial| trial.clients)
        .collect();
    let Some(fewest) = fewer.iter().min().map(|fewest| grouped(*fewest as f64, 0)) else {
        return Some(counted(first.clients, "client"));
    };
    let asked = counted(asked_clients(run, first).unwrap_or(first.clients), "client");
    Some(match fewer.len() == trials.len() {
        true => format!("{fewest} of {asked}"),
        false => format!("{asked} (only {fewest} in {})", some_of(fewer.len(), trials.len())),
    })
}

/// How long the measure phase was; of a sweep, which may vary it, the shortest and the longest. Of
/// trials that were ended before it was over, how much of it there was.
pub(crate) fn measured_for(run: &RunV2) -> Option<String> {
    let length = |trial: &&TrialV2| trial.phase_seconds.get(&Phase::Measure).copied();
    let (cut, mut whole): (Vec<_>, Vec<_>) =
        run.trials.iter().partition(|trial| trial.is_complete == Some(false));
    if run.scenario.cells.is_empty() {
        whole.truncate(1);
    }
    let lengths: Vec<f64> = whole.iter().filter_map(length).collect();
    let shortest = cut.iter().map(|trial| length(trial).unwrap_or(0.0)).reduce(f64::min);
    let shortest = shortest.map(|shortest| match shortest > 0.0 {
        true => seconds(shortest),
        false => "nothing".to_owned(),
    });
    match (Rounds::of(&lengths).map(|lengths| range(lengths, seconds)), shortest) {
        (Some(range), None) => Some(format!("{range} measured")),
        (Some(range), Some(shortest)) => {
            let some = some_of(cut.len(), run.trials.len());
            Some(format!("{range} measured (only {shortest} in {some})"))
        }
        (None, Some(shortest)) => {
            Some(match cut.first().and_then(|trial| setting(run, trial, "workload.measure")) {
                Some(asked) => format!("{shortest} of {asked} measured"),
                None => format!("{shortest} measured"),
            })
        }
        (None, None) => None,
    }
}

fn asked_clients(run: &RunV2, trial: &TrialV2) -> Option<u64> {
    setting(run, trial, "workload.clients")?.replace('_', "").parse().ok()
}

/// A setting of a trial, as the scenario asks it.
fn setting<'run>(run: &'run RunV2, trial: &'run TrialV2, name: &str) -> Option<&'run str> {
    trial.cell.get(name).or_else(|| run.scenario.settings.get(name)).map(String::as_str)
}

fn some_of(some: usize, all: usize) -> String {
    format!("{some} of {}", counted(all as u64, "trial"))
}
