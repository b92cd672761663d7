//! How long a scenario takes.

use std::time::Duration;

use pushbench_runner::machine;
use pushbench_scenario::{Find, Scenario, SearchRange, format_duration};

/// What a trial takes beyond its planned length: start, drain, end.
const AROUND: Duration = Duration::from_millis(500);

/// How long a trial takes, with its start and its end.
fn of_trial(scenario: &Scenario) -> Duration {
    scenario.trial_length() + AROUND
}

/// How long all trials take that are planned. What is swept may be how long a trial measures.
pub(crate) fn of_all_trials(scenario: &Scenario) -> Duration {
    scenario.trials().iter().map(|&trial| of_trial(scenario.of(trial))).sum()
}

/// How long a search in this range takes at most: as if each of its trials were the longest.
pub(crate) fn of_search(scenario: &Scenario, find: &Find, range: SearchRange) -> Duration {
    let largest = of_trial(&scenario.step(find.quantity, range.to));
    let trials = u32::try_from(scenario.most_trials_in(range)).unwrap_or(u32::MAX);
    largest.saturating_mul(trials)
}

/// How long it takes, in words: `about 45s`, and of what may end before, as a search, `at most 10min`.
pub(crate) fn in_words(scenario: &Scenario) -> String {
    let (about, length) = match &scenario.find {
        None if scenario.until.is_some() => ("at most", of_all_trials(scenario)),
        None => ("about", of_all_trials(scenario)),
        Some(find) => {
            let (range, _) = find.within(scenario, &machine(), &|_| None);
            ("at most", of_search(scenario, find, range))
        }
    };
    format!("{about} {}", format_duration(Duration::from_secs(length.as_secs())))
}
