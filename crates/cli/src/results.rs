//! `pushbench results`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pushbench_protocol::counted;
use pushbench_report::{Listed, trend_page};
use pushbench_store::RunV2;
use serde::Serialize;

use crate::exit::Exit;
use crate::link::link_from;
use crate::options::file;
use crate::output;
use crate::places::PAGE_FILE;
use crate::runs::{Recorded, runs, verdict};
use crate::say::say;
use crate::tag::Tag;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench results
  pushbench results results/reference --format json
  pushbench results --tag commit=4f2a9c1
  pushbench results --html results/trends.html

The page shows for each scenario, machine and build how every figure went from run to run, marks what
changed, by the verdict of `pushbench compare`, and links to the reports. It needs no network and no script.")]
pub(crate) struct ResultsOptions {
    /// Folder with the records.
    #[arg(default_value = "results")]
    pub(crate) results: PathBuf,
    /// List only runs that have this tag, as `commit=abc`. Repeatable: all of them.
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = '\n', value_parser = Tag::read)]
    pub(crate) tag: Vec<Tag>,
    /// Format of the list.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: ListFormat,
    /// Write a page with the trend of every figure to this file, in place of the list; `-` is stdout.
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(crate) html: Option<PathBuf>,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Two lines for each run.
    Text,
    /// An array.
    Json,
}

/// Lists the runs on record.
pub(crate) fn results(options: &ResultsOptions) -> anyhow::Result<Exit> {
    let mut found = runs(&options.results)?;
    found.runs.retain(|recorded| options.tag.iter().all(|tag| tag.is_on(&recorded.run)));
    for error in &found.unreadable {
        say(format_args!("pushbench: {error}"));
    }
    if let Some(page) = &options.html {
        put_trends(&found.runs, page)?;
        return Ok(Exit::Ok);
    }
    match options.format {
        ListFormat::Text if found.runs.is_empty() => {
            let with = if options.tag.is_empty() { "" } else { " with such a tag" };
            let none = format!("There are no runs{with} in {}.\n", options.results.display());
            output::put_list(&none)?;
        }
        ListFormat::Text => output::put_list(&text(&found.runs))?,
        ListFormat::Json => {
            let rows: Vec<_> = found.runs.iter().map(RunRow::of).collect();
            output::put_value(&rows, None)?;
        }
    }
    Ok(Exit::Ok)
}

/// Writes the page of trends, with links to the reports that lie beside the records.
fn put_trends(runs: &[Recorded], page: &Path) -> anyhow::Result<()> {
    let listed = runs.iter().map(|recorded| Listed {
        run: &recorded.run,
        verdict: verdict(&recorded.run),
        link: link_from(page, &recorded.folder.join(PAGE_FILE)),
    });
    let listed: Vec<_> = listed.collect();
    output::put(&trend_page(&listed), Some(page))?;
    if file(Some(page)).is_some() {
        let runs = counted(runs.len() as u64, "run");
        say(format_args!("pushbench: {runs}: {}", page.display()));
    }
    Ok(())
}

/// A run in a list.
#[derive(Serialize)]
struct RunRow<'run> {
    id: &'run str,
    started_at: &'run str,
    scenario: &'run str,
    question: &'run str,
    transports: Vec<&'run str>,
    rounds: u32,
    build: &'run str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: &'run BTreeMap<String, String>,
    folder: String,
}

impl<'run> RunRow<'run> {
    fn of(Recorded { folder, run }: &'run Recorded) -> Self {
        Self {
            id: &run.id,
            started_at: &run.started_at,
            scenario: &run.scenario.name,
            question: &run.scenario.question,
            transports: run.transports.iter().map(|t| t.label.as_str()).collect(),
            rounds: run.trials.iter().map(|trial| trial.round).max().unwrap_or(0),
            build: &run.environment.build,
            verdict: verdict(run),
            tags: &run.tags,
            folder: folder.display().to_string(),
        }
    }
}

/// What to compare with, then what it asked.
fn text(runs: &[Recorded]) -> String {
    let width = |of: fn(&RunV2) -> &str| {
        runs.iter().map(|recorded| of(&recorded.run).chars().count()).max().unwrap_or(0)
    };
    let [scenario_width, verdict_width] = [width(|run| &run.scenario.name), width(verdict)];
    let mut out = String::new();
    for recorded in runs {
        let RunRow {
            id, started_at, scenario, question, transports, rounds, verdict, tags, ..
        } = RunRow::of(recorded);
        let started = started_at.get(..16).unwrap_or(started_at).replace('T', " ");
        let plural = if rounds == 1 { "round" } else { "rounds" };
        let tags: String = tags.iter().map(|(name, value)| format!(" [{name}={value}]")).collect();
        let line = format!(
            "{id}  {started}  {verdict:verdict_width$}  {scenario:scenario_width$}  {rounds} {plural}: {}{tags}\n",
            transports.join(", ")
        );
        writeln!(out, "{line}        {}", question.replace('\n', " "))
            .expect("a string takes every write");
    }
    out
}
