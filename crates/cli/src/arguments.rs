//! What the command line takes. Each option is also an environment variable, by the rule in
//! [`crate::environment`]; a flag wins over it, it over the scenario, and the scenario over the
//! default.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use pushbench_protocol::{Compression, Deliver, SlowPolicy, Unchanged};
use pushbench_scenario::parse_duration;

use crate::anatomy::AnatomyOptions;
use crate::exit;
use crate::options::{ChangeOptions, Format, OutputOptions};
use crate::plan::PlanOptions;

/// Measures what it costs to keep many clients up to date by HTTP polling and by push: every
/// byte by what it was for, how late the news came, and the server's work.
#[derive(Debug, Parser)]
#[command(name = "pushbench", version, after_help = exit::TABLE, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario: start a server, play the clients over every transport, compare.
    Run(RunOptions),
    /// Run the push server alone.
    Serve(ServeOptions),
    /// Check scenarios without running them: all problems at once, with line and column.
    Check(CheckOptions),
    /// Show the record of an earlier run again.
    Report(ReportOptions),
    /// Make one real exchange and explain every byte of it.
    Anatomy(AnatomyOptions),
    /// Say from the model what a size would cost that nobody can run at home.
    Plan(PlanOptions),
    /// Compare runs with a base: what changed, by how much, and whether that may be said.
    Compare(crate::compare::CompareOptions),
    /// List the runs on record, the newest first.
    Results(crate::results::ResultsOptions),
    /// See it in a browser: polling and push side by side, every byte counted, for teaching.
    Lab(LabOptions),
}

impl OutputOptions {
    /// Ends the process as for any wrong usage if there is nowhere to write to.
    pub(crate) fn insist(&self) {
        if self.format == Format::Svg && self.path().is_none() {
            let problem =
                "`--format svg` makes a file of each chart: name a folder with `--output`";
            let kind = clap::error::ErrorKind::MissingRequiredArgument;
            Arguments::command().error(kind, problem).exit();
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench run scenarios/quickstart.toml
  pushbench run scenarios/quickstart.toml --only websocket
  pushbench run scenarios/quickstart.toml --set workload.clients=2000
  pushbench run scenarios/quickstart.toml --set transport.short-poll.interval=5s
  pushbench run scenarios/quickstart.toml --target http://127.0.0.1:8080
  pushbench run scenarios/quickstart.toml --format json -o run.json

The record and the reports are written to RESULTS/<scenario>/<time>-<id>/. The first Ctrl-C ends the
trial and still writes the record, marked aborted; the second kills.")]
pub(crate) struct RunOptions {
    /// The scenario, a TOML file.
    pub(crate) scenario: PathBuf,
    #[command(flatten)]
    pub(crate) changes: ChangeOptions,
    /// Use a server that is running already, `http://host:port`, instead of starting one. Its CPU
    /// time and memory are not measured. A `serve` that is asked for by a name, or with a header
    /// profile that has a host of its own (kaazing-2009), needs `--allow-host` with it.
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// Where that server listens for TLS, `https://host:port`, for transports that are to be played
    /// in it. The publisher stays on --target.
    #[arg(long, value_name = "URL", requires_all = ["target", "target_certificate"])]
    pub(crate) target_tls: Option<String>,
    /// The one certificate that clients trust there, PEM.
    #[arg(long, value_name = "FILE", requires = "target_tls")]
    pub(crate) target_certificate: Option<PathBuf>,
    /// Token that the target asks publishers for.
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub(crate) publish_token: Option<String>,
    /// Folder for records.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// No progress on stderr.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench check scenarios/*.toml
  pushbench check scenarios/kaazing-b.toml --set workload.clients=20000")]
pub(crate) struct CheckOptions {
    /// Scenarios, TOML files.
    #[arg(required = true)]
    pub(crate) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) changes: ChangeOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench report latest
  pushbench report latest~1:quickstart --format csv -o run.csv
  pushbench report results/quickstart/20261122T143000Z-7k3mqa
  pushbench report results/reference/all-transports --format html -o report.html
  pushbench report results/reference/all-transports --format svg -o charts/

A run is its folder, its run.json, its id, `latest`, `latest:SCENARIO` or, one before that,
`latest~1:SCENARIO`.")]
pub(crate) struct ReportOptions {
    /// The run: its folder, its run.json, its id, or `latest`.
    pub(crate) run: String,
    /// Folder with records.
    #[arg(long, value_name = "DIR", default_value = "results", env = "PUSHBENCH_RESULTS")]
    pub(crate) results: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench serve --listen 127.0.0.1:8080
  curl -d 'hello, world, 16+' http://127.0.0.1:8080/topics/news/messages
  curl 'http://127.0.0.1:8080/topics/news/poll?after=0000000000000000'
  curl -N http://127.0.0.1:8080/topics/news/events
  pushbench serve --config server.toml --listen 127.0.0.1:0
  pushbench serve --tls --certificate-out server.pem
  curl --cacert server.pem \\
      'https://127.0.0.1:8443/topics/news/poll?after=0000000000000000'

When ready it prints one JSON line on stdout: its address and every setting that it runs with. SIGTERM or Ctrl-C ends it: WebSockets
are closed with 1001, streams with their last chunk, held polls with 204.")]
pub(crate) struct ServeOptions {
    /// Read settings from this file, TOML or JSON; `-` is stdin. A key is the name of a flag with `_`
    /// for `-`, as in `slow_subscriber = "conflate"`. A flag wins over the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen; port 0 lets the system choose. Beyond loopback a publish token is needed.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// What a poll asks for: `every` message, or the `latest`.
    #[arg(long, value_parser = deliver)]
    pub(crate) deliver: Option<Deliver>,
    /// What a poll without news is answered: `resend`, `empty` (204) or `not-modified` (304).
    #[arg(long, value_parser = unchanged)]
    pub(crate) unchanged: Option<Unchanged>,
    /// Response header profile: a name, or a file with the exact head.
    #[arg(long)]
    pub(crate) response_headers: Option<String>,
    /// Listen for TLS 1.3 too, on 127.0.0.1:8443 unless --tls-listen says otherwise.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Where to listen for TLS; port 0 lets the system choose. Implies --tls.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// Certificate to show, PEM, with those that lead to it behind it. Without one, a certificate
    /// for localhost, 127.0.0.1 and ::1 is made at each start; its key never leaves memory.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// The certificate's private key, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<String>,
    /// Write the certificate here, PEM, so that a client can be told to trust it.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate_out: Option<String>,
    /// Maximum segment size of every connection; absent leaves it to the kernel.
    #[arg(long)]
    pub(crate) mss: Option<u16>,
    /// Messages that each topic keeps.
    #[arg(long)]
    pub(crate) log: Option<NonZeroU32>,
    /// Bytes that each topic keeps, its newest message in any case. All forms in which a message is
    /// kept count, and some hundred bytes beside them.
    #[arg(long, value_name = "BYTES")]
    pub(crate) log_bytes: Option<u64>,
    /// Bytes that all topics together keep; the oldest messages of all go first.
    #[arg(long, value_name = "BYTES")]
    pub(crate) total_log_bytes: Option<u64>,
    /// Messages that may wait for one subscriber.
    #[arg(long)]
    pub(crate) queue: Option<NonZeroU32>,
    /// What happens to a subscriber for which more wait: `drop-oldest`, `conflate`, `disconnect`.
    #[arg(
        long,
        value_parser = slow_subscriber
    )]
    pub(crate) slow_subscriber: Option<SlowPolicy>,
    /// Each so often a stream of events gets a comment and a WebSocket a ping, unless it was sent
    /// something since the last time, as in `15s`; absent sends none.
    #[arg(long, value_parser = duration)]
    pub(crate) heartbeat: Option<Duration>,
    /// Least time between two messages pushed to one subscriber, as in `1s`; the newest replaces
    /// those before it. Only with `--deliver latest`; absent sends each.
    #[arg(long, value_parser = duration)]
    pub(crate) conflate: Option<Duration>,
    #[command(flatten)]
    pub(crate) compression: CompressionOptions,
    /// Connections open at once.
    #[arg(long)]
    pub(crate) connections: Option<NonZeroU32>,
    /// Topics.
    #[arg(long)]
    pub(crate) topics: Option<NonZeroU32>,
    /// Largest message in bytes.
    #[arg(long)]
    pub(crate) message_bytes: Option<usize>,
    /// How long a connection may carry nothing in either direction before it is closed.
    #[arg(long, value_parser = duration)]
    pub(crate) idle_timeout: Option<Duration>,
    /// How long a connection may stay silent before it asks for something.
    #[arg(long, value_parser = duration)]
    pub(crate) first_request_timeout: Option<Duration>,
    /// How long a client may take for each of its turns in a TLS handshake.
    #[arg(long, value_parser = duration)]
    pub(crate) handshake_timeout: Option<Duration>,
    /// Token that publishers must send as `Authorization: Bearer`.
    #[arg(long, hide_env_values = true)]
    pub(crate) publish_token: Option<String>,
    /// Origin of another host whose pages may upgrade, as `https://example.com`. Repeatable.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) allowed_origin: Vec<String>,
    /// Name that requests may be for, in `Host`, beside localhost and this machine's addresses: the
    /// name by which others reach the server through a proxy, perhaps with a port. Repeatable. Without
    /// one, a server on a loopback address refuses all other names, and one beyond loopback none.
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
with the server. Bytes are exact, times are for looking at.")]
pub(crate) struct LabOptions {
    /// Where to listen; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
    /// Where to listen for TLS; port 0 lets the system choose. The certificate, for localhost,
    /// 127.0.0.1 and ::1, is made at each start.
    #[arg(long, default_value = "127.0.0.1:8091")]
    pub(crate) tls_listen: SocketAddr,
    /// Allow to listen beyond loopback: everyone who reaches the address may use the lab.
    #[arg(long)]
    pub(crate) open_to_others: bool,
    /// Name by which browsers reach the lab, beside localhost and this machine's addresses.
    /// Repeatable. Without one, a lab on a loopback address refuses all other names, and one beyond
    /// loopback none.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,
}

/// What a server compresses. The levels are fixed: 6 for gzip and deflate, 5 for br.
#[derive(Args, Debug)]
pub(crate) struct CompressionOptions {
    /// How answers to polls are compressed where the request accepts it: `gzip`, `br` or `none`.
    #[arg(long, value_parser = body_compression)]
    pub(crate) compression: Option<Compression>,
    /// Smallest body in bytes that is compressed.
    #[arg(long, value_name = "BYTES")]
    pub(crate) compression_threshold: Option<usize>,
    /// How streams of events and of lines are compressed where the request accepts it: `gzip`, `br`
    /// or `none`. Each stream holds a compressor in memory, from its first message on.
    #[arg(long, value_parser = body_compression)]
    pub(crate) stream_compression: Option<Compression>,
    /// The window of each such stream, as a base-2 logarithm: 9 to 15 for gzip, 17 to 22 for br; 15
    /// and 17 unless given. Takes 325 kB per stream for gzip with 15, 198 kB with 9, and 1.4 MB for
    /// br with 17.
    #[arg(long, value_name = "BITS")]
    pub(crate) stream_window_bits: Option<u8>,
    /// Agree on permessage-deflate with WebSocket clients that offer it.
    #[arg(long)]
    pub(crate) deflate: bool,
    /// The largest window to agree on, either way, as a base-2 logarithm.
    #[arg(
        long,
        value_name = "BITS",
        value_parser = clap::value_parser!(u8).range(9..=15)
    )]
    pub(crate) deflate_window_bits: Option<u8>,
    /// No message refers to those before it: each is compressed once for all, and no connection
    /// has a compressor.
    #[arg(long)]
    pub(crate) deflate_no_context_takeover: bool,
    /// Smallest WebSocket message in bytes that is compressed. Many servers leave small ones as
    /// they are; here what was agreed is done unless this says otherwise.
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

fn deliver(text: &str) -> Result<Deliver, String> {
    Deliver::from_label(text).ok_or_else(|| expected(Deliver::ALL))
}

fn unchanged(text: &str) -> Result<Unchanged, String> {
    Unchanged::from_label(text).ok_or_else(|| expected(Unchanged::ALL))
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
