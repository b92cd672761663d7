//! `pushbench compare`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pushbench_compare::{About, Condition, Gate, Judged, Spoils};
use pushbench_report::{
    Compared, TextOptions, annotations, bmf, comparison_document, comparison_html, comparison_json,
    github, held_of_comparisons, junit, render_markdown, render_text,
};
use pushbench_store::{RunV2, StoreError};

use crate::baseline::BaselineName;
use crate::exit::Exit;
use crate::output;
use crate::runs::{Recorded, find};
use crate::save_baseline::save_baseline;
use crate::say::say;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench compare latest~1:quickstart latest:quickstart
  pushbench compare results/reference/quickstart latest:quickstart \\
      --allow-mismatch machine,kernel
  pushbench compare latest:quickstart --save-baseline main
  pushbench compare baseline:main latest:quickstart
  pushbench compare baseline:main latest --format html -o comparison.html
  pushbench compare 4rc25d ekbvxj --fail-on '*.wire_bytes_per_delivery > +0%' \\
      --fail-on 'websocket.latency.p99 > +10%' --format md -o comparison.md

A run is named by its folder, its run.json, its id, `latest`, `latest:SCENARIO`, or
`latest~1:SCENARIO` for the one before; a baseline by `baseline:NAME`. Bytes are compared exactly where all rounds agree; everything
else over rounds, by a 95 % interval, from three rounds on. A condition fails only if the whole
interval lies beyond its bound. What makes runs incomparable (another scenario, machine, placement,
kernel or build) is named, and the figures that it affects are not compared.")]
pub(crate) struct CompareOptions {
    /// The base: the run to compare with.
    pub(crate) base: String,
    /// The runs to judge.
    #[arg(required_unless_present = "save_baseline")]
    pub(crate) new: Vec<String>,
    /// Save the last of the runs as a baseline, in RESULTS/baselines/NAME: from then on `baseline:NAME` is
    /// that run. Where runs are compared, only if nothing regressed and all could be compared.
    #[arg(long, value_name = "NAME", value_parser = BaselineName::read)]
    pub(crate) save_baseline: Option<BaselineName>,
    /// Fail if a figure changes by more than this: `TRANSPORT.FIGURE > +N%` or `< -N%`; `*` stands
    /// for any characters. Repeatable.
    #[arg(long, value_name = "CONDITION", value_delimiter = '\n')]
    pub(crate) fail_on: Vec<Condition>,
    /// Compare although the runs differ in this: `scenario`, `transport`, `validity`, `network`,
    /// `machine`, `placement`, `kernel`, `build`. Repeatable.
    #[arg(
        long,
        // Its name until 0.1; hidden, and to go with the next version.
        alias = "despite",
        value_name = "WHAT",
        value_delimiter = ',',
        value_parser = about
    )]
    pub(crate) allow_mismatch: Vec<About>,
    /// Folder with the records.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// Format of the comparison.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: CompareFormat,
    /// Write the comparison to this file instead of stdout; `-` is stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// No colour. A non-empty NO_COLOR does the same; CLICOLOR_FORCE forces colour.
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// For a terminal.
    Text,
    /// Every figure, for programs.
    Json,
    /// Markdown, for a pull request.
    Md,
    /// One page without network or script: the charts of both runs in one, and the tables.
    Html,
    /// The new runs in Bencher's metric format.
    Bmf,
    /// The new runs for github-action-benchmark, tool `customSmallerIsBetter`.
    Github,
    /// Every watched figure as a test case of JUnit's XML, for a CI system.
    Junit,
    /// What regressed as annotations of a GitHub workflow.
    Annotations,
}

fn about(text: &str) -> Result<About, String> {
    About::from_label(text)
        .ok_or_else(|| format!("expected one of {}", About::ALL.map(About::label).join(", ")))
}

/// Compares runs: find, compare, judge, write.
pub(crate) fn compare(options: &CompareOptions) -> anyhow::Result<Exit> {
    let found = std::iter::once(&options.base).chain(&options.new);
    let found: anyhow::Result<Vec<Recorded>> =
        found.map(|name| find(name, &options.results)).collect();
    let runs = match found {
        Ok(runs) => runs,
        Err(error) if is_newer(&error) => {
            say(format_args!("pushbench: nothing comparable: {error:#}"));
            return Ok(Exit::NotComparable);
        }
        Err(error) => return Err(error),
    };
    let (base, new) = runs.split_first().expect("a base is required");
    if new.is_empty() {
        keep(options, base)?;
        return Ok(Exit::Ok);
    }

    let despite = BTreeSet::from_iter(options.allow_mismatch.iter().copied());
    let mut compared = Vec::new();
    for new in new {
        let comparison = pushbench_compare::compare(&base.run, &new.run, &despite);
        let gate = match options.fail_on.as_slice() {
            [] => None,
            conditions => match Gate::judge(&comparison, conditions) {
                Ok(gate) => Some(gate),
                Err(refused) => {
                    say(format_args!("pushbench: --fail-on {refused}"));
                    return Ok(Exit::WrongUsage);
                }
            },
        };
        compared.push(Compared { comparison, gate });
    }

    let last = new.last().expect("there is one");
    let file = options.output.as_deref();
    let colour = output::has_colour(file, options.no_color);
    let new: Vec<_> = new.iter().map(|recorded| &recorded.run).collect();
    let text = rendered(&compared, &base.run, &new, options, colour)?;
    match options.format {
        CompareFormat::Text => output::put_styled(&text, file)?,
        CompareFormat::Md
        | CompareFormat::Html
        | CompareFormat::Junit
        | CompareFormat::Annotations => {
            output::put(&text, file)?;
        }
        CompareFormat::Json | CompareFormat::Bmf | CompareFormat::Github => {
            output::put_json(&text, file)?;
        }
    }
    if options.format != CompareFormat::Text || file.is_some() {
        say_what_failed(&compared);
    }
    let exit = exit(&compared);
    match (&options.save_baseline, exit) {
        (None, _) => {}
        (Some(_), Exit::Ok) => keep(options, last)?,
        (Some(name), _) => say(format_args!(
            "pushbench: {} is not kept as the baseline {name}, since it did not pass",
            last.run.id
        )),
    }
    Ok(exit)
}

/// Keeps a run as the baseline that was asked for, if any.
fn keep(options: &CompareOptions, recorded: &Recorded) -> anyhow::Result<()> {
    if let Some(name) = &options.save_baseline {
        let folder = save_baseline(name, recorded, &options.results)?;
        say(format_args!(
            "pushbench: {} is the baseline {name} now: {}",
            recorded.run.id,
            folder.display()
        ));
    }
    Ok(())
}

fn is_newer(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::UnknownVersion { .. }))
}

fn rendered(
    compared: &[Compared],
    base: &RunV2,
    new: &[&RunV2],
    options: &CompareOptions,
    colour: bool,
) -> anyhow::Result<String> {
    Ok(match options.format {
        CompareFormat::Text => {
            let text = TextOptions { colour, width: output::width(), record: None };
            render_text(&comparison_document(compared), &text)
        }
        CompareFormat::Md => render_markdown(&comparison_document(compared)),
        CompareFormat::Html => comparison_html(compared, base, new),
        CompareFormat::Json => comparison_json(compared)?,
        CompareFormat::Bmf => bmf(new)?,
        CompareFormat::Github => github(new)?,
        CompareFormat::Junit => junit(&held_of_comparisons(compared)),
        CompareFormat::Annotations => annotations(&held_of_comparisons(compared)),
    })
}

/// On stderr, where the report itself is not what the user sees.
fn say_what_failed(compared: &[Compared]) {
    for Compared { comparison, gate } in compared {
        if let Some(why) = comparison.why_not() {
            say(format_args!("pushbench: nothing could be compared: {why}"));
        }
        for Judged { transport, figure, condition, .. } in gate.iter().flat_map(Gate::regressions) {
            let id = &comparison.new.id;
            say(format_args!("pushbench: regression in {id}: {transport}.{figure} ({condition})"));
        }
        let spoiling = comparison.objections.iter();
        for objection in spoiling.filter(|o| !o.set_aside && o.spoils > Spoils::Nothing) {
            say(format_args!("pushbench: {}: {}", objection.about, objection.text));
        }
    }
}

fn exit(compared: &[Compared]) -> Exit {
    let mut gates = compared.iter().filter_map(|compared| compared.gate.as_ref());
    if gates.clone().any(|gate| gate.regressions().next().is_some()) {
        Exit::Regression
    } else if compared.iter().any(|compared| !compared.comparison.is_comparable())
        || gates.any(Gate::has_unjudged_condition)
    {
        Exit::NotComparable
    } else {
        Exit::Ok
    }
}
