//! What the command line takes. Each option is also an environment variable, by the rule in
//! [`crate::environment`]; a flag wins over it, it over the scenario, and the scenario over the
//! default.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use pushbench_protocol::{Compression, Deliver, ServerEngine, SlowPolicy, Unchanged};
use pushbench_scenario::{Pin, parse_duration};

use crate::anatomy::AnatomyOptions;
use crate::exit;
use crate::options::{ChangeOptions, Format, OutputOptions};
use crate::plan::PlanOptions;
use crate::tag::Tag;
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
    /// Put the records of the shards of one run together, which several machines have played.
    Merge(MergeOptions),
    /// List the scenarios of this program; print one.
    Scenarios(crate::scenarios::ScenariosOptions),
    /// List the adapters of third-party servers; print or check one.
    Adapters(crate::adapters::AdaptersOptions),
    /// Write a scenario: one with comments, or one of what a browser saved (a HAR file, "Copy as cURL").
    New(crate::new::NewOptions),
    /// Print what a file may have, as JSON Schema: editors complete and explain it.
    Schema(crate::schema::SchemaOptions),
    /// Print what a shell completes.
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
  pushbench run quickstart
  pushbench run quickstart --only websocket
  pushbench run quickstart --set workload.clients=2000
  pushbench run quickstart --set transport.short-poll.interval=5s
  pushbench run quickstart --target http://127.0.0.1:8080
  pushbench run mine.toml --format json -o run.json
  pushbench run quickstart --tag commit=4f2a9c1
  pushbench run quickstart --out md=report.md --out csv=run.csv
  pushbench run quickstart --live
  pushbench run quickstart --progress json --prometheus 127.0.0.1:9090

The record and the reports are written to RESULTS/<scenario>/<time>-<id>/. The first Ctrl-C ends the
trial and still writes the record, marked aborted; the second kills.")]
pub(crate) struct RunOptions {
    /// The scenario: a TOML file, or the name of one of this program (`pushbench scenarios`).
    pub(crate) scenario: PathBuf,
    #[command(flatten)]
    pub(crate) changes: ChangeOptions,
    /// Split each trial into so many parts, each a load process with a server process of its own, or
    /// `auto`: as few as the limit of open files allows. As `--set load.shards=N`.
    #[arg(long, value_name = "N", conflicts_with = "target")]
    pub(crate) shards: Option<String>,
    /// Play the K-th of N shards of the run, with a server of this machine's own, and write its record;
    /// `pushbench merge` puts the records of all shards together. Give each machine the same scenario
    /// and the same --begin-at.
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
    /// Whether the servers that are started and the load generator run on cores of their own: `halves`,
    /// `none` (anywhere), or `auto`, as the work and the machine have it. Without it as the scenario says.
    #[arg(long, value_parser = pin)]
    pub(crate) pin: Option<Pin>,
    /// Put this on record with the run, as `commit=abc`; `pushbench results --tag` finds it. Repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = '\n', value_parser = Tag::read)]
    pub(crate) tag: Vec<Tag>,
    /// Folder where the records are written.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// How progress is told on stderr: `auto` is a bar on a terminal and a line now and then elsewhere,
    /// `json` a line for each event, `none` nothing.
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) progress: ProgressForm,
    /// No progress on stderr, as `--progress none`, and no place of the page.
    #[arg(short, long, conflicts_with = "progress")]
    pub(crate) quiet: bool,
    /// Serve a page that shows the run while it plays; without an address on 127.0.0.1:8092. Loopback only;
    /// port 0 lets the system choose.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:8092")]
    pub(crate) live: Option<SocketAddr>,
    /// Serve the state of the run for Prometheus at http://ADDRESS/metrics while it plays. Loopback only.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) prometheus: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// How progress is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ProgressForm {
    /// For people.
    Auto,
    /// For programs.
    Json,
    /// Not at all.
    None,
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
    /// Only what a month of it would cost at services, at the rate that was measured: `all`, names as in
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
  pushbench serve --listen 127.0.0.1:8080
  curl -d 'hello, world, 16+' http://127.0.0.1:8080/topics/prices/messages
  curl 'http://127.0.0.1:8080/topics/prices/poll?after=0000000000000000'
  curl -N http://127.0.0.1:8080/topics/prices/events
  pushbench serve --config server.toml --listen 127.0.0.1:0
  pushbench serve --tls --certificate-out server.pem
  curl --cacert server.pem \\
      'https://127.0.0.1:8443/topics/prices/poll?after=0000000000000000'

When ready it prints one JSON line on stdout: its address and every setting that it runs with.
SIGTERM or Ctrl-C ends it: WebSockets are closed with 1001, streams with their last chunk, held polls
with 204.")]
pub(crate) struct ServeOptions {
    /// Read the settings from this file, TOML or JSON; `-` is stdin. A key is the name of a flag with
    /// `_` for `-`, as in `slow_subscriber = "conflate"`. A flag wins over the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen; port 0 lets the system choose. Beyond loopback a publish token is needed.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// What it serves with: `axum`, or `lean`, which does no more than is needed. Both send the same
    /// bytes. TLS and HTTP/2 are served with `axum` in either case.
    #[arg(long, value_parser = engine)]
    pub(crate) engine: Option<ServerEngine>,
    /// What a poll asks for: `every` message, or only the `latest`.
    #[arg(long, value_parser = deliver)]
    pub(crate) deliver: Option<Deliver>,
    /// The response to a poll when there is no new message: `resend`, `empty` (204) or
    /// `not-modified` (304).
    #[arg(long, value_parser = unchanged)]
    pub(crate) unchanged: Option<Unchanged>,
    /// Response header profile: a name, or a file with the exact headers.
    #[arg(long)]
    pub(crate) response_headers: Option<String>,
    /// Also listen for TLS 1.3, on 127.0.0.1:8443 unless --tls-listen says otherwise.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Where to listen for TLS; port 0 lets the system choose. Implies --tls.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// Certificate chain, PEM, the server's own certificate first. Without one, a certificate for
    /// localhost, 127.0.0.1 and ::1 is made at every start; its key never leaves memory.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// The certificate's private key, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<String>,
    /// Write the certificate to this file, PEM, so that a client can be set to trust it.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate_out: Option<String>,
    /// Maximum segment size of every connection; without it, the kernel chooses.
    #[arg(long)]
    pub(crate) mss: Option<u16>,
    /// Messages that each topic keeps.
    #[arg(long)]
    pub(crate) log: Option<NonZeroU32>,
    /// Bytes that each topic keeps; its newest message always stays. Every form in which a message is
    /// stored counts, plus a few hundred bytes per message.
    #[arg(long, value_name = "BYTES")]
    pub(crate) log_bytes: Option<u64>,
    /// Bytes that all topics together keep; the oldest messages are dropped first.
    #[arg(long, value_name = "BYTES")]
    pub(crate) total_log_bytes: Option<u64>,
    /// Messages that may be queued for one subscriber.
    #[arg(long)]
    pub(crate) queue: Option<NonZeroU32>,
    /// What happens when a subscriber's queue is full: `drop-oldest`, `conflate`, `disconnect`.
    #[arg(
        long,
        value_parser = slow_subscriber
    )]
    pub(crate) slow_subscriber: Option<SlowPolicy>,
    /// Interval of heartbeats, as in `15s`: a comment to an event stream, a ping to a WebSocket,
    /// unless something else was sent meanwhile. Without it, none are sent.
    #[arg(long, value_parser = duration)]
    pub(crate) heartbeat: Option<Duration>,
    /// Least time between two messages pushed to one subscriber, as in `1s`; the newest replaces
    /// those before it. Only with `--deliver latest`. Without it, every message is sent.
    #[arg(long, value_parser = duration)]
    pub(crate) conflate: Option<Duration>,
    #[command(flatten)]
    pub(crate) compression: CompressionOptions,
    /// Most connections open at once.
    #[arg(long)]
    pub(crate) connections: Option<NonZeroU32>,
    /// Most topics.
    #[arg(long)]
    pub(crate) topics: Option<NonZeroU32>,
    /// Largest message in bytes.
    #[arg(long)]
    pub(crate) message_bytes: Option<usize>,
    /// How long a connection may carry nothing in either direction before it is closed.
    #[arg(long, value_parser = duration)]
    pub(crate) idle_timeout: Option<Duration>,
    /// How long a connection may stay silent before its first request.
    #[arg(long, value_parser = duration)]
    pub(crate) first_request_timeout: Option<Duration>,
    /// How long a client may take for each of its flights in a TLS handshake.
    #[arg(long, value_parser = duration)]
    pub(crate) handshake_timeout: Option<Duration>,
    /// Token that publishers must send as `Authorization: Bearer`.
    #[arg(long, hide_env_values = true)]
    pub(crate) publish_token: Option<String>,
    /// Origin whose pages may upgrade although it is another host, as `https://example.com`.
    /// Repeatable.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) allowed_origin: Vec<String>,
    /// Host name that requests may carry in `Host`, besides localhost and the addresses of this
    /// machine, optionally with a port: for example the name of a proxy in front of the server.
    /// Repeatable. Without one, a server on a loopback address refuses every other name, and a server
    /// beyond loopback refuses none.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,
    /// End when the process that started this one ends, however it ends.
    #[arg(long, hide = true)]
    pub(crate) end_with_parent: bool,
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

/// What a server compresses. The levels are fixed: 6 for gzip and deflate, 5 for br.
#[derive(Args, Debug)]
pub(crate) struct CompressionOptions {
    /// How responses to polls are compressed where the request accepts it: `gzip`, `br` or `none`.
    #[arg(long, value_parser = body_compression)]
    pub(crate) compression: Option<Compression>,
    /// Size in bytes from which a body is compressed.
    #[arg(long, value_name = "BYTES")]
    pub(crate) compression_threshold: Option<usize>,
    /// How event streams and line streams are compressed where the request accepts it: `gzip`, `br`
    /// or `none`. Each stream holds a compressor in memory from its first message on.
    #[arg(long, value_parser = body_compression)]
    pub(crate) stream_compression: Option<Compression>,
    /// The window of each such stream, as a base-2 logarithm: 9 to 15 for gzip (default 15), 17 to 22
    /// for br (default 17). A gzip stream takes 325 kB of memory with 15 and 198 kB with 9, a br
    /// stream 1.4 MB with 17.
    #[arg(long, value_name = "BITS")]
    pub(crate) stream_window_bits: Option<u8>,
    /// Accept permessage-deflate from WebSocket clients that offer it.
    #[arg(long)]
    pub(crate) deflate: bool,
    /// The largest window to negotiate in either direction, as a base-2 logarithm.
    #[arg(
        long,
        value_name = "BITS",
        value_parser = clap::value_parser!(u8).range(9..=15)
    )]
    pub(crate) deflate_window_bits: Option<u8>,
    /// Negotiate no context takeover: each message is compressed once for all subscribers, and no
    /// connection has a compressor of its own.
    #[arg(long)]
    pub(crate) deflate_no_context_takeover: bool,
    /// Size in bytes from which a WebSocket message is compressed. Many servers leave small messages
    /// uncompressed; this one compresses all of them unless told otherwise.
    #[arg(long, value_name = "BYTES")]
    pub(crate) deflate_threshold: Option<usize>,
}

fn body_compression(text: &str) -> Result<Compression, String> {
    const BODIES: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Brotli];
    let found = Compression::from_label(text).filter(|found| BODIES.contains(found));
    found.ok_or_else(|| expected(&BODIES))
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| "expected a number with a unit, as 500ms, 10s, 3m".to_owned())
}

fn engine(text: &str) -> Result<ServerEngine, String> {
    ServerEngine::from_label(text).ok_or_else(|| expected(ServerEngine::ALL))
}

fn deliver(text: &str) -> Result<Deliver, String> {
    Deliver::from_label(text).ok_or_else(|| expected(Deliver::ALL))
}

fn unchanged(text: &str) -> Result<Unchanged, String> {
    Unchanged::from_label(text).ok_or_else(|| expected(Unchanged::ALL))
}

fn pin(text: &str) -> Result<Pin, String> {
    Pin::from_label(text).ok_or_else(|| expected(Pin::ALL))
}

fn slow_subscriber(text: &str) -> Result<SlowPolicy, String> {
    SlowPolicy::from_label(text).ok_or_else(|| expected(SlowPolicy::ALL))
}

fn expected(all: &[impl std::fmt::Display]) -> String {
    let labels: Vec<_> = all.iter().map(ToString::to_string).collect();
    format!("expected one of {}", labels.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_no_contradiction() {
        Arguments::command().debug_assert();
    }
}
