//! What the command line takes. Each option is also an environment variable, by the rule in
//! [`crate::environment`]; a flag wins over it, it over the scenario, and the scenario over the
//! default.

mod choice;
mod run;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub(crate) use self::run::{ProgressForm, RunOptions};
pub(crate) use self::serve::ServeOptions;
use crate::anatomy::AnatomyOptions;
use crate::exit;
use crate::options::{ChangeOptions, Format, OutputOptions};
use crate::plan::PlanOptions;
use crate::tool::version;

/// Measures what it costs to keep many clients up to date by HTTP polling and by push: every
/// byte by its purpose, the latency of every message, and the server's CPU and memory.
#[derive(Debug, Parser)]
#[command(name = "pushbench", version = version(), after_help = exit::TABLE, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario: start a server, play the clients over every transport, compare the results.
    Run(RunOptions),
    /// Run the push server alone.
    Serve(ServeOptions),
    /// Check scenarios without running them: report all problems at once, with line and column.
    Check(CheckOptions),
    /// Render the report of an earlier run.
    Report(ReportOptions),
    /// Play one real exchange and explain every byte of it.
    Anatomy(AnatomyOptions),
    /// Model what a workload would cost that is too large to run at home.
    Plan(PlanOptions),
    /// Measure what polls and pushes cost at least on this machine, by programs that do nothing else.
    Floor(crate::floor::FloorOptions),
    /// Compare runs with a base run: what changed, by how much, and whether it is statistically
    /// significant.
    Compare(crate::compare::CompareOptions),
    /// List the recorded runs, the newest first.
    Results(crate::results::ResultsOptions),
    /// Merge the records of the shards of one run, which several machines have played.
    Merge(MergeOptions),
    /// List the scenarios of this program; print one.
    Scenarios(crate::scenarios::ScenariosOptions),
    /// List the adapters of third-party servers; print or check one.
    Adapters(crate::adapters::AdaptersOptions),
    /// Write a scenario: a template, or one made of what a browser saved (a HAR file, "Copy as cURL").
    New(crate::new::NewOptions),
    /// Print the JSON Schema of a kind of file, by which editors complete and explain its keys.
    Schema(crate::schema::SchemaOptions),
    /// Print completions for a shell.
    Completions(crate::completions::CompletionsOptions),
    /// Print a manual page, or write all of them.
    Man(crate::man::ManOptions),
    /// Play one part of a trial for a run that is split, as it is told on stdin.
    #[command(hide = true)]
    Shard,
    /// Serve a page for teaching: polling and push side by side in a browser, every byte counted.
    Lab(LabOptions),
}

impl OutputOptions {
    /// Ends the process as for any wrong usage if there is nowhere to write to.
    pub(crate) fn insist(&self) {
        if self.format == Format::Svg && self.path().is_none() {
            let problem =
                "`--format svg` writes a file for each chart: name a folder with `--output`";
            let kind = clap::error::ErrorKind::MissingRequiredArgument;
            Arguments::command().error(kind, problem).exit();
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench merge shard-1.json shard-2.json
  pushbench merge results/kaazing-b/*/run.json -o report.txt

Each file is a record that `pushbench run --shard K/N` has written. One that is missing, that is there
twice, or that is of another run (another scenario, seed, program or beginning) is refused by name.")]
pub(crate) struct MergeOptions {
    /// The records of all shards, in any order: files, or the folders of their runs.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Folder where the record of the whole is written.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench check mine.toml
  pushbench check scenarios/*.toml
  pushbench check kaazing-b --set workload.clients=20000")]
pub(crate) struct CheckOptions {
    /// Scenarios: TOML files, or names of those of this program.
    #[arg(required = true)]
    pub(crate) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) changes: ChangeOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench report latest --full
  pushbench report latest --percentiles 50,99,99.9 --time-unit us
  pushbench report latest~1:quickstart --format csv -o run.csv
  pushbench report results/quickstart/20261122T143000Z-7k3mqa
  pushbench report results/reference/all-transports --format html -o report.html
  pushbench report results/reference/all-transports --format svg -o charts/

A run is named by its folder, its run.json, its id, `latest`, `latest:SCENARIO`, or
`latest~1:SCENARIO` for the one before; a baseline by `baseline:NAME`.")]
pub(crate) struct ReportOptions {
    /// The run: its folder, its run.json, its id, or `latest`.
    pub(crate) run: String,
    /// Folder with the records.
    #[arg(long, value_name = "DIR", default_value = "results", env = "PUSHBENCH_RESULTS")]
    pub(crate) results: PathBuf,
    /// Print only what a month would cost at services, at the rate that was measured: `all`, names as in
    /// aws-api-gateway,pusher, or files of your own.
    #[arg(
        long,
        value_name = "SERVICES",
        value_delimiter = ',',
        conflicts_with_all = ["summary", "full", "out", "percentiles", "time_unit"]
    )]
    pub(crate) prices: Vec<String>,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench lab
  pushbench lab --listen 192.168.1.10:8090 --open-to-others

When ready it prints its addresses on stdout. Nothing is measured here: a browser shares the machine
with the server. Bytes are exact, times are only indicative.")]
pub(crate) struct LabOptions {
    /// Where to listen; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
    /// Where to listen for TLS; port 0 lets the system choose. The certificate, for localhost,
    /// 127.0.0.1 and ::1, is made at every start.
    #[arg(long, default_value = "127.0.0.1:8091")]
    pub(crate) tls_listen: SocketAddr,
    /// Allow listening beyond loopback: everyone who can reach the address may use the lab.
    #[arg(long)]
    pub(crate) open_to_others: bool,
    /// Host name by which browsers reach the lab, besides localhost and the addresses of this machine.
    /// Repeatable. Without one, a lab on a loopback address refuses every other name, and a lab beyond
    /// loopback refuses none.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_no_contradiction() {
        Arguments::command().debug_assert();
    }
}
