//! `pushbench check`.

use std::time::Duration;

use pushbench_scenario::{Scenario, format_duration};

use crate::arguments::CheckOptions;
use crate::exit::Exit;
use crate::output;
use crate::say::say;
use crate::scenario_file::{limits_of_this_machine, read_scenario};

/// What a trial takes beyond its planned length: start, drain, end.
const AROUND: Duration = Duration::from_millis(500);

/// Checks scenarios: says what each would do, or all that is wrong with it.
pub(crate) fn check(options: &CheckOptions) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    for path in &options.scenarios {
        match read_scenario(path, &options.changes.set, &options.changes.only)?.scenario {
            Ok(scenario) => {
                let line = format!("{}: {}\n", path.display(), summary(&scenario));
                output::put_list(&line)?;
                for limit in limits_of_this_machine(&scenario) {
                    say(format_args!("{}: {limit}", path.display()));
                    exit = Exit::Refused;
                }
            }
            Err(refused) => {
                say(refused);
                exit = Exit::Refused;
            }
        }
    }
    Ok(exit)
}

fn summary(scenario: &Scenario) -> String {
    let labels: Vec<_> = scenario.transports.iter().map(|t| t.label.as_str()).collect();
    let trials = scenario.trials();
    // What is swept may be how long a trial measures.
    let all: Duration =
        trials.iter().map(|&trial| scenario.of(trial).trial_length() + AROUND).sum();
    let cells = match scenario.cells.len() {
        0 => String::new(),
        cells => format!("{cells} combinations of swept settings, "),
    };
    format!(
        "ok, {} clients, {} ({cells}{} trials, about {})",
        scenario.workload.clients,
        labels.join(", "),
        trials.len(),
        format_duration(Duration::from_secs(all.as_secs()))
    )
}
