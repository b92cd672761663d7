//! What `pushbench run` takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pushbench_scenario::Pin;

use super::choice::expected;
use crate::options::{ChangeOptions, OutputOptions};
use crate::tag::Tag;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench run quickstart
  pushbench run quickstart --only websocket
  pushbench run quickstart --set workload.clients=2000
  pushbench run quickstart --set transport.short-poll.interval=5s
  pushbench run quickstart --target http://127.0.0.1:8080
  pushbench run mine.toml --format json -o run.json
  pushbench run quickstart --tag commit=4f2a9c1
  pushbench run quickstart --out md=report.md --out csv=run.csv
  pushbench run quickstart --live
  pushbench run quickstart --tui
  pushbench run quickstart --progress json --prometheus 127.0.0.1:9090

The record and the reports are written to RESULTS/<scenario>/<time>-<id>/. The first Ctrl-C ends the
trial and still writes the record, marked aborted; the second kills.")]
pub(crate) struct RunOptions {
    /// The scenario: a TOML file, or the name of one of this program (`pushbench scenarios`).
    pub(crate) scenario: PathBuf,
    #[command(flatten)]
    pub(crate) changes: ChangeOptions,
    /// Split each trial into N shards, each a load process with a server process of its own; `auto` takes
    /// as few as the limit of open files allows. The same as `--set load.shards=N`.
    #[arg(long, value_name = "N", conflicts_with = "target")]
    pub(crate) shards: Option<String>,
    /// Play only shard K of N, against a server on this machine, and write its record; `pushbench merge`
    /// merges the records of all shards. Give each machine the same scenario and the same --begin-at.
    #[arg(
        long,
        value_name = "K/N",
        requires = "begin_at",
        conflicts_with_all = ["target", "shards"]
    )]
    pub(crate) shard: Option<String>,
    /// When the clients of all shards begin to connect, by the time of day, as 2026-11-22T14:30:00Z. The
    /// clocks of the machines should agree within some milliseconds (NTP).
    #[arg(long, value_name = "TIME", requires = "shard")]
    pub(crate) begin_at: Option<String>,
    /// Use a server that is already running, `http://host:port`, instead of starting one. Its CPU
    /// time and memory are not measured. A `serve` that is addressed by a name, or by a header
    /// profile with a host of its own (kaazing-2009), must be started with `--allow-host`.
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// Where that server listens for TLS, `https://host:port`, for the transports that use TLS. The
    /// publisher stays on --target.
    #[arg(long, value_name = "URL", requires_all = ["target", "target_certificate"])]
    pub(crate) target_tls: Option<String>,
    /// The only certificate that clients trust at --target-tls, PEM.
    #[arg(long, value_name = "FILE", requires = "target_tls")]
    pub(crate) target_certificate: Option<PathBuf>,
    /// Token that the target requires of publishers.
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub(crate) publish_token: Option<String>,
    /// Whether the servers that the run starts and the load generator run on separate cores: `halves`,
    /// `none` (anywhere), or `auto`, which decides by the workload and the machine. Without it, the
    /// scenario decides.
    #[arg(long, value_parser = pin)]
    pub(crate) pin: Option<Pin>,
    /// Store a tag in the record of the run, as `commit=abc`; `pushbench results --tag` finds it. Repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = '\n', value_parser = Tag::read)]
    pub(crate) tag: Vec<Tag>,
    /// Folder where the records are written.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// How progress is shown on stderr: `auto` is a bar on a terminal and an occasional line elsewhere,
    /// `json` a line for each event, `none` nothing.
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) progress: ProgressForm,
    /// No progress on stderr, as `--progress none`, and no path of the report page.
    #[arg(short, long, conflicts_with = "progress")]
    pub(crate) quiet: bool,
    /// Serve a page that shows the run while it plays, at 127.0.0.1:8092 unless an address is given.
    /// Loopback only; port 0 lets the system choose.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:8092")]
    pub(crate) live: Option<SocketAddr>,
    /// Serve the state of the run for Prometheus at http://ADDRESS/metrics while it plays. Loopback only.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) prometheus: Option<SocketAddr>,
    /// Show the run on the whole terminal while it plays: `q` leaves the view and not the run, Ctrl-C ends the
    /// run. It is drawn on stderr.
    #[arg(long, conflicts_with_all = ["quiet", "progress"])]
    pub(crate) tui: bool,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ProgressForm {
    /// For people.
    Auto,
    /// For programs.
    Json,
    /// Not at all.
    None,
}

fn pin(text: &str) -> Result<Pin, String> {
    Pin::from_label(text).ok_or_else(|| expected(Pin::ALL))
}
