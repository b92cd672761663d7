//! `pushbench merge`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use pushbench_runner::{MergeError, NamedRun, merge_runs, shards_of_one_run};
use pushbench_scenario::{Scenario, Source, read};
use pushbench_store::{Journal, RunV2, new_id};

use crate::arguments::MergeOptions;
use crate::exit::Exit;
use crate::output;
use crate::run::{exit, render_beside};
use crate::say::say;

/// Puts the shards of one run together: read, merge, store, report.
pub(crate) fn merge(options: &MergeOptions) -> anyhow::Result<Exit> {
    options.output.insist();
    let files = options
        .files
        .iter()
        .map(|file| Ok((file.display().to_string(), pushbench_store::read(file)?)))
        .collect::<anyhow::Result<Vec<NamedRun>>>()?;
    let merged = shards_of_one_run(&files)
        .map_err(anyhow::Error::from)
        .and_then(|shards| Ok(merge_runs(&files, &scenario(&shards[0].1)?)?));
    let run = match merged {
        // A record of its own: that of a shard may be in the same folder.
        Ok(run) => RunV2 { id: new_id(), ..run },
        Err(error) if error.is::<MergeError>() => {
            say(format_args!("pushbench: {error}"));
            return Ok(Exit::WrongUsage);
        }
        Err(error) => return Err(error),
    };
    let mut journal = Journal::begin(&options.results, &run, run.trials.len())
        .context("the record of the whole could not be written; see --results")?;
    for trial in &run.trials {
        journal.trial(trial)?;
    }
    let record = journal.finish(&run).context("the record of the whole could not be written")?;
    render_beside(&run, &record, !options.output.shows_places());
    output::write(&run, &options.output, Some((&record, &options.results)))?;
    Ok(exit(&run))
}

/// The scenario of a record, read again from what the record has of it.
fn scenario(run: &RunV2) -> anyhow::Result<Scenario> {
    let changes = |option: &str| -> Vec<String> {
        let overrides = run.scenario.overrides.iter();
        overrides.filter_map(|text| text.strip_prefix(option)).map(str::to_owned).collect()
    };
    let path = PathBuf::from(format!("{}.toml", run.scenario.name));
    let read_file = |file: &Path| {
        let name = file.display().to_string();
        let known = run.scenario.files.iter().find(|known| known.path == name);
        let text = known.and_then(|known| known.text.as_ref());
        let text = text.ok_or_else(|| std::io::Error::other("its text is not in the record"))?;
        Ok(text.clone().into_bytes())
    };
    let source = Source {
        path: &path,
        text: &run.scenario.file,
        overrides: &changes("--set "),
        only: &changes("--only "),
        read_file: &read_file,
    };
    read(&source).map_err(|refused| anyhow::anyhow!("the scenario of the record: {refused}"))
}
