//! A run from the files of its shards, each of which another machine has played. Pure.

use std::collections::BTreeMap;

use pushbench_scenario::{Scenario, Shard};
use pushbench_store::{RunStatus, RunV2, ShardV2, SumsError, TrialV2};

use super::merge_without;
use crate::derive::Played;
use crate::equal_work::check_equal_work;
use crate::run::judge_expectations;

/// A run on record, and the name of its file.
pub type NamedRun = (String, RunV2);

/// Why files are not the shards of one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Nothing to put together.
    #[error("no file was given, expected one of each shard")]
    Nothing,
    /// A whole run, or one without a trial.
    #[error(
        "{file} is no shard of a run, expected a record that `pushbench run --shard K/N` has written"
    )]
    NoShard {
        /// Its name.
        file: String,
    },
    /// A shard of another run.
    #[error(
        "{file} is a shard of another run: {what} is {found}, expected {expected} as in {first}"
    )]
    Foreign {
        /// Its name.
        file: String,
        /// What differs.
        what: String,
        /// What it says.
        found: String,
        /// What the first says.
        expected: String,
        /// Name of the first.
        first: String,
    },
    /// Two files of one shard.
    #[error("{first} and {second} are both shard {shard}, expected each once")]
    Twice {
        /// Name of one.
        first: String,
        /// Name of the other.
        second: String,
        /// Which shard.
        shard: String,
    },
    /// Shards that are in no file.
    #[error("shard {0} is in none of the files, expected every shard of the run")]
    Missing(String),
    /// A shard that has not played all trials.
    #[error("{file} has not played {trial}, which {other} has")]
    Unplayed {
        /// Its name.
        file: String,
        /// Which trial.
        trial: String,
        /// Who has.
        other: String,
    },
    /// What the shards counted does not add up.
    #[error("the counts of the shards do not add up: {0}")]
    Sums(#[from] SumsError),
}

/// The shards of one run by their numbers, or why these files are not all of them, each once.
///
/// # Errors
///
/// If one is missing, doubled, or of another run: another scenario, seed, program or beginning.
pub fn shards_of_one_run(files: &[NamedRun]) -> Result<Vec<&NamedRun>, MergeError> {
    let first = files.first().ok_or(MergeError::Nothing)?;
    let mut by_number: BTreeMap<u32, &NamedRun> = BTreeMap::new();
    let of = shard_of(first)?.of;
    for file in files {
        let shard = shard_of(file)?;
        is_of_the_run(file, first)?;
        if let Some(other) = by_number.insert(shard.number, file) {
            return Err(MergeError::Twice {
                first: other.0.clone(),
                second: file.0.clone(),
                shard: format!("{}/{of}", shard.number),
            });
        }
    }
    let missing = (1..=of).filter(|number| !by_number.contains_key(number));
    let missing: Vec<_> = missing.map(|number| format!("{number}/{of}")).collect();
    if !missing.is_empty() {
        return Err(MergeError::Missing(missing.join(", ")));
    }
    Ok(by_number.into_values().collect())
}

/// Puts the shards of one run together: the record is what one process would have written that had
/// played all of it, whatever the order of the files.
///
/// # Errors
///
/// If these are not the shards of one run, each once, or their counts do not add up.
pub fn merge_runs(files: &[NamedRun], scenario: &Scenario) -> Result<RunV2, MergeError> {
    let files = shards_of_one_run(files)?;
    let runs = || files.iter().map(|(_, run)| run);
    let (first_name, first) = (&files[0].0, &files[0].1);
    let mut run = RunV2 { trials: Vec::new(), notes: notes(&files), ..first.clone() };
    run.notes.extend(unlike_tags(&files));
    run.started_at = runs().map(|run| run.started_at.clone()).min().unwrap_or_default();
    run.ended_at = runs().map(|run| run.ended_at.clone()).max().unwrap_or_default();
    run.elapsed_seconds = runs().filter_map(|run| run.elapsed_seconds).reduce(f64::max);
    run.tags = runs().rev().flat_map(|run| run.tags.clone()).collect();
    run.status = worst(runs().map(|run| run.status));
    run.failure = runs().find_map(|run| run.failure.clone());
    for (left, right) in files.iter().flat_map(|file| [(files[0], *file), (*file, files[0])]) {
        let unplayed = left.1.trials.iter().find(|trial| same_trial(&right.1, trial).is_none());
        if let Some(trial) = unplayed {
            return Err(MergeError::Unplayed {
                file: right.0.clone(),
                trial: format!("`{}`, round {}", trial.transport, trial.round),
                other: left.0.clone(),
            });
        }
    }
    for trial in &first.trials {
        let shards: Vec<TrialV2> =
            runs().filter_map(|run| same_trial(run, trial).cloned()).collect();
        let cells = scenario.cells.iter();
        let cell = cells.clone().find(|cell| cell.settings == trial.cell);
        let played = cell.map_or(scenario, |cell| &cell.scenario);
        let mut played = played.clone();
        played.workload.seed =
            pushbench_scenario::round_seed(played.workload.seed, trial.round.saturating_sub(1));
        let transport = played.transports.iter().find(|of| of.label == trial.transport);
        let foreign = || MergeError::NoShard { file: first_name.clone() };
        let transport = transport.ok_or_else(foreign)?;
        let parts = (&played, transport);
        let played =
            Played::of_shards(parts, trial.cell.clone(), &shards, true).ok_or_else(foreign)?;
        let late: Vec<_> = shards.iter().filter_map(late).collect();
        run.trials.push(merge_without(&late, &shards, played)?);
    }
    check_equal_work(scenario, &mut run.trials);
    run.expectations = judge_expectations(scenario, &run);
    Ok(run)
}

/// What a reader of the shards has to know, in their order; what not all of them say says whose it is.
fn notes(files: &[&NamedRun]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for (_, run) in files {
        for note in &run.notes {
            let of_all = files.iter().all(|(_, other)| other.notes.contains(note));
            let shard = run.trials.iter().find_map(|trial| trial.shard.as_ref());
            let note = match shard.filter(|_| !of_all) {
                Some(shard) => format!("shard {}/{}: {note}", shard.number, shard.of),
                None => note.clone(),
            };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// The tags that shards have different values of; the whole has that of the first of them.
fn unlike_tags(files: &[&NamedRun]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in files.iter().flat_map(|(_, run)| &run.tags) {
        let values = by_name.entry(name).or_default();
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    let unlike = by_name.into_iter().filter(|(_, values)| values.len() > 1);
    let note = |(name, values): (&str, Vec<&str>)| {
        let (kept, all) = (values[0], values.join(", "));
        format!("the shards have different values of the tag {name} ({all}); the whole has {kept}")
    };
    unlike.map(note).collect()
}

/// Why a shard did not play with the others, if it did not.
fn late(trial: &TrialV2) -> Option<String> {
    let shard = trial.shard.as_ref()?;
    let late = shard.late.as_ref()?;
    Some(format!("shard {}/{} was lost: {late}", shard.number, shard.of))
}

fn same_trial<'run>(run: &'run RunV2, trial: &TrialV2) -> Option<&'run TrialV2> {
    let is_same = |other: &&TrialV2| {
        (&other.transport, other.round, &other.cell) == (&trial.transport, trial.round, &trial.cell)
    };
    run.trials.iter().find(is_same)
}

/// Which shard a run's trials are of.
fn shard_of((file, run): &NamedRun) -> Result<&ShardV2, MergeError> {
    let no_shard = || MergeError::NoShard { file: file.clone() };
    let shard = run.trials.first().and_then(|trial| trial.shard.as_ref()).ok_or_else(no_shard)?;
    let which = |shard: &ShardV2| (shard.number, shard.of, shard.begin_at.clone());
    let is_same = |trial: &TrialV2| trial.shard.as_ref().map(which) == Some(which(shard));
    // A record may say anything.
    let is_one = format!("{}/{}", shard.number, shard.of).parse::<Shard>().is_ok();
    if is_one && run.trials.iter().all(is_same) { Ok(shard) } else { Err(no_shard()) }
}

fn is_of_the_run(file: &NamedRun, first: &NamedRun) -> Result<(), MergeError> {
    let same = |what: &str, found: String, expected: String| {
        if found == expected {
            return Ok(());
        }
        let (file, first, what) = (file.0.clone(), first.0.clone(), what.to_owned());
        Err(MergeError::Foreign { file, what, found, expected, first })
    };
    let (shard, first_shard) = (shard_of(file)?, shard_of(first)?);
    let (run, of) = (&file.1, &first.1);
    same("the number of shards", shard.of.to_string(), first_shard.of.to_string())?;
    let begin = |shard: &ShardV2| shard.begin_at.clone().unwrap_or_else(|| "n/a".to_owned());
    same("its beginning", begin(shard), begin(first_shard))?;
    same("the scenario", run.scenario.name.clone(), of.scenario.name.clone())?;
    let keys = run.scenario.settings.keys().chain(of.scenario.settings.keys());
    for key in keys {
        let value = |run: &RunV2| match run.scenario.settings.get(key) {
            Some(value) => value.clone(),
            None => "not set".to_owned(),
        };
        same(key, value(run), value(of))?;
    }
    let text = |is_same| if is_same { "the same" } else { "another" }.to_owned();
    same("the scenario's text", text(run.scenario.file == of.scenario.file), text(true))?;
    let files = |run: &RunV2| {
        let files = run.scenario.files.iter().map(|file| format!("{} {}", file.path, file.sha256));
        files.collect::<Vec<_>>().join(", ")
    };
    same("what the scenario's files hold", files(run), files(of))?;
    let tool = |run: &RunV2| {
        let commit = run.tool.commit.as_deref().unwrap_or("unknown");
        format!("{} {} (commit {commit})", run.tool.name, run.tool.version)
    };
    same("the program", tool(run), tool(of))
}

/// How a run ended that was played in parts which ended so.
fn worst(statuses: impl Iterator<Item = RunStatus>) -> RunStatus {
    let badness = |status: &RunStatus| match status {
        RunStatus::Completed => 0,
        RunStatus::Aborted => 1,
        RunStatus::Failed => 2,
    };
    statuses.max_by_key(badness).unwrap_or(RunStatus::Completed)
}
