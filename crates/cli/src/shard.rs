//! `pushbench shard`, which a run that is split starts for each of its parts.

use std::io::{BufRead, BufReader, stdin, stdout};
use std::path::Path;

use anyhow::{Context, bail};
use pushbench_runner::{Options, ShardJob, play_shard, raise_open_files};
use pushbench_scenario::{Source, read};
use pushbench_store::FileV1;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::bounded::read_beside;
use crate::exit::Exit;
use crate::floor::floor_command;
use crate::shipped::all_beside;
use crate::tool::{environment, server_command, tool};

/// Plays the part that the first line on stdin names, and says on stdout what it saw.
pub(crate) fn shard() -> anyhow::Result<Exit> {
    // Its server ends with it, by the same means.
    set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot ask to end with the parent process")?;
    raise_open_files();
    let mut told = BufReader::new(stdin());
    let mut line = String::new();
    told.read_line(&mut line).context("cannot read the job from stdin")?;
    let job: ShardJob = serde_json::from_str(&line)
        .context("expected a job on stdin: `pushbench run` starts shards")?;
    let files = &job.files;
    let folder = job.scenario.parent().unwrap_or(Path::new(""));
    let read_file = |file: &Path| {
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        let is_the_same = |bytes: &[u8]| files.contains(&FileV1::of(name.clone(), bytes));
        let on_disk = read_beside(file);
        // A scenario of the program has its files there.
        let mut shipped = all_beside(file).filter(|bytes| is_the_same(bytes));
        match (on_disk, shipped.next()) {
            (Ok(bytes), _) if is_the_same(&bytes) => Ok(bytes),
            (_, Some(bytes)) => Ok(bytes.to_vec()),
            (Ok(_), None) => Err(std::io::Error::other("it has changed since the run began")),
            (Err(error), None) => Err(error),
        }
    };
    let ShardJob { scenario: path, text, set, only, .. } = &job;
    let source = Source { path, text, overrides: set, only, read_file: &read_file };
    let scenario = match read(&source) {
        Ok(scenario) => scenario,
        Err(refused) => bail!("{refused}"),
    };
    let environment = environment();
    let options = Options {
        server: server_command()?,
        floor: floor_command()?,
        shards: None,
        part: None,
        target: None,
        placement: None,
        cores: environment.cores.unwrap_or(1),
        file: job.text.clone(),
        files: job.files.clone(),
        overrides: Vec::new(),
        tags: std::collections::BTreeMap::new(),
        environment,
        tool: tool(),
    };
    play_shard(&job, &scenario, &options, told, stdout())
        .context("cannot say what this shard saw")?;
    Ok(Exit::Ok)
}
