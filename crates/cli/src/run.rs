//! `pushbench run`.

use std::path::Path;

use anyhow::Context;
use pushbench_runner::{Options, ServerCommand, Target, TargetTls, raise_open_files};
use pushbench_store::{FileV1, RunStatus, RunV1, ToolV1, Verdict, environment, run_folder};
use pushbench_tls::Certificate;

use crate::arguments::{Format, RunOptions};
use crate::bounded::read_text;
use crate::exit::Exit;
use crate::output;
use crate::progress::Show;
use crate::say::say;
use crate::scenario_file::{limit_beyond_loopback, limits_of_this_machine, read_scenario};
use crate::signals::Stop;

/// Name of the page beside a record.
const PAGE_FILE: &str = "report.html";

/// Runs a scenario: read, check, run, store, report.
pub(crate) fn run(options: &RunOptions) -> anyhow::Result<Exit> {
    options.output.insist();
    let read = read_scenario(&options.scenario, &options.changes.set, &options.changes.only)?;
    let scenario = match read.scenario {
        Ok(scenario) => scenario,
        Err(refused) => {
            say(refused);
            return Ok(Exit::Refused);
        }
    };
    let limits = limits_of_this_machine(&scenario);
    if !limits.is_empty() {
        for limit in limits {
            say(format_args!("{}: {limit}", options.scenario.display()));
        }
        return Ok(Exit::Refused);
    }
    if cfg!(debug_assertions) {
        say("pushbench: this is a debug build; its times and CPU figures mean nothing");
    }
    for dropped in &scenario.dropped {
        say(format_args!(
            "pushbench: `{}` is not held, its transport is left out",
            dropped.written_figure
        ));
    }
    raise_open_files();

    let run_options = run_options(options, read.text, read.files)?;
    let is_beyond = run_options.target.as_ref().is_some_and(|t| !t.address.ip().is_loopback());
    if let Some(limit) = limit_beyond_loopback(&scenario).filter(|_| is_beyond) {
        say(format_args!("{}: {limit}", options.scenario.display()));
        return Ok(Exit::Refused);
    }
    let mut show = Show::new(Stop::listen()?, options.quiet);
    let run = pushbench_runner::run(&scenario, &run_options, &mut show);

    let folder = run_folder(&options.results, &run);
    let record = pushbench_store::write(&run, &folder, &rendered(&run, &folder)?)
        .with_context(|| format!("cannot write the record to {}", folder.display()))?;
    output::write(&run, &options.output, Some(record.display().to_string()))?;
    say(format_args!("pushbench: to look at in a browser: {}", folder.join(PAGE_FILE).display()));
    if let Some(failure) = &run.failure {
        say(format_args!("pushbench: {failure}"));
    }
    Ok(exit(&run))
}

fn run_options(options: &RunOptions, file: String, files: Vec<FileV1>) -> anyhow::Result<Options> {
    let mut environment = environment();
    let target = options
        .target
        .as_deref()
        .map(Target::parse)
        .transpose()?
        .map(|target| -> anyhow::Result<Target> {
            let tls = target_tls(options)?;
            Ok(Target { publish_token: options.publish_token.clone(), tls, ..target })
        })
        .transpose()?;
    if let Some(target) = &target {
        environment.link = format!("target http://{}", target.host);
        if let Some(tls) = &target.tls {
            environment.link.push_str(&format!(" and https://{}", tls.host));
        }
    }
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let arguments = ["serve", "--config", "-"].map(str::to_owned).to_vec();
    let mut overrides: Vec<String> =
        options.changes.set.iter().map(|set| format!("--set {set}")).collect();
    overrides.extend(options.changes.only.iter().map(|only| format!("--only {only}")));
    let cores = environment.cores.unwrap_or(1);
    Ok(Options {
        server: ServerCommand { program, arguments },
        target,
        cores,
        file,
        files,
        overrides,
        environment,
        tool: ToolV1 {
            name: "pushbench".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("PUSHBENCH_COMMIT").map(str::to_owned),
        },
    })
}

fn target_tls(options: &RunOptions) -> anyhow::Result<Option<TargetTls>> {
    let (Some(url), Some(file)) = (&options.target_tls, &options.target_certificate) else {
        return Ok(None);
    };
    let pem = read_text(file)
        .with_context(|| format!("cannot read the certificate {}", file.display()))?;
    let certificate = Certificate::from_pem(&pem).with_context(|| file.display().to_string())?;
    Ok(Some(TargetTls::parse(url, certificate)?))
}

/// The reports that lie beside the record.
fn rendered(run: &RunV1, folder: &Path) -> anyhow::Result<[(&'static str, String); 2]> {
    let record = folder.join(pushbench_store::RECORD_FILE).display().to_string();
    let rendered = |format| output::render(run, format, false, Some(record.clone()));
    Ok([("report.md", rendered(Format::Md)?), (PAGE_FILE, rendered(Format::Html)?)])
}

fn exit(run: &RunV1) -> Exit {
    match run.status {
        RunStatus::Aborted => return Exit::Stopped,
        RunStatus::Failed => return Exit::CouldNotRun,
        RunStatus::Completed => {}
    }
    if run.worst_verdict() == Verdict::Invalid {
        Exit::Invalid
    } else if run.expectations.iter().any(|expectation| !expectation.held) {
        Exit::ExpectationFailed
    } else {
        Exit::Ok
    }
}
